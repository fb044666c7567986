#include "build/sandbox_host.h"
#include "base/error.h"
#include "base/event.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What the probe found; written once. */
typedef struct host {
	char *bwrap;
	gboolean bwrap_works, capable;
	char *problem, *help; /* of bwrap */
	int landlock_abi;
	char *landlock_problem;
	char *summary[4];
} host;

static host found;
static gsize probed;

const char *sandbox_host_bwrap(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		const char *given = g_getenv("XORCH_BWRAP");
		found.bwrap =
			process_find_program(given && *given ? given : "bwrap", NULL);
		g_once_init_leave(&once, 1);
	}
	return found.bwrap;
}

static long read_number(const char *path, long fallback)
{
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return fallback;
	return strtol(text, NULL, 10);
}

/* In a plain chroot / is not the root of this process's mount namespace. */
static gboolean in_chroot(void)
{
	g_autofree char *text = NULL;

	if (!g_file_get_contents("/proc/self/mountinfo", &text, NULL, NULL))
		return FALSE;
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i]; i++) {
		g_auto(GStrv) field = g_strsplit(lines[i], " ", 6);
		if (g_strv_length(field) >= 5 && strcmp(field[4], "/") == 0)
			return FALSE;
	}
	return TRUE;
}

static gboolean has_seccomp_filter(void)
{
	g_autofree char *text = NULL;

	return g_file_get_contents("/proc/self/status", &text, NULL, NULL) &&
	       strstr(text, "\nSeccomp:\t2") != NULL;
}

#define APPARMOR "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
#define CLONE "/proc/sys/kernel/unprivileged_userns_clone"
#define MAX_USERNS "/proc/sys/user/max_user_namespaces"

/* Why user namespaces do not work here, as far as the machine tells. */
static void explain(const char *said)
{
	gboolean root = geteuid() == 0;

	/* Before what may be wrong as well: nothing else helps. */
	if (strstr(said, "Unknown option")) {
		found.problem = g_strdup("this bubblewrap is too old");
		found.help = g_strdup("0.5.0 or newer is needed (Debian 12 has 0.8); or "
				      "build with less isolation: --sandbox landlock, "
				      "env");
	} else if (in_chroot()) {
		found.problem =
			g_strdup("this is a chroot, where no user namespace can be "
				 "made");
		found.help =
			g_strdup("enter it with `unshare -m` and pivot_root, "
				 "systemd-nspawn or a container instead of chroot, or "
				 "build without isolation: --sandbox env");
	} else if (read_number(MAX_USERNS, 1) == 0) {
		found.problem = g_strdup("user.max_user_namespaces = 0");
		found.help = g_strdup("`sysctl user.max_user_namespaces=10000`, or build "
				      "without isolation: --sandbox env");
	} else if (!root && read_number(CLONE, 1) == 0) {
		found.problem = g_strdup("kernel.unprivileged_userns_clone = 0");
		found.help =
			g_strdup("`sudo sysctl kernel.unprivileged_userns_clone=1`, or "
				 "build without isolation: --sandbox env");
	} else if (read_number(APPARMOR, 0) == 1) {
		found.problem =
			g_strdup("kernel.apparmor_restrict_unprivileged_userns = 1 "
				 "(Ubuntu's default since 24.04)");
		found.help =
			g_strdup("`sudo sysctl "
				 "kernel.apparmor_restrict_unprivileged_userns=0`, or "
				 "build without isolation: --sandbox env");
	} else if (has_seccomp_filter()) {
		found.problem = g_strdup("a system call filter is in force, as in a "
					 "container with default settings");
		found.help = g_strdup("start the container with `--security-opt "
				      "seccomp=unconfined --security-opt "
				      "systempaths=unconfined`, or build without "
				      "isolation: --sandbox env");
	} else if (strstr(said, "proc")) {
		found.problem =
			g_strdup("/proc is partly covered, as inside another sandbox "
				 "or container");
		found.help = g_strdup("start the container with `--security-opt "
				      "systempaths=unconfined`, or build without "
				      "isolation: --sandbox env");
	} else {
		found.problem = g_strdup("bubblewrap failed");
		found.help =
			g_strdup("run `bwrap --unshare-user --unshare-net --ro-bind / / "
				 "true` to see it fail, or build without isolation: "
				 "--sandbox env");
	}
	if (*said) {
		char *with = g_strdup_printf("%s (%s)", found.problem, said);
		g_free(found.problem);
		found.problem = with;
	}
}

static gboolean bwrap_try(gboolean capable, char **said)
{
	g_auto(process_result) r = {0};
	g_autoptr(GError) err = NULL;
	sandbox_spec spec = {.argv = (const char *const[]){"true", NULL},
		.capture = TRUE,
		.timeout_s = 20,
		.name = "bwrap"};

	gboolean ok = sandbox_attempt(&spec, SANDBOX_BWRAP, capable, &r, &err) &&
		      r.exit_code == 0;
	g_free(*said);
	const char *text = err ? err->message : r.err ? r.err : "";
	const char *tail = strstr(text, "did not start: ");
	*said = g_strdup(tail ? tail + strlen("did not start: ") : text);
	(*said)[strcspn(*said, "\n")] = '\0';
	return ok;
}

static void probe_bwrap(void)
{
	g_autofree char *said = NULL;

	if (!sandbox_host_bwrap()) {
		found.problem = g_strdup("bubblewrap is not installed");
		found.help = g_strdup(
			"`apt-get install bubblewrap` (Debian, Ubuntu), `dnf "
			"install bubblewrap` (Fedora), `apk add bubblewrap` (Alpine)");
		return;
	}
	if (bwrap_try(TRUE, &said))
		found.bwrap_works = found.capable = TRUE;
	else if (bwrap_try(FALSE, &said))
		found.bwrap_works = TRUE;
	else
		explain(said);
}

static void probe_landlock(void)
{
	long abi = syscall(444 /* landlock_create_ruleset */, NULL, 0, 1 /* version */);

	found.landlock_abi = abi > 0 ? (int)abi : 0;
	if (!found.landlock_abi)
		found.landlock_problem =
			g_strdup("the kernel has no Landlock (Linux 5.13, "
				 "CONFIG_SECURITY_LANDLOCK, "
				 "`lsm=` at boot), or a system call filter forbids it");
}

/* What Landlock of this kernel cannot hold back: said, not passed over. */
static const char *landlock_gaps(int abi)
{
	if (abi < 2)
		return "; this kernel's Landlock (ABI 1) refuses every rename between "
		       "folders and cannot stop files elsewhere from being truncated";
	if (abi < 3)
		return "; this kernel's Landlock (ABI 2) cannot stop files elsewhere "
		       "from "
		       "being truncated";
	return "";
}

static void summarise(void)
{
	found.summary[SANDBOX_BWRAP] = g_strdup_printf(
		"bwrap: namespaces of its own, no network%s",
		found.capable
			? ", the host's binfmt_misc out of reach"
			: "; Linux before 6.7: the host's binfmt_misc is not cut off");
	found.summary[SANDBOX_LANDLOCK] = g_strdup_printf(
		"landlock (ABI %d): files outside the build are protected, but not "
		"their modes, owners and times; "
		"the network is open%s%s",
		found.landlock_abi,
		found.landlock_abi >= 4 ? " except for TCP, which is refused" : "",
		landlock_gaps(found.landlock_abi));
	found.summary[SANDBOX_ENV] =
		g_strdup("env: no isolation, only a clean environment; "
			 "the network is open");
}

static void probe(void)
{
	if (!g_once_init_enter(&probed))
		return;
	probe_bwrap();
	probe_landlock();
	summarise();
	g_once_init_leave(&probed, 1);
}

int sandbox_landlock_abi(void)
{
	probe();
	return found.landlock_abi;
}

const char *sandbox_level_problem(sandbox_level level, const char **help)
{
	probe();
	*help = NULL;
	if (level == SANDBOX_BWRAP && !found.bwrap_works) {
		*help = found.help;
		return found.problem;
	}
	if (level == SANDBOX_LANDLOCK && !found.landlock_abi) {
		*help = "a kernel with Landlock, or --sandbox env";
		return found.landlock_problem;
	}
	return NULL;
}

static const sandbox_info *info_of(sandbox_level level)
{
	static sandbox_info infos[4];
	static gsize once;

	if (g_once_init_enter(&once)) {
		for (int i = SANDBOX_BWRAP; i <= SANDBOX_ENV; i++)
			infos[i] = (sandbox_info){.level = (sandbox_level)i,
				.network_cut = i == SANDBOX_BWRAP,
				.binfmt_cut = i == SANDBOX_BWRAP && found.capable,
				.summary = found.summary[i]};
		g_once_init_leave(&once, 1);
	}
	return &infos[level];
}

const sandbox_info *sandbox_describe(sandbox_level level)
{
	probe();
	g_assert(level != SANDBOX_AUTO);
	return info_of(level);
}

/* What was chosen by itself is named by every step from then on. */
static gboolean is_told(const sandbox_info *info)
{
	static gint told[SANDBOX_ENV + 1];

	return g_atomic_int_exchange(&told[info->level], 1);
}

static void tell_once(const sandbox_info *info)
{
	if (is_told(info))
		return;
	if (info->level == SANDBOX_BWRAP)
		event_log(EVENT_INFO, NULL, "sandbox %s", info->summary);
	else
		event_log(EVENT_WARNING, NULL, "sandbox %s; bwrap cannot be used: %s",
			info->summary, found.problem);
}

static void tell_named_once(const sandbox_info *info)
{
	if (info->network_cut || is_told(info))
		return;
	event_log(EVENT_NOTE, NULL, "sandbox %s", info->summary);
}

const sandbox_info *sandbox_choose(sandbox_level level, GError **err)
{
	const char *help;

	probe();
	if (level == SANDBOX_AUTO) {
		level = found.bwrap_works    ? SANDBOX_BWRAP
			: found.landlock_abi ? SANDBOX_LANDLOCK
					     : SANDBOX_ENV;
		tell_once(info_of(level));
		return info_of(level);
	}
	const char *problem = sandbox_level_problem(level, &help);
	if (problem) {
		error_set(err, EXIT_HOST, "X0801",
			"the sandbox level %s cannot be had: %s",
			sandbox_level_name(level), problem);
		error_help(err, "%s", help);
		return NULL;
	}
	tell_named_once(info_of(level));
	return info_of(level);
}

char **sandbox_host_binfmt(void)
{
	const char *folder = "/proc/sys/fs/binfmt_misc";
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *text = NULL;
		if (g_strcmp0(name, "register") == 0 || g_strcmp0(name, "status") == 0)
			continue;
		if (g_file_get_contents(path, &text, NULL, NULL) &&
			g_str_has_prefix(text, "enabled") &&
			strstr(text, "magic 7f454c46"))
			g_ptr_array_add(names, g_strdup(name));
	}
	g_ptr_array_add(names, NULL);
	return (char **)g_ptr_array_free(g_steal_pointer(&names), FALSE);
}
