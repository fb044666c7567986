#include "build/floor_headers.h"
#include "base/error.h"
#include "base/fs.h"
#include <glib/gstdio.h>
#include <string.h>

#define HEADER_MAX (4 << 20)

/* An edit holds for floors below `below` when the sysroot's glibc is at least
 * that new. `file` is relative to usr/include, `*` stands for the multiarch
 * name. `find` must be in the file exactly once. */
typedef struct edit {
	int below;
	const char *file, *find, *replace;
} edit;

static const edit edits[] = {
	/* With _FILE_OFFSET_BITS=64, as Python sets it, every fcntl became fcntl64. */
	{28, "fcntl.h",
		"extern int __REDIRECT (fcntl, (int __fd, int __cmd, ...), fcntl64);",
		"extern int fcntl (int __fd, int __cmd, ...);"},
	{28, "fcntl.h", "#  define fcntl fcntl64", ""},
	/* C11 threads came with 2.28. */
	{28, "stdc-predef.h", "#define __STDC_ISO_10646__",
		"#define __STDC_NO_THREADS__ 1\n#define __STDC_ISO_10646__"},
	{28, "*/sys/stat.h", "# include <bits/statx.h>", ""},
	/* The structure of sched_setattr(), which programs declared themselves. */
	{41, "*/bits/sched.h", "#   include <linux/sched/types.h>", ""},
	{41, "*/bits/sched.h", "# ifndef SCHED_ATTR_SIZE_VER0", "# if 0"},
};

/* Waiting against a given clock came with 2.30; libstdc++ of a newer sysroot
 * was configured to use it. `#define NAME 1` of c++config.h goes. */
static const struct {
	int below;
	const char *macro;
} cxx_macros[] = {
	{30, "_GLIBCXX_USE_PTHREAD_COND_CLOCKWAIT"},
	{30, "_GLIBCXX_USE_PTHREAD_MUTEX_CLOCKLOCK"},
	{30, "_GLIBCXX_USE_PTHREAD_RWLOCK_CLOCKLOCK"},
	{25, "_GLIBCXX_HAVE_GETENTROPY"},
	{36, "_GLIBCXX_HAVE_ARC4RANDOM"},
	{36, "_GLIBCXX_USE_UCHAR_C8RTOMB_MBRTOC8_CXX20"},
	{36, "_GLIBCXX_USE_UCHAR_C8RTOMB_MBRTOC8_FCHAR8_T"},
};

/* Headers that came with a version; before it, sources ask whether they exist. */
static const struct {
	int below;
	const char *file;
} files[] = {
	{25, "sys/random.h"},
	{28, "threads.h"},
	{32, "sys/single_threaded.h"},
	{35, "sys/rseq.h"},
	{36, "sys/pidfd.h"},
	{39, "stdbit.h"},
};

static gboolean unexpected(GError **err, const char *path, const char *what)
{
	error_set(err, EXIT_INTEGRITY, "X0930",
		"a header of the sysroot cannot be made fit for this floor");
	error_line(err, "%s", path);
	error_line(err, "%s", what);
	error_help(err, "another sysroot or a higher `toolchain.manylinux` may do");
	return FALSE;
}

static char *include_path(const floor_headers *h, const char *file)
{
	if (file[0] == '*')
		return g_strconcat(
			h->tree, "/usr/include/", h->multiarch, file + 1, NULL);
	return g_strconcat(h->tree, "/usr/include/", file, NULL);
}

/* Contents as a string, or NULL: absent (no error) or unreadable. */
static char *header_read(const char *path, GError **err)
{
	if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return NULL;
	g_autoptr(GBytes) bytes = fs_read(path, HEADER_MAX, err);
	if (!bytes)
		return NULL;
	return g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
}

static gboolean header_write(const char *path, const char *text, GError **err)
{
	/* Atomic, hence a new inode: the base tree keeps its file. */
	return fs_write_atomic(path, text, strlen(text), 0644, err);
}

/* `find` replaced once; NULL when it is not there exactly once. */
static char *replace_once(const char *text, const char *find, const char *replace)
{
	const char *at = strstr(text, find);

	if (!at || strstr(at + 1, find))
		return NULL;
	return g_strdup_printf(
		"%.*s%s%s", (int)(at - text), text, replace, at + strlen(find));
}

static gboolean edit_apply(floor_headers *h, const edit *e, GError **err)
{
	g_autofree char *path = include_path(h, e->file);
	GError *read_error = NULL;
	g_autofree char *text = header_read(path, &read_error);

	if (read_error) {
		g_propagate_error(err, read_error);
		return FALSE;
	}
	if (!text)
		return unexpected(err, path, "the file is missing");
	g_autofree char *changed = replace_once(text, e->find, e->replace);
	if (!changed)
		return unexpected(err, path, e->find);
	h->edited++;
	return header_write(path, changed, err);
}

/* #define MACRO value, whatever blanks it is written with. */
static char *define_replace(const char *text, const char *macro, const char *line)
{
	g_autofree char *pattern =
		g_strdup_printf("^#[ \t]*define[ \t]+%s[ \t]+[^\n]*$", macro);
	g_autoptr(GRegex) regex = g_regex_new(pattern, G_REGEX_MULTILINE, 0, NULL);

	if (!g_regex_match(regex, text, 0, NULL))
		return NULL;
	return g_regex_replace_literal(regex, text, -1, 0, line, 0, NULL);
}

static gboolean version_edit(floor_headers *h, GError **err)
{
	g_autofree char *path = include_path(h, "features.h");
	g_autofree char *line =
		g_strdup_printf("#define\t__GLIBC_MINOR__\t%d", h->floor_minor);
	g_autofree char *text = header_read(path, err);

	if (!text)
		return err && *err ? FALSE : unexpected(err, path, "the file is missing");
	g_autofree char *changed = define_replace(text, "__GLIBC_MINOR__", line);
	if (!changed)
		return unexpected(err, path, "__GLIBC_MINOR__");
	h->edited++;
	return header_write(path, changed, err);
}

/* strtol and scanf as C23 wants them, which read 0b1010, have names of their own since
 * 2.38; C++ and _GNU_SOURCE asked for them by themselves. What the headers ask is named
 * after C2X before 2.40. */
static gboolean c23_edit(floor_headers *h, GError **err)
{
	static const char *const macros[] = {
		"__GLIBC_USE_C23_STRTOL", "__GLIBC_USE_C2X_STRTOL"};
	g_autofree char *path = include_path(h, "features.h");
	g_autofree char *text = header_read(path, err);

	if (!text)
		return err && *err ? FALSE : unexpected(err, path, "the file is missing");
	for (gsize i = 0; i < G_N_ELEMENTS(macros); i++) {
		g_autofree char *line = g_strdup_printf("# define %s 0", macros[i]);
		g_autofree char *changed = define_replace(text, macros[i], line);
		if (!changed)
			continue;
		h->edited++;
		return header_write(path, changed, err);
	}
	return unexpected(err, path, macros[0]);
}

static gboolean cxx_edit(floor_headers *h, const char *version, GError **err)
{
	g_autofree char *path =
		g_strdup_printf("%s/usr/include/%s/c++/%s/bits/c++config.h", h->tree,
			h->multiarch, version);
	GError *read_error = NULL;
	g_autofree char *text = header_read(path, &read_error);
	gboolean changed = FALSE;

	if (!text) {
		if (read_error)
			g_propagate_error(err, read_error);
		return !read_error;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(cxx_macros); i++) {
		if (h->floor_minor >= cxx_macros[i].below)
			continue;
		g_autofree char *line = g_strdup_printf(
			"/* %s: newer than the floor */", cxx_macros[i].macro);
		char *next = define_replace(text, cxx_macros[i].macro, line);
		if (!next)
			continue;
		g_free(text);
		text = next;
		changed = TRUE;
		h->edited++;
	}
	return !changed || header_write(path, text, err);
}

static gboolean cxx_edits(floor_headers *h, GError **err)
{
	g_autofree char *dir =
		g_strdup_printf("%s/usr/include/%s/c++", h->tree, h->multiarch);
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *version;

	while (d && (version = g_dir_read_name(d)))
		if (!cxx_edit(h, version, err))
			return FALSE;
	return TRUE;
}

static gboolean hide_in_file(floor_headers *h, const char *path, GError **err)
{
	GError *read_error = NULL;
	g_autofree char *text = header_read(path, &read_error);
	g_autofree char *leak = NULL;
	guint n = 0;

	if (!text) {
		if (read_error)
			g_propagate_error(err, read_error);
		return !read_error;
	}
	g_autofree char *changed =
		floor_headers_hide(text, h->lacking, h->sysroot_minor >= 38, &n, &leak);
	if (leak) {
		g_autofree char *what =
			g_strdup_printf("it redirects %s, which the floor lacks", leak);
		return unexpected(err, path, what);
	}
	h->hidden += n;
	return !changed || header_write(path, changed, err);
}

/* glibc's headers lie in these folders, below usr/include and its multiarch
 * folder; the kernel's and C++'s are not touched. */
static gboolean hide_in_folder(floor_headers *h, const char *top, GError **err)
{
	static const char *const folders[] = {".", "sys", "bits", "bits/types", "arpa",
		"net", "netinet", "gnu", "rpc", "protocols", "scsi", NULL};

	for (const char *const *f = folders; *f; f++) {
		g_autofree char *dir = g_build_filename(top, *f, NULL);
		g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
		const char *name;
		while (d && (name = g_dir_read_name(d))) {
			g_autofree char *path = g_build_filename(dir, name, NULL);
			if (g_str_has_suffix(name, ".h") && !hide_in_file(h, path, err))
				return FALSE;
		}
	}
	return TRUE;
}

gboolean floor_headers_apply(floor_headers *h, GError **err)
{
	g_autofree char *top = g_build_filename(h->tree, "usr/include", NULL);
	g_autofree char *arch = g_build_filename(top, h->multiarch, NULL);

	if (h->floor_minor >= h->sysroot_minor)
		return TRUE;
	if (!version_edit(h, err))
		return FALSE;
	if (h->floor_minor < 38 && h->sysroot_minor >= 38 && !c23_edit(h, err))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(edits); i++)
		if (h->floor_minor < edits[i].below &&
			h->sysroot_minor >= edits[i].below &&
			!edit_apply(h, &edits[i], err))
			return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
		/* Debian keeps headers of glibc in either place, by architecture. */
		g_autofree char *path = g_build_filename(top, files[i].file, NULL);
		g_autofree char *own = g_build_filename(arch, files[i].file, NULL);
		if (h->floor_minor >= files[i].below)
			continue;
		h->removed += g_unlink(path) == 0;
		h->removed += g_unlink(own) == 0;
	}
	return cxx_edits(h, err) && hide_in_folder(h, top, err) &&
	       hide_in_folder(h, arch, err);
}
