#include "build/sandbox_view.h"
#include "build/sandbox_tools.h"
#include "base/error.h"
#include "base/fs.h"
#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define USER_ID "1000"

/* Top-level folders of programs and libraries. A link (usr-merged systems) is
 * made again, a folder is mounted. */
static const char *const system_folders[] = {"/usr", "/bin", "/sbin", "/lib", "/lib32",
	"/lib64", "/libx32", "/nix/store", "/gnu/store", NULL};

/* Read-only files of /etc that programs need to run at all. */
static const char *const system_files[] = {
	"/etc/ld.so.cache", "/etc/alternatives", "/etc/localtime", NULL};
/* Only for a step that may use the network. */
static const char *const network_files[] = {"/etc/resolv.conf", "/etc/ssl",
	"/etc/ca-certificates", "/etc/pki", "/etc/gai.conf", NULL};

/* Where setup scripts look for headers by themselves: those of the target stand there. */
#define HEADERS "/usr/include"
/* Headers, start files and metadata of the host's own compilers and libraries:
 * whatever a build finds there would be the wrong architecture. curl-config and its like
 * answer for them, and a configure may look in /usr/bin whatever PATH says; of these a
 * recipe's tools stay, and pkg-config. */
static const char *const hidden[] = {HEADERS, "/usr/local", "/usr/lib/gcc",
	"/usr/lib64/gcc", "/usr/libexec/gcc", "/usr/lib/gcc-cross",
	"/usr/lib/llvm-*/include", "/usr/lib/llvm-*/lib/clang", "/usr/lib/pkgconfig",
	"/usr/lib64/pkgconfig", "/usr/lib/*/pkgconfig", "/usr/share/pkgconfig",
	"/usr/lib/cmake", "/usr/lib64/cmake", "/usr/lib/*/cmake", "/usr/bin/*-config",
	"/usr/bin/*_config", NULL};

static gboolean exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static gboolean is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static void add(GPtrArray *argv, ...)
{
	va_list ap;
	const char *s;

	va_start(ap, argv);
	while ((s = va_arg(ap, const char *)))
		g_ptr_array_add(argv, g_strdup(s));
	va_end(ap);
}

static const char *bind_inside(const sandbox_bind *b)
{
	return b->inside ? b->inside : b->host;
}

static gboolean bind_check(const sandbox_bind *b, GError **err)
{
	if (exists(b->host))
		return TRUE;
	g_autofree char *shown = text_escape(b->host, -1);
	return error_set_errno(err, EXIT_HOST, "X0803", errno,
		"`%s`, needed as %s of the build, cannot be used", shown, bind_inside(b));
}

static void add_system(GPtrArray *argv, const sandbox_spec *spec)
{
	for (guint i = 0; system_folders[i]; i++) {
		const char *path = system_folders[i];
		if (is_link(path)) {
			g_autofree char *to = g_file_read_link(path, NULL);
			if (to)
				add(argv, "--symlink", to, path, NULL);
		} else if (exists(path)) {
			add(argv, "--ro-bind", path, path, NULL);
		}
	}
	for (guint i = 0; system_files[i]; i++)
		add(argv, "--ro-bind-try", system_files[i], system_files[i], NULL);
	for (guint i = 0; spec->network && network_files[i]; i++)
		add(argv, "--ro-bind-try", network_files[i], network_files[i], NULL);
}

/* Another system's folders in their place: those of a target. */
static gboolean add_root(GPtrArray *argv, const char *root, GError **err)
{
	GError *inner = NULL;
	g_autoptr(GDir) dir = g_dir_open(root, 0, &inner);
	const char *name;

	if (!dir)
		return error_wrap(err, EXIT_HOST, "X0803", inner,
			"the root `%s` cannot be used", root);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *host = g_build_filename(root, name, NULL);
		g_autofree char *path = g_strconcat("/", name, NULL);
		if (is_link(host)) {
			g_autofree char *to = g_file_read_link(host, NULL);
			if (to)
				add(argv, "--symlink", to, path, NULL);
		} else {
			add(argv, "--ro-bind", host, path, NULL);
		}
	}
	return TRUE;
}

/* The host path of what lies at `inside`, or NULL. */
static char *host_of(const sandbox_spec *spec, const char *inside)
{
	for (guint i = spec->n_binds; i-- > 0;) {
		const char *at = bind_inside(&spec->binds[i]);
		if (fs_is_below(inside, at))
			return g_strconcat(
				spec->binds[i].host, inside + strlen(at), NULL);
	}
	return NULL;
}

static void hide(GPtrArray *argv, const sandbox_spec *spec, const char *path)
{
	g_autofree char *name = g_path_get_basename(path);
	struct stat st;

	if (lstat(path, &st))
		return;
	g_autofree char *ours = strcmp(path, HEADERS) == 0
					? host_of(spec, SANDBOX_SYSROOT HEADERS)
					: NULL;
	if (ours && exists(ours))
		add(argv, "--ro-bind", ours, path, NULL);
	else if (S_ISDIR(st.st_mode))
		add(argv, "--perms", "0755", "--tmpfs", path, NULL);
	else if (S_ISREG(st.st_mode) && !g_str_has_suffix(name, "pkg-config") &&
		 !(spec->tools && g_strv_contains(spec->tools, name)))
		add(argv, "--ro-bind", "/dev/null", path, NULL);
}

static void hide_host(GPtrArray *argv, const sandbox_spec *spec)
{
	for (guint i = 0; hidden[i]; i++) {
		glob_t g = {0};
		if (glob(hidden[i], GLOB_NOSORT, NULL, &g) == 0)
			for (size_t k = 0; k < g.gl_pathc; k++)
				hide(argv, spec, g.gl_pathv[k]);
		globfree(&g);
	}
}

static void hide_asked(GPtrArray *argv, const sandbox_spec *spec)
{
	for (guint i = 0; spec->hide && spec->hide[i]; i++) {
		g_autofree char *host = host_of(spec, spec->hide[i]);
		const char *path = host ? host : spec->hide[i];
		struct stat st;
		if (strcmp(path, HEADERS) && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			add(argv, "--perms", "0755", "--tmpfs", spec->hide[i], NULL);
	}
}

static void add_scratch(GPtrArray *argv, const char *scratch)
{
	static const struct {
		const char *name, *inside;
		gboolean writable;
	} rows[] = {
		{"home", SANDBOX_HOME, TRUE},
		{"tmp", SANDBOX_TMP, TRUE},
		{"tmp", "/tmp", TRUE},
		{"tools", SANDBOX_TOOLS, FALSE},
		{"etc/passwd", "/etc/passwd", FALSE},
		{"etc/group", "/etc/group", FALSE},
		{"etc/hosts", "/etc/hosts", FALSE},
		{"etc/nsswitch.conf", "/etc/nsswitch.conf", FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *host = g_build_filename(scratch, rows[i].name, NULL);
		add(argv, rows[i].writable ? "--bind" : "--ro-bind", host, rows[i].inside,
			NULL);
	}
}

gboolean sandbox_view_bwrap(GPtrArray *argv, const sandbox_spec *spec,
	const char *scratch, gboolean capable, GError **err)
{
	/* An ordinary user inside: xorch may be root, the build's code is not. */
	add(argv, "--unshare-user", "--uid", USER_ID, "--gid", USER_ID, "--unshare-pid",
		"--unshare-ipc", "--unshare-uts", "--hostname", "xorch",
		"--unshare-cgroup-try", "--die-with-parent", "--cap-drop", "ALL", NULL);
	if (!spec->terminal) /* which is the leader's of the session it has */
		add(argv, "--new-session", NULL);
	if (capable)
		add(argv, "--cap-add", "CAP_SYS_ADMIN", "--cap-add", "CAP_SETPCAP", NULL);
	if (!spec->network)
		add(argv, "--unshare-net", NULL);
	if (!spec->root)
		add_system(argv, spec);
	else if (!add_root(argv, spec->root, err))
		return FALSE;
	add(argv, "--proc", "/proc", "--dev", "/dev", NULL);
	if (!capable)
		add(argv, "--remount-ro", "/proc", NULL);
	if (!spec->root)
		hide_host(argv, spec);
	add(argv, "--dir", "/run", "--symlink", "/tmp", "/var/tmp", NULL);
	add_scratch(argv, scratch);
	for (guint i = 0; i < spec->n_binds; i++) {
		const sandbox_bind *b = &spec->binds[i];
		if (!bind_check(b, err))
			return FALSE;
		/* /usr is there; mounted again it would show what is hidden. */
		if (!b->writable && strcmp(bind_inside(b), "/usr") == 0)
			continue;
		add(argv, b->writable ? "--bind" : "--ro-bind", b->host, bind_inside(b),
			NULL);
	}
	hide_asked(argv, spec);
	return TRUE;
}

/* Landlock can only allow, so /usr is allowed piece by piece. */
static void read_usr(GPtrArray *argv)
{
	g_autoptr(GDir) dir = g_dir_open("/usr", 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		if (strcmp(name, "include") == 0 || strcmp(name, "local") == 0)
			continue;
		g_autofree char *path = g_build_filename("/usr", name, NULL);
		add(argv, "--read", path, NULL);
	}
}

gboolean sandbox_view_landlock(
	GPtrArray *argv, const sandbox_spec *spec, const char *scratch, GError **err)
{
	static const char *const read[] = {"/proc", "/etc/passwd", "/etc/group",
		"/etc/hosts", "/etc/nsswitch.conf", "/dev/random", "/dev/urandom",
		"/sys/devices/system/cpu", NULL};
	static const char *const write[] = {
		"/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/shm", NULL};
	static const char *const parts[] = {"tmp", "home", NULL};

	read_usr(argv);
	for (guint i = 1; system_folders[i]; i++)
		if (exists(system_folders[i]) && !is_link(system_folders[i]))
			add(argv, "--read", system_folders[i], NULL);
	for (guint i = 0; system_files[i]; i++)
		add(argv, "--read", system_files[i], NULL);
	for (guint i = 0; spec->network && network_files[i]; i++)
		add(argv, "--read", network_files[i], NULL);
	for (guint i = 0; read[i]; i++)
		add(argv, "--read", read[i], NULL);
	for (guint i = 0; write[i]; i++)
		add(argv, "--write", write[i], NULL);
	g_autofree char *tools = g_build_filename(scratch, "tools", NULL);
	add(argv, "--read", tools, NULL);
	for (guint i = 0; parts[i]; i++) {
		g_autofree char *path = g_build_filename(scratch, parts[i], NULL);
		add(argv, "--write", path, NULL);
	}
	for (guint i = 0; i < spec->n_binds; i++) {
		const sandbox_bind *b = &spec->binds[i];
		if (!bind_check(b, err))
			return FALSE;
		add(argv, b->writable ? "--write" : "--read", b->host, NULL);
	}
	return TRUE;
}

static gboolean write_text(
	const char *folder, const char *name, const char *text, GError **err)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	GError *inner = NULL;

	if (g_file_set_contents_full(
		    path, text, -1, G_FILE_SET_CONTENTS_NONE, 0644, &inner))
		return TRUE;
	return error_wrap(err, EXIT_HOST, "X0820", inner, "cannot write `%s`", path);
}

gboolean sandbox_view_scratch(const sandbox_spec *spec, const char *scratch, GError **err)
{
	static const char *const fresh[] = {"home", "tmp", "tools", "etc", NULL};

	for (guint i = 0; fresh[i]; i++) {
		g_autofree char *path = g_build_filename(scratch, fresh[i], NULL);
		gboolean stays = spec->resume && i < 2;
		if ((!stays && !fs_remove_tree(path, err)) ||
			!fs_mkdir_p(path, 0755, err))
			return FALSE;
	}
	g_autofree char *tools = g_build_filename(scratch, "tools", NULL);
	g_autofree char *etc = g_build_filename(scratch, "etc", NULL);
	return sandbox_tools_link(tools, spec->tools, err) &&
	       write_text(etc, "passwd",
		       "root:x:0:0:root:/:/bin/sh\n"
		       "xorch:x:" USER_ID ":" USER_ID "::" SANDBOX_HOME ":/bin/sh\n"
		       "nobody:x:65534:65534::/:/bin/sh\n",
		       err) &&
	       write_text(etc, "group",
		       "root:x:0:\nxorch:x:" USER_ID ":\nnogroup:x:65534:\n", err) &&
	       write_text(
		       etc, "hosts", "127.0.0.1 localhost xorch\n::1 localhost\n", err) &&
	       write_text(etc, "nsswitch.conf",
		       spec->network ? "passwd: files\ngroup: files\nhosts: files dns\n"
				     : "passwd: files\ngroup: files\nhosts: files\n",
		       err);
}
