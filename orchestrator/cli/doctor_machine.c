#include "base/cpus.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process.h"
#include "build/python_host.h"
#include "build/sandbox.h"
#include "build/store.h"
#include "cli/doctor.h"
#include "cli/output.h"
#include "plan/platform_choice.h"
#include <string.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#define SPACE_WANTED (3LL << 30)

static char *system_name(void)
{
	g_autofree char *name = g_get_os_info(G_OS_INFO_KEY_PRETTY_NAME);

	return text_escape(name ? name : "unknown system", -1);
}

void doctor_machine(GPtrArray *checks)
{
	struct utsname u = {0};
	g_autofree char *name = system_name();
	int n = cpus_usable();

	uname(&u);
	gboolean fits = strcmp(u.machine, "x86_64") == 0;
	doctor_add(checks, "machine", fits ? DOCTOR_OK : DOCTOR_MISSING,
		g_strdup_printf("%s, Linux %s, %s, %d processor%s", name, u.release,
			u.machine, n, n == 1 ? "" : "s"),
		fits ? NULL : "the toolchains run on x86_64 Linux only");
}

typedef struct program {
	const char *names[3]; /* any of them */
	doctor_state without;
	const char *need, *help;
} program;

/* What this machine has to bring; compilers, sysroots, Rust, uv, patchelf and the rest
 * come out of toolchains/ and sysroots/. */
static const program programs[] = {
	{{"gpgv", "sqv", NULL}, DOCTOR_MISSING, "signatures of Debian's archive",
		"apt-get install gpgv"},
	{{"patch", NULL, NULL}, DOCTOR_NOTE, "recipes with patches",
		"apt-get install patch"},
	{{"make", NULL, NULL}, DOCTOR_NOTE, "projects that build with make",
		"apt-get install make"},
	{{"perl", NULL, NULL}, DOCTOR_NOTE, "configure scripts, OpenSSL's above all",
		"apt-get install perl"},
	{{"qemu-aarch64-static", "qemu-aarch64", NULL}, DOCTOR_NOTE,
		"`xorch verify` (never a build)", "apt-get install qemu-user-static"},
};

void doctor_programs(GPtrArray *checks)
{
	for (guint i = 0; i < G_N_ELEMENTS(programs); i++) {
		const program *p = &programs[i];
		g_autofree char *found = NULL;
		for (guint k = 0; !found && k < 3 && p->names[k]; k++)
			found = process_find_program(p->names[k], NULL);
		if (found) {
			g_autofree char *shown = text_escape(found, -1);
			doctor_add(checks, "program", DOCTOR_OK,
				g_strdup_printf("%s: %s", p->names[0], shown), NULL);
		} else {
			doctor_add(checks, "program", p->without,
				g_strdup_printf(
					"%s is not there, for %s", p->names[0], p->need),
				p->help);
		}
	}
}

static void check_level(GPtrArray *checks, sandbox_level level)
{
	const char *help;
	const char *problem = sandbox_level_problem(level, &help);
	const char *name = sandbox_level_name(level);

	if (problem) {
		g_autofree char *shown = text_escape(problem, -1);
		doctor_add(checks, "sandbox", DOCTOR_LESS,
			g_strdup_printf("%s cannot be had: %s", name, shown), help);
		return;
	}
	doctor_add(checks, "sandbox", DOCTOR_OK,
		g_strdup(sandbox_describe(level)->summary), NULL);
}

void doctor_sandbox(GPtrArray *checks)
{
	check_level(checks, SANDBOX_BWRAP);
	check_level(checks, SANDBOX_LANDLOCK);
	gboolean cut = sandbox_describe(SANDBOX_BWRAP)->binfmt_cut;
	g_auto(GStrv) handlers = sandbox_host_binfmt();
	if (!handlers[0]) {
		doctor_add(checks, "binfmt", DOCTOR_OK,
			g_strdup("no handler of foreign programs is registered"), NULL);
		return;
	}
	g_autofree char *joined = g_strjoinv(" ", handlers);
	g_autofree char *shown = text_escape(joined, -1);
	doctor_add(checks, "binfmt", cut ? DOCTOR_OK : DOCTOR_LESS,
		g_strdup_printf("%s: %s", shown,
			cut ? "out of a build's reach"
			    : "a build could run target code through them"),
		cut ? NULL : "a sandbox level bwrap on Linux 6.7 or newer cuts them off");
}

static void add_python(GPtrArray *checks, const host_python *p, json_t *list)
{
	gboolean headers = host_python_has_headers(p);
	g_autofree char *path = text_escape(p->executable, -1);

	json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:b}", "tag", p->tag,
					    "version", p->version, "executable", path,
					    "origin", p->origin, "headers", headers));
	doctor_add(checks, "python", headers ? DOCTOR_OK : DOCTOR_NOTE,
		g_strdup_printf("%s %s (%s): %s%s", p->tag, p->version, p->origin, path,
			headers ? "" : ", without headers"),
		headers ? NULL
			: "Debian's headers of that version are fetched instead; for a "
			  "package's own: apt-get install python3-dev");
}

void doctor_pythons(GPtrArray *checks, const options *o, json_t *list)
{
	g_autoptr(GPtrArray) refused =
		g_ptr_array_new_with_free_func((GDestroyNotify)host_python_refusal_free);
	g_autoptr(GError) err = NULL;
	g_autoptr(store) s = store_open(o->cache_dir, &err);

	if (!s)
		return; /* the cache's check says so */
	g_autoptr(GPtrArray) found = host_python_find_all(s, refused);
	for (guint i = 0; i < found->len; i++)
		add_python(checks, g_ptr_array_index(found, i), list);
	if (!found->len)
		doctor_add(checks, "python", DOCTOR_MISSING,
			g_strdup("no CPython 3.9 to 3.14 found"),
			"a wheel for cp312 needs a CPython 3.12 on this machine: apt-get "
			"install "
			"python3, `uv python install 3.12`, or `pyenv install 3.12`");
	doctor_recipes(checks, found);
	for (guint i = 0; i < refused->len; i++) {
		const host_python_refusal *r = g_ptr_array_index(refused, i);
		g_autofree char *path = text_escape(r->executable, -1);
		g_autofree char *why = text_escape(r->reason, -1);
		doctor_add(checks, "python", DOCTOR_NOTE,
			g_strdup_printf("%s is passed over: %s", path, why), NULL);
	}
}

void doctor_cache(GPtrArray *checks, const options *o)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(store) s = store_open(o->cache_dir, &err);
	guint64 space = 0;
	struct statvfs v;

	if (!s) {
		g_auto(GStrv) lines = g_strsplit(err->message, "\n", 2);
		doctor_add(checks, "cache", DOCTOR_MISSING, g_strdup(lines[0]),
			"--cache-dir or XORCH_CACHE_DIR names another folder");
		return;
	}
	const char *dir = store_dir(s);
	g_autofree char *shown = text_escape(dir, -1);
	if (statvfs(dir, &v) == 0 && v.f_flag & ST_NOEXEC) {
		doctor_add(checks, "cache", DOCTOR_MISSING,
			g_strdup_printf("%s is mounted noexec", shown),
			"--cache-dir or XORCH_CACHE_DIR names a folder from which "
			"programs may "
			"run");
		return;
	}
	if (!fs_free_space(dir, &space, &err)) {
		doctor_add(checks, "cache", DOCTOR_LESS, g_strdup(err->message), NULL);
		return;
	}
	g_autofree char *bytes = text_bytes((gint64)space);
	gboolean enough = space >= SPACE_WANTED;
	doctor_add(checks, "cache", enough ? DOCTOR_OK : DOCTOR_LESS,
		g_strdup_printf("%s, %s free", shown, bytes),
		enough ? NULL
		       : "a toolchain and sysroots take about 2 GB: `xorch cache prune`, "
			 "or another --cache-dir");
}

/* Names only: a proxy or a mirror may carry a password. */
static void check_names(GPtrArray *checks)
{
	g_auto(GStrv) all = g_get_environ();
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	static const char *const known[] = {"HTTPS_PROXY", "https_proxy", "ALL_PROXY",
		"NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "NETRC", "SOURCE_DATE_EPOCH",
		NULL};

	for (guint i = 0; all[i]; i++) {
		g_autofree char *name = g_strndup(all[i], strcspn(all[i], "="));
		if (g_str_has_prefix(name, "XORCH_") || g_strv_contains(known, name))
			g_ptr_array_add(names, text_escape(name, -1));
	}
	if (!names->len)
		return;
	g_ptr_array_add(names, NULL);
	g_autofree char *joined = g_strjoinv(" ", (char **)names->pdata);
	doctor_add(checks, "environment", DOCTOR_NOTE,
		g_strdup_printf("in force: %s", joined), NULL);
}

void doctor_environment(GPtrArray *checks)
{
	docker_args d = docker_args_from_environment();
	g_autoptr(GError) err = NULL;
	g_autofree char *note = NULL;
	gboolean found;

	check_names(checks);
	const platform *p = platform_from_docker(d.target_platform, d.target_os,
		d.target_arch, d.target_variant, &found, &note, &err);
	if (!found)
		return;
	if (!p) {
		g_auto(GStrv) lines = g_strsplit(err->message, "\n", 2);
		doctor_add(checks, "target", DOCTOR_LESS, g_strdup(lines[0]), NULL);
		return;
	}
	doctor_add(checks, "target",
		platform_check_wheels(p, NULL) ? DOCTOR_OK : DOCTOR_LESS,
		g_strdup_printf("the environment asks for %s (%s)%s%s", p->name,
			p->docker, note ? ": " : "", note ? note : ""),
		p->builds_wheels ? NULL
				 : "wheels are built for aarch64, armv7 and x86_64");
}
