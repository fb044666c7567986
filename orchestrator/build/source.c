#include "build/source.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/fetch.h"
#include "build/patch.h"
#include "build/pypi.h"
#include "format/archive.h"
#include "format/digest.h"
#include <string.h>
#include <sys/stat.h>
#include <ftw.h>

static gboolean unsupported(const recipe *r, const recipe_source *s, GError **err)
{
	static const char *const names[] = {
		"pypi", "url", "git", "gomod", "path", "debsrc"};
	g_autofree char *place = recipe_source_place(r, s);

	error_set(err, EXIT_INPUT, "X0922",
		"source kind `%s` cannot be built by this xorch", names[s->kind]);
	error_line(err, "--> %s", place);
	error_help(err, "kinds so far: pypi, path");
	return FALSE;
}

/* The lock's entry for a source: same kind and project. */
static lock_source *locked(const recipe_lock *lock, const recipe_source *s)
{
	g_autofree char *name = s->pypi ? recipe_normalize(s->pypi) : NULL;

	for (guint i = 0; name && i < lock->sources->len; i++) {
		lock_source *l = g_ptr_array_index(lock->sources, i);
		if (g_str_equal(l->kind, "pypi") && g_str_equal(l->file->name, name))
			return l;
	}
	return NULL;
}

static gboolean version_mismatch(const item_source *s, const recipe_source *source,
	const lock_source *l, GError **err)
{
	g_autofree char *place = recipe_source_place(s->recipe, source);
	g_autofree char *lock_name = g_path_get_basename(s->lock->path);

	error_set(err, EXIT_LOCK, "X0403",
		"the version changed but the locked hash did not");
	error_line(err, "--> %s: %s", place, recipe_source_version(s->recipe, source));
	error_note(err, "%s still holds sha256 %.6s…%s, which belongs to %s", lock_name,
		l->file->sha256, l->file->sha256 + 60, l->file->version);
	error_help(err, "run `xorch lock %s`", s->recipe->path);
	return FALSE;
}

/* H02, H06: an entry that is there must be this recipe's. */
static gboolean entry_fits(const item_source *s, const recipe_source *source,
	const lock_source *l, GError **err)
{
	if (!g_str_equal(l->file->version, recipe_source_version(s->recipe, source)))
		return version_mismatch(s, source, l, err);
	if (source->sha256 && !g_str_equal(source->sha256, l->file->sha256)) {
		g_autofree char *place = recipe_source_place(s->recipe, source);
		error_set(err, EXIT_LOCK, "X0406",
			"the recipe's sha256 of %s is not the lock's", l->file->file);
		error_line(err, "--> %s: %s", place, source->sha256);
		error_note(err, "%s: %s", s->lock->path, l->file->sha256);
		error_help(err, "if the recipe is right, run `xorch lock %s`",
			s->recipe->path);
		return FALSE;
	}
	return TRUE;
}

static gboolean lock_is_forbidden(
	const build_context *ctx, const item_source *s, const char *what, GError **err)
{
	if (!ctx->locked)
		return FALSE;
	error_set(err, EXIT_LOCK, "X0407", "%s is not locked", what);
	if (s->lock_text)
		error_note(err, "%s has no entry for it", s->lock->path);
	else
		error_note(err, "there is no %s", s->lock->path);
	error_help(err, "run `xorch lock %s` and commit the lock", s->recipe->path);
	return TRUE;
}

gboolean source_lock(const build_context *ctx, item_source *s, GError **err)
{
	const recipe *r = s->recipe;

	for (guint i = 0; i < r->sources->len; i++) {
		const recipe_source *source = g_ptr_array_index(r->sources, i);
		if (source->kind == SOURCE_PATH)
			continue;
		if (source->kind != SOURCE_PYPI)
			return unsupported(r, source, err);
		lock_source *l = locked(s->lock, source);
		if (l) {
			if (!entry_fits(s, source, l, err))
				return FALSE;
			continue;
		}
		const char *version = recipe_source_version(r, source);
		g_autofree char *what = g_strdup_printf("%s %s", source->pypi, version);
		if (lock_is_forbidden(ctx, s, what, err))
			return FALSE;
		g_autoptr(pypi_project) project =
			pypi_project_get(ctx, source->pypi, err);
		const index_file *f =
			project ? pypi_find_sdist(project, version, err) : NULL;
		if (!f) {
			g_autofree char *place = recipe_source_place(r, source);
			error_line(err, "--> %s", place);
			return FALSE;
		}
		g_autofree char *name = recipe_normalize(source->pypi);
		l = g_new0(lock_source, 1);
		l->kind = g_strdup("pypi");
		l->file = locked_file_new(name, version, f->filename, f->sha256, f->size);
		l->requires_python = g_strdup(f->requires_python);
		g_ptr_array_add(s->lock->sources, l);
		if (source->sha256 && !entry_fits(s, source, l, err))
			return FALSE;
	}
	return TRUE;
}

gboolean source_lock_renew(item_source *s)
{
	const recipe *r = s->recipe;
	guint before = s->lock->sources->len;

	for (guint i = before; i-- > 0;) {
		const lock_source *l = g_ptr_array_index(s->lock->sources, i);
		gboolean wanted = FALSE;
		for (guint n = 0; n < r->sources->len; n++) {
			const recipe_source *source = g_ptr_array_index(r->sources, n);
			wanted |= locked(s->lock, source) == l &&
				  entry_fits(s, source, l, NULL);
		}
		if (!wanted)
			g_ptr_array_remove_index(s->lock->sources, i);
	}
	if (!g_str_equal(s->lock->version, r->package.version)) {
		g_free(s->lock->version);
		s->lock->version = g_strdup(r->package.version);
		g_ptr_array_set_size(s->lock->environments, 0);
	}
	return s->lock->sources->len != before;
}

gboolean source_lock_complete(const item_source *s, GError **err)
{
	for (guint i = 0; i < s->lock->sources->len; i++) {
		const lock_source *l = g_ptr_array_index(s->lock->sources, i);
		gboolean wanted = FALSE;
		for (guint n = 0; n < s->recipe->sources->len; n++)
			wanted |= locked(s->lock,
					  g_ptr_array_index(s->recipe->sources, n)) == l;
		if (wanted)
			continue;
		error_set(err, EXIT_LOCK, "X0405",
			"the lock holds a source that the recipe no longer has");
		error_note(
			err, "%s: %s %s", s->lock->path, l->file->name, l->file->version);
		error_help(err, "run `xorch lock %s`, which removes it", s->recipe->path);
		return FALSE;
	}
	return TRUE;
}

gboolean source_fetch(
	const build_context *ctx, const item *i, GPtrArray *items, GError **err)
{
	const recipe *r = i->recipe;

	for (guint n = 0; n < r->sources->len; n++) {
		const recipe_source *source = g_ptr_array_index(r->sources, n);
		if (source->kind == SOURCE_PATH)
			continue;
		const lock_source *l = locked(i->source->lock, source);
		g_assert(l); /* source_lock came before */
		fetch_item *f = fetch_item_new(
			l->file->file, l->file->sha256, l->file->size, err);
		if (!f)
			return FALSE;
		pypi_lookup *lookup = g_new0(pypi_lookup, 1);
		lookup->context = ctx;
		lookup->project = g_strdup(l->file->name);
		g_ptr_array_add(i->source->keep, lookup);
		f->find_urls = pypi_find_urls;
		f->find_urls_data = lookup;
		f->where = recipe_source_place(r, source);
		g_ptr_array_add(items, f);
	}
	return TRUE;
}

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

/* What of a working tree is no source. */
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

/* Calls visit(relative path) for every file and link below dir, sorted. */
static gboolean walk(const char *dir, const char *rel,
	gboolean (*visit)(const char *dir, const char *rel, void *data, GError **err),
	void *data, GError **err)
{
	g_autofree char *here = rel ? g_build_filename(dir, rel, NULL) : g_strdup(dir);
	g_autoptr(GDir) d = g_dir_open(here, 0, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	if (!d)
		return error_set(err, EXIT_HOST, "X0820", "cannot read %s", here);
	while ((name = g_dir_read_name(d)))
		if (rel || !left_out(name))
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_string);
	for (guint i = 0; i < names->len; i++) {
		name = g_ptr_array_index(names, i);
		if (g_str_equal(name, "__pycache__"))
			continue;
		g_autofree char *sub =
			rel ? g_build_filename(rel, name, NULL) : g_strdup(name);
		g_autofree char *path = g_build_filename(dir, sub, NULL);
		struct stat st;
		if (lstat(path, &st) != 0)
			return error_set(err, EXIT_HOST, "X0820", "cannot read %s", path);
		if (S_ISDIR(st.st_mode)) {
			if (!walk(dir, sub, visit, data, err))
				return FALSE;
		} else if (!visit(dir, sub, data, err)) {
			return FALSE;
		}
	}
	return TRUE;
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

gboolean source_add_to_key(const item *i, key *k, GError **err)
{
	const recipe *r = i->recipe;

	for (guint n = 0; n < r->sources->len; n++) {
		const recipe_source *s = g_ptr_array_index(r->sources, n);
		if (s->kind == SOURCE_PYPI) {
			const lock_source *l = locked(i->source->lock, s);
			g_autofree char *name =
				g_strdup_printf("source %s", l->file->file);
			key_add(k, name, l->file->sha256);
		} else if (s->kind == SOURCE_PATH) {
			g_autofree char *dir = path_source(r, s, err);
			g_autoptr(digest) d = digest_new();
			if (!dir || !walk(dir, NULL, add_file_to_key, d, err))
				return FALSE;
			g_autofree char *hex = digest_finish(d);
			g_autofree char *name =
				g_strdup_printf("source path %s", s->path);
			key_add(k, name, hex);
		} else {
			return unsupported(r, s, err);
		}
		for (guint p = 0; s->patches && p < s->patches->len; p++) {
			const char *rel = g_ptr_array_index(s->patches, p);
			g_autofree char *path = fs_resolve_beneath(r->dir, rel, err);
			g_autofree char *hex = path ? digest_file(path, NULL, err) : NULL;
			if (!hex)
				return FALSE;
			g_autofree char *name = g_strdup_printf("patch %s", rel);
			key_add(k, name, hex);
		}
	}
	return TRUE;
}

static gboolean unpack_one(const build_context *ctx, const item *i,
	const recipe_source *s, const char *dest, GError **err)
{
	if (s->kind == SOURCE_PATH) {
		g_autofree char *dir = path_source(i->recipe, s, err);
		return dir && walk(dir, NULL, copy_file, (void *)dest, err);
	}
	const lock_source *l = locked(i->source->lock, s);
	g_autofree char *blob =
		store_blob_find(ctx->store, l->file->sha256, l->file->size);
	if (!blob)
		return error_set(err, EXIT_NETWORK, "X0509", "%s is not in the cache",
			l->file->file);
	GError *problem = NULL;
	if (archive_unpack(blob, dest, &ARCHIVE_SDIST, NULL, &problem))
		return TRUE;
	error_prefix(&problem, "%s", l->file->file);
	g_propagate_error(err, problem);
	return FALSE;
}

gboolean source_unpack(const build_context *ctx, const item *i, const char *dest,
	sandbox_level level, GError **err)
{
	const recipe *r = i->recipe;

	for (guint n = 0; n < r->sources->len; n++) {
		const recipe_source *s = g_ptr_array_index(r->sources, n);
		g_autofree char *dir =
			s->target_directory
				? g_build_filename(dest, s->target_directory, NULL)
				: g_strdup(dest);
		if (s->target_directory) {
			g_autofree char *parent = g_path_get_dirname(dir);
			if (!fs_mkdir_p(parent, 0755, err))
				return FALSE;
		}
		if (!unpack_one(ctx, i, s, dir, err))
			return FALSE;
		for (guint p = 0; s->patches && p < s->patches->len; p++) {
			const char *rel = g_ptr_array_index(s->patches, p);
			g_autofree char *path = fs_resolve_beneath(r->dir, rel, err);
			if (!path || !patch_apply(path, rel, dir, level, err))
				return FALSE;
		}
	}
	return TRUE;
}

static __thread gint64 newest;

static int look_at(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)at;
	if (type == FTW_F && st->st_mtime > newest)
		newest = st->st_mtime;
	return 0;
}

gint64 source_date(const char *dir)
{
	newest = 0;
	nftw(dir, look_at, 16, FTW_PHYS);
	return newest;
}
