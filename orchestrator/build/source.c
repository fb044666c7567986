#include "build/source.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/instant.h"
#include "build/patch.h"
#include "build/source_kind.h"
#include "format/archive.h"
#include "format/digest.h"
#include "plan/lock_cut.h"
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

/* A kind of source the recipe format knows but this table does not is X0922. */
static const source_kind_ops *const kinds[SOURCE_DEBSRC + 1] = {
	[SOURCE_PYPI] = &source_pypi_ops,
	[SOURCE_GIT] = &source_git_ops,
	[SOURCE_GOMOD] = &source_gomod_ops,
	[SOURCE_PATH] = &source_path_ops,
	[SOURCE_URL] = &source_url_ops,
	[SOURCE_DEBSRC] = &source_debsrc_ops,
};

const source_kind_ops *source_ops(const recipe *r, const recipe_source *s, GError **err)
{
	static const char *const names[] = {
		"pypi", "url", "git", "gomod", "path", "debsrc"};

	if (kinds[s->kind])
		return kinds[s->kind];
	g_autofree char *place = recipe_source_place(r, s);
	error_set(err, EXIT_INPUT, "X0922",
		"source kind `%s` cannot be built by this xorch", names[s->kind]);
	error_line(err, "--> %s", place);
	g_autoptr(GString) known = g_string_new(NULL);
	for (guint n = 0; n < G_N_ELEMENTS(kinds); n++)
		if (kinds[n])
			g_string_append_printf(
				known, "%s%s", known->len ? ", " : "", kinds[n]->name);
	error_help(err, "kinds so far: %s", known->str);
	return NULL;
}

lock_source *source_locked(const recipe_lock *lock, const recipe_source *s)
{
	const source_kind_ops *ops = kinds[s->kind];
	g_autofree char *name = ops && ops->lock_name ? ops->lock_name(s) : NULL;

	for (guint i = 0; name && i < lock->sources->len; i++) {
		lock_source *l = g_ptr_array_index(lock->sources, i);
		if (g_str_equal(l->kind, ops->name) && g_str_equal(l->file->name, name))
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
	if (l->file->sha256)
		error_note(err, "%s still holds sha256 %.6s…%s, which belongs to %s",
			lock_name, l->file->sha256, l->file->sha256 + 60,
			l->file->version);
	else
		error_note(err, "%s still holds commit %s, which belongs to %s",
			lock_name, l->commit ? l->commit : "none", l->file->version);
	error_help(err, "run `xorch lock %s`", s->recipe->path);
	return FALSE;
}

/* H02, H06: an entry that is there must be this recipe's. */
static gboolean entry_fits(const item_source *s, const recipe_source *source,
	const lock_source *l, GError **err)
{
	if (!g_str_equal(l->file->version, recipe_source_version(s->recipe, source)))
		return version_mismatch(s, source, l, err);
	if (source->sha256 && l->file->sha256 &&
		!g_str_equal(source->sha256, l->file->sha256)) {
		g_autofree char *place = recipe_source_place(s->recipe, source);
		error_set(err, EXIT_LOCK, "X0406",
			"the recipe's sha256 of %s is not the lock's", l->file->file);
		error_line(err, "--> %s: %s", place, source->sha256);
		error_note(err, "%s: %s", s->lock->path, l->file->sha256);
		error_help(err, "if the recipe is right, run `xorch lock %s`",
			s->recipe->path);
		return FALSE;
	}
	const source_kind_ops *ops = kinds[source->kind];
	return !ops->fits || ops->fits(s, source, l, err);
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

gboolean source_age_allowed(
	const build_context *ctx, const char *what, gint64 date, GError **err)
{
	if (!ctx->cut || date < ctx->cut)
		return TRUE;
	g_autofree char *cut = instant_text(ctx->cut);
	g_autofree char *when = instant_text(date);
	error_set(err, EXIT_INPUT, "X0514", "%s is too new for --exclude-newer", what);
	error_note(err, "its commit is of %s; --exclude-newer is %s", when, cut);
	error_help(err, "name an older version, or take it all the same: "
			"--exclude-newer 0d");
	return FALSE;
}

static gboolean lock_one(const build_context *ctx, item_source *s,
	const recipe_source *source, GError **err)
{
	const recipe *r = s->recipe;
	const source_kind_ops *ops = source_ops(r, source, err);

	if (!ops || !ops->lock_name)
		return ops != NULL;
	lock_source *l = source_locked(s->lock, source);
	if (l)
		return entry_fits(s, source, l, err);
	g_autofree char *name = ops->lock_name(source);
	g_autofree char *what =
		g_strdup_printf("%s %s", name, recipe_source_version(r, source));
	if (lock_is_forbidden(ctx, s, what, err))
		return FALSE;
	l = lock_source_new(ops->name);
	if (!ops->lock(ctx, s, source, l, err)) {
		g_autofree char *place = recipe_source_place(r, source);
		error_line(err, "--> %s", place);
		lock_source_free(l);
		return FALSE;
	}
	if (source->kind == SOURCE_PYPI)
		lock_cut_add(s->lock, ctx->cut);
	g_ptr_array_add(s->lock->sources, l);
	return !source->sha256 || entry_fits(s, source, l, err);
}

gboolean source_lock(const build_context *ctx, item_source *s, GError **err)
{
	const recipe *r = s->recipe;

	for (guint i = 0; i < r->sources->len; i++)
		if (!lock_one(ctx, s, g_ptr_array_index(r->sources, i), err))
			return FALSE;
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
			wanted |= source_locked(s->lock, source) == l &&
				  entry_fits(s, source, l, NULL);
		}
		if (!wanted)
			g_ptr_array_remove_index(s->lock->sources, i);
	}
	if (!g_str_equal(s->lock->version, r->package.version)) {
		g_free(s->lock->version);
		s->lock->version = g_strdup(r->package.version);
		lock_cut_forget(s->lock);
		recipe_lock_set_crates(s->lock, NULL);
		recipe_lock_drop_wraps(s->lock);
	}
	return s->lock->sources->len != before;
}

gboolean source_lock_complete(const item_source *s, GError **err)
{
	for (guint i = 0; i < s->lock->sources->len; i++) {
		const lock_source *l = g_ptr_array_index(s->lock->sources, i);
		gboolean wanted = FALSE;
		for (guint n = 0; n < s->recipe->sources->len; n++)
			wanted |= source_locked(s->lock,
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
		const source_kind_ops *ops = source_ops(r, source, err);
		if (!ops)
			return FALSE;
		if (!ops->fetch)
			continue;
		const lock_source *l = source_locked(i->source->lock, source);
		g_assert(l); /* source_lock came before */
		if (!ops->fetch(ctx, i, source, l, items, err))
			return FALSE;
	}
	return TRUE;
}

gboolean source_obtain(const build_context *ctx, const item *i, GError **err)
{
	const recipe *r = i->recipe;

	for (guint n = 0; n < r->sources->len; n++) {
		const recipe_source *source = g_ptr_array_index(r->sources, n);
		const source_kind_ops *ops = source_ops(r, source, err);
		if (!ops || (ops->obtain &&
				    !ops->obtain(ctx, i, source,
					    source_locked(i->source->lock, source), err)))
			return FALSE;
	}
	return TRUE;
}

gboolean source_locked_add_to_key(
	const item *i, const recipe_source *source, key *k, GError **err)
{
	(void)err;
	const lock_source *l = source_locked(i->source->lock, source);
	g_autofree char *name = g_strdup_printf("source %s", l->file->file);

	key_add(k, name, l->file->sha256);
	return TRUE;
}

fetch_item *source_fetch_item(const item *i, const recipe_source *source,
	const lock_source *l, GPtrArray *items, GError **err)
{
	fetch_item *f =
		fetch_item_new(l->file->file, l->file->sha256, l->file->size, err);

	if (!f)
		return NULL;
	f->where = recipe_source_place(i->recipe, source);
	g_ptr_array_add(items, f);
	return f;
}

char *source_blob(const build_context *ctx, const lock_source *l, GError **err)
{
	char *blob = store_blob_find(ctx->store, l->file->sha256, l->file->size);

	if (!blob)
		error_set(err, EXIT_NETWORK, "X0509", "%s is not in the cache",
			l->file->file);
	return blob;
}

gboolean source_archive_unpack(const build_context *ctx, const item *i,
	const recipe_source *source, const char *dest, GError **err)
{
	const lock_source *l = source_locked(i->source->lock, source);
	g_autofree char *blob = source_blob(ctx, l, err);

	if (!blob)
		return FALSE;
	GError *problem = NULL;
	if (archive_unpack(blob, dest, &ARCHIVE_SDIST, NULL, &problem))
		return TRUE;
	error_prefix(&problem, "%s", l->file->file);
	g_propagate_error(err, problem);
	return FALSE;
}

static gboolean patches_add_to_key(
	const recipe *r, const recipe_source *s, key *k, GError **err)
{
	for (guint p = 0; s->patches && p < s->patches->len; p++) {
		const char *rel = g_ptr_array_index(s->patches, p);
		g_autofree char *path = fs_resolve_beneath(r->dir, rel, err);
		g_autofree char *hex = path ? digest_file(path, NULL, err) : NULL;
		if (!hex)
			return FALSE;
		g_autofree char *name = g_strdup_printf("patch %s", rel);
		key_add(k, name, hex);
	}
	if (s->patches && s->patches->len)
		key_add(k, "patched files", "dated by the source");
	return TRUE;
}

/* A plan may ask for the key of what was never locked. */
static gboolean is_locked(
	const item *i, const recipe_source *s, const source_kind_ops *ops, GError **err)
{
	if (!ops->lock_name || source_locked(i->source->lock, s))
		return TRUE;
	g_autofree char *name = ops->lock_name(s);
	error_set(err, EXIT_LOCK, "X0407", "%s is not locked", name);
	error_help(err, "run `xorch lock %s`", i->source->recipe->path);
	return FALSE;
}

gboolean source_add_to_key(const item *i, key *k, GError **err)
{
	const recipe *r = i->recipe;

	for (guint n = 0; n < r->sources->len; n++) {
		const recipe_source *s = g_ptr_array_index(r->sources, n);
		const source_kind_ops *ops = source_ops(r, s, err);
		if (!ops || !is_locked(i, s, ops, err) ||
			!ops->add_to_key(i, s, k, err) ||
			!patches_add_to_key(r, s, k, err))
			return FALSE;
	}
	return TRUE;
}

/* ---- dates ---- */

static __thread gint64 newest;

static int look_at(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)path;
	(void)at;
	if (type == FTW_F && st->st_mtime > newest)
		newest = st->st_mtime;
	return 0;
}

static int make_no_newer(
	const char *path, const struct stat *st, int type, struct FTW *at)
{
	const struct timespec times[] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = newest}};

	(void)at;
	if (type == FTW_F && st->st_mtime > newest)
		utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
	return 0;
}

gint64 source_date(const char *dir)
{
	newest = 0;
	nftw(dir, look_at, 16, FTW_PHYS);
	return newest;
}

/* What a patch wrote is as old as the newest file that was unpacked, whenever it was
 * applied: the date of the source is its publisher's. */
static gboolean apply_patches(const recipe *r, const recipe_source *s, const char *dir,
	sandbox_level level, GError **err)
{
	if (!s->patches || !s->patches->len)
		return TRUE;
	gint64 date = source_date(dir);
	for (guint p = 0; p < s->patches->len; p++) {
		const char *rel = g_ptr_array_index(s->patches, p);
		g_autofree char *path = fs_resolve_beneath(r->dir, rel, err);
		if (!path || !patch_apply(path, rel, dir, level, err))
			return FALSE;
	}
	newest = date;
	nftw(dir, make_no_newer, 16, FTW_PHYS);
	return TRUE;
}

gboolean source_unpack(const build_context *ctx, const item *i, const char *dest,
	sandbox_level level, GError **err)
{
	const recipe *r = i->recipe;

	for (guint n = 0; n < r->sources->len; n++) {
		const recipe_source *s = g_ptr_array_index(r->sources, n);
		const source_kind_ops *ops = source_ops(r, s, err);
		g_autofree char *dir =
			s->target_directory
				? g_build_filename(dest, s->target_directory, NULL)
				: g_strdup(dest);
		if (!ops)
			return FALSE;
		if (s->target_directory) {
			g_autofree char *parent = g_path_get_dirname(dir);
			if (!fs_mkdir_p(parent, 0755, err))
				return FALSE;
		}
		if (!ops->unpack(ctx, i, s, dir, err) ||
			!apply_patches(r, s, dir, level, err))
			return FALSE;
	}
	return TRUE;
}
