#include "build/source_kind.h"
#include "base/error.h"
#include "base/fs.h"
#include "format/digest.h"
#include "format/gitignore.h"
#include <string.h>
#include <sys/stat.h>

/* Folders of the repository. */

static char *git_top(const char *dir)
{
	g_autofree char *at = g_canonicalize_filename(dir, NULL);

	while (at[1]) {
		g_autofree char *dot = g_build_filename(at, ".git", NULL);
		if (g_file_test(dot, G_FILE_TEST_EXISTS))
			return g_steal_pointer(&at);
		char *up = g_path_get_dirname(at);
		g_free(at);
		at = up;
	}
	return NULL;
}

/* The folder a `path` source names: below the git top level, else below the
 * recipe's folder, links resolved. */
static char *path_source(const recipe *r, const recipe_source *s, GError **err)
{
	g_autofree char *top = git_top(r->dir);
	g_autofree char *joined = g_build_filename(r->dir, s->path, NULL);
	g_autofree char *root = realpath(top ? top : r->dir, NULL);
	g_autofree char *real = realpath(joined, NULL);
	g_autofree char *place = recipe_source_place(r, s);

	if (!real || !g_file_test(real, G_FILE_TEST_IS_DIR)) {
		error_set(err, EXIT_INPUT, "X0923", "there is no folder %s", s->path);
		error_line(err, "--> %s", place);
		return NULL;
	}
	size_t n = root ? strlen(root) : 0;
	if (!root || strncmp(real, root, n) != 0 || (real[n] && real[n] != '/')) {
		error_set(err, EXIT_INPUT, "X0924",
			"`path: %s` leads out of the repository", s->path);
		error_line(err, "--> %s", place);
		error_help(err, "sources by path lie below %s", root ? root : r->dir);
		return NULL;
	}
	return g_steal_pointer(&real);
}

/* What of a working tree is no source, at its top; __pycache__ is none anywhere. */
static gboolean left_out(const char *name)
{
	static const char *const names[] = {
		".git", "build", "dist", "__pycache__", ".venv", ".tox", ".eggs", NULL};

	return g_strv_contains(names, name) || g_str_has_suffix(name, ".egg-info");
}

static int by_string(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

typedef gboolean (*visitor)(const char *dir, const char *rel, void *data, GError **err);

typedef struct way {
	const char *dir;
	gitignore *ignore; /* NULL: nothing is ignored */
	visitor visit;
	void *data;
} way;

/* The names in the folder that are taken, sorted. New array; NULL with an error. */
static GPtrArray *entries(const char *here, gboolean top, GError **err)
{
	g_autoptr(GDir) d = g_dir_open(here, 0, NULL);
	GPtrArray *names;
	const char *name;

	if (!d) {
		error_set(err, EXIT_HOST, "X0820", "cannot read %s", here);
		return NULL;
	}
	names = g_ptr_array_new_with_free_func(g_free);
	while ((name = g_dir_read_name(d)))
		if (!g_str_equal(name, "__pycache__") && !(top && left_out(name)))
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_string);
	return names;
}

static gboolean walk_folder(const way *w, const char *rel, GError **err);

static gboolean walk_entry(const way *w, const char *sub, const char *name, GError **err)
{
	g_autofree char *path = g_build_filename(w->dir, sub, NULL);
	gboolean skips = FALSE;
	struct stat st;

	if (lstat(path, &st) != 0)
		return error_set(err, EXIT_HOST, "X0820", "cannot read %s", path);
	gboolean folder = S_ISDIR(st.st_mode);
	if (w->ignore && !gitignore_skips(w->ignore, name, folder, &skips, err))
		return FALSE;
	if (skips)
		return TRUE;
	if (!folder)
		return w->visit(w->dir, sub, w->data, err);
	if (w->ignore && !gitignore_enter(w->ignore, name, err))
		return FALSE;
	if (!walk_folder(w, sub, err))
		return FALSE;
	if (w->ignore)
		gitignore_leave(w->ignore);
	return TRUE;
}

static gboolean walk_folder(const way *w, const char *rel, GError **err)
{
	g_autofree char *here =
		rel ? g_build_filename(w->dir, rel, NULL) : g_strdup(w->dir);
	g_autoptr(GPtrArray) names = entries(here, !rel, err);

	for (guint i = 0; names && i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		g_autofree char *sub =
			rel ? g_build_filename(rel, name, NULL) : g_strdup(name);
		if (!walk_entry(w, sub, name, err))
			return FALSE;
	}
	return names != NULL;
}

/* Calls visit(dir, relative path) for every file and link of the source below dir,
 * sorted. */
static gboolean walk(
	const recipe_source *s, const char *dir, visitor visit, void *data, GError **err)
{
	GError *why = NULL;
	g_autoptr(gitignore) ignore = s->use_gitignore ? gitignore_new(dir, &why) : NULL;
	const way w = {dir, ignore, visit, data};

	if (why) {
		g_propagate_error(err, why);
		return FALSE;
	}
	return walk_folder(&w, NULL, err);
}

static gboolean add_file_to_key(
	const char *dir, const char *rel, void *data, GError **err)
{
	digest *d = data;
	g_autofree char *path = g_build_filename(dir, rel, NULL);
	struct stat st;
	g_autofree char *content = NULL;

	if (lstat(path, &st) != 0)
		return error_set(err, EXIT_HOST, "X0820", "cannot read %s", path);
	if (S_ISLNK(st.st_mode))
		content = g_file_read_link(path, NULL);
	else if (S_ISREG(st.st_mode))
		content = digest_file(path, NULL, err);
	else
		return error_set(err, EXIT_INPUT, "X0925",
			"%s is neither a file, a folder nor a link", path);
	if (!content)
		return FALSE;
	const char *kind = S_ISLNK(st.st_mode) ? "l" : st.st_mode & 0100 ? "x" : "f";
	digest_update(d, rel, strlen(rel) + 1);
	digest_update(d, kind, 1);
	digest_update(d, content, strlen(content) + 1);
	return TRUE;
}

static gboolean copy_file(const char *dir, const char *rel, void *data, GError **err)
{
	const char *dest = data;
	g_autofree char *from = g_build_filename(dir, rel, NULL);
	g_autofree char *to = g_build_filename(dest, rel, NULL);
	g_autofree char *parent = g_path_get_dirname(to);

	return fs_mkdir_p(parent, 0755, err) && fs_copy_tree(from, to, FS_COPY, err);
}

static gboolean path_add_to_key(
	const item *i, const recipe_source *s, key *k, GError **err)
{
	g_autofree char *dir = path_source(i->recipe, s, err);
	g_autoptr(digest) d = digest_new();

	if (!dir || !walk(s, dir, add_file_to_key, d, err))
		return FALSE;
	g_autofree char *hex = digest_finish(d);
	g_autofree char *name = g_strdup_printf("source path %s", s->path);
	key_add(k, name, hex);
	return TRUE;
}

static gboolean path_unpack(const build_context *ctx, const item *i,
	const recipe_source *s, const char *dest, GError **err)
{
	(void)ctx;
	g_autofree char *dir = path_source(i->recipe, s, err);

	return dir && walk(s, dir, copy_file, (void *)dest, err);
}

/* Nothing to lock and nothing to fetch: it is part of the repository. */
const source_kind_ops source_path_ops = {
	.name = "path", .add_to_key = path_add_to_key, .unpack = path_unpack};
