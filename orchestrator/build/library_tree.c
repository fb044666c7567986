#include "build/library_tree.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/tree_walk.h"
#include "format/ar.h"
#include "format/elf.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define PC_MAX (1 << 20)

typedef struct making {
	const char *dest, *tree;
	const platform *target;
	gboolean shared; /* a shared library is among the files */
	guint files;
} making;

/* ---- .pc files ---- */

/* -L and -I of the build's own folders: what is in the sysroot is found anyway. */
static gboolean is_foreign(const char *word)
{
	return (g_str_has_prefix(word, "-L/") || g_str_has_prefix(word, "-I/")) &&
	       !g_str_has_prefix(word + 2, "/usr/") && strcmp(word + 2, "/usr") != 0;
}

static void append_words(GString *out, const char *text)
{
	g_auto(GStrv) list = g_strsplit_set(text, " \t", -1);

	for (char **w = list; *w; w++)
		if (**w && !is_foreign(*w))
			g_string_append_printf(out, " %s", *w);
}

/* The value of a field of the file, or NULL. */
static const char *field(char **lines, const char *name)
{
	gsize n = strlen(name);

	for (char **l = lines; *l; l++)
		if (g_str_has_prefix(*l, name) && (*l)[n] == ':')
			return *l + n + 1;
	return NULL;
}

static void public_field(GString *out, char **lines, const char *name, const char *comma)
{
	g_autofree char *private_name = g_strconcat(name, ".private", NULL);
	const char *own = field(lines, name), *more = field(lines, private_name);
	g_autoptr(GString) value = g_string_new(NULL);

	if (own)
		append_words(value, own);
	g_autofree char *bare = g_strstrip(g_strdup(more ? more : ""));
	if (*bare) {
		if (value->len)
			g_string_append(value, comma);
		append_words(value, bare);
	}
	if (own || value->len)
		g_string_append_printf(out, "%s:%s\n", name, value->str);
}

char *library_pc_public(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	static const char *const ours[] = {
		"Libs:", "Libs.private:", "Requires:", "Requires.private:", NULL};
	GString *out = g_string_new(NULL);

	for (char **l = lines; *l; l++) {
		gboolean skip = !**l && !l[1]; /* after the last line break */
		for (const char *const *o = ours; *o; o++)
			skip |= g_str_has_prefix(*l, *o);
		if (!skip)
			g_string_append_printf(out, "%s\n", *l);
	}
	public_field(out, lines, "Requires", ",");
	public_field(out, lines, "Libs", "");
	return g_string_free(out, FALSE);
}

/* Without private needs made public; foreign folders go all the same. */
static char *pc_clean(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	GString *out = g_string_new(NULL);

	for (char **l = lines; *l; l++) {
		const char *colon =
			g_str_has_prefix(*l, "Libs") || g_str_has_prefix(*l, "Cflags")
				? strchr(*l, ':')
				: NULL;
		if (colon) {
			g_string_append_len(out, *l, colon + 1 - *l);
			append_words(out, colon + 1);
		} else {
			g_string_append(out, *l);
		}
		if (l[1])
			g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}

static gboolean write_pc(
	const making *m, const tree_entry *e, const char *to, GError **err)
{
	g_autoptr(GBytes) bytes = fs_read(e->full, PC_MAX, err);

	if (!bytes)
		return FALSE;
	g_autofree char *text =
		g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	g_autofree char *clean = pc_clean(text);
	g_autofree char *made =
		m->shared ? g_steal_pointer(&clean) : library_pc_public(clean);
	if (strstr(made, "/xorch/")) {
		g_autofree char *shown = text_escape(e->path, -1);
		error_set(err, EXIT_AUDIT, "X0973", "%s names a folder of the build",
			shown);
		error_help(err, "whoever reads it has no such folder: mend what writes "
				"it (source.patches), or the file itself, below "
				"$XORCH_DESTDIR, at the end of build.script");
		return FALSE;
	}
	return fs_write_atomic(to, made, strlen(made), 0644, err);
}

/* ---- objects ---- */

static gboolean machine_is(const guint8 *head, const platform *p)
{
	return (head[18] | head[19] << 8) == p->elf_machine &&
	       head[EI_CLASS] == p->elf_class;
}

static gboolean wrong(
	const char *path, const char *member, const platform *p, GError **err)
{
	g_autofree char *file = text_escape(path, -1);
	g_autofree char *part = text_escape(member ? member : "", -1);

	error_set(err, EXIT_AUDIT, "X0972", "%s%s%s is not for %s", file,
		member ? " member " : "", part, p->name);
	error_help(
		err, "the library's build called a compiler other than $CC; see the log");
	return FALSE;
}

static gboolean check_code(const tree_entry *e, const platform *p, GError **err)
{
	g_autoptr(GMappedFile) map = g_mapped_file_new(e->full, FALSE, NULL);
	gsize size = map ? g_mapped_file_get_length(map) : 0;
	const guint8 *data =
		(const guint8 *)(map ? g_mapped_file_get_contents(map) : NULL);

	if (size < 64)
		return TRUE;
	if (elf_magic(data, size))
		return machine_is(data, p) || wrong(e->path, NULL, p, err);
	if (!ar_magic(data, size))
		return TRUE;
	g_autoptr(GPtrArray) members = ar_list(data, size, e->path, err);
	for (guint n = 0; members && n < members->len; n++) {
		const ar_member *m = g_ptr_array_index(members, n);
		if (m->size > 64 && elf_magic(data + m->offset, m->size) &&
			!machine_is(data + m->offset, p))
			return wrong(e->path, m->name, p, err);
	}
	return members != NULL;
}

/* ---- files ---- */

static gboolean is_kept(const char *path)
{
	return (g_str_has_prefix(path, "usr/include/") ||
		       g_str_has_prefix(path, "usr/lib/") ||
		       g_str_has_prefix(path, "usr/share/pkgconfig/")) &&
	       !g_str_has_suffix(path, ".la");
}

static gboolean is_shared(const char *path)
{
	g_autofree char *base = g_path_get_basename(path);

	return g_str_has_prefix(base, "lib") &&
	       (g_str_has_suffix(base, ".so") || strstr(base, ".so."));
}

static gboolean look(const tree_entry *e, void *data, GError **err)
{
	making *m = data;

	(void)err;
	if (e->type != TREE_FOLDER && is_kept(e->path) && is_shared(e->path))
		m->shared = TRUE;
	return TRUE;
}

static gboolean take(const tree_entry *e, void *data, GError **err)
{
	making *m = data;

	if (e->type == TREE_FOLDER || !is_kept(e->path))
		return TRUE;
	g_autofree char *to = g_build_filename(m->tree, e->path, NULL);
	g_autofree char *parent = g_path_get_dirname(to);
	if (!fs_mkdir_p(parent, 0755, err))
		return FALSE;
	m->files++;
	if (e->type == TREE_FILE && g_str_has_suffix(e->path, ".pc"))
		return write_pc(m, e, to, err);
	if (e->type == TREE_FILE && !check_code(e, m->target, err))
		return FALSE;
	return fs_copy_tree(e->full, to, FS_COPY, err);
}

/* ---- licences ---- */

static gboolean is_licence(const char *name)
{
	static const char *const stems[] = {
		"copying", "licence", "license", "copyright", "notice", NULL};
	g_autofree char *lower = g_ascii_strdown(name, -1);

	for (const char *const *s = stems; *s; s++)
		if (g_str_has_prefix(lower, *s))
			return TRUE;
	return FALSE;
}

static gboolean copy_licence(
	const char *project, const char *rel, const char *folder, GError **err)
{
	g_autofree char *from = fs_resolve_beneath(project, rel, err);
	g_autofree char *base = g_path_get_basename(rel);
	g_autofree char *to = g_build_filename(folder, base, NULL);

	if (!from)
		return FALSE;
	if (!g_file_test(from, G_FILE_TEST_IS_REGULAR))
		return TRUE;
	return fs_mkdir_p(folder, 0755, err) && fs_copy_tree(from, to, FS_COPY, err);
}

static gboolean licences(
	const char *project, const recipe *r, const char *tree, GError **err)
{
	g_autofree char *folder = g_build_filename(tree, "licenses", r->normalized, NULL);
	const GPtrArray *named = r->about.license_files;
	g_autoptr(GDir) dir = named ? NULL : g_dir_open(project, 0, NULL);
	const char *name;

	for (guint n = 0; named && n < named->len; n++)
		if (!copy_licence(project, g_ptr_array_index(named, n), folder, err))
			return FALSE;
	while (dir && (name = g_dir_read_name(dir)))
		if (is_licence(name) && !copy_licence(project, name, folder, err))
			return FALSE;
	return TRUE;
}

/* The user's umask is no input of a build. */
static gboolean set_mode(const tree_entry *e, void *data, GError **err)
{
	struct stat st;

	(void)data;
	if (e->type == TREE_LINK)
		return TRUE;
	if (lstat(e->full, &st) != 0 ||
		chmod(e->full,
			e->type == TREE_FOLDER || st.st_mode & S_IXUSR ? 0755 : 0644))
		return fs_fail(err, errno, "set the mode of", e->full, 0);
	return TRUE;
}

gboolean library_tree_make(const char *dest, const char *project, const recipe *r,
	const platform *target, const char *tree, GError **err)
{
	making m = {.dest = dest, .tree = tree, .target = target};

	if (!tree_walk(dest, look, &m, err) || !tree_walk(dest, take, &m, err))
		return FALSE;
	if (!m.files) {
		error_set(err, EXIT_BUILD, "X0971",
			"the build of %s installed no headers and no libraries below "
			"/usr",
			r->package.name);
		error_help(err, "install into $XORCH_DESTDIR with prefix /usr");
		return FALSE;
	}
	return licences(project, r, tree, err) && tree_walk(tree, set_mode, NULL, err);
}
