#include "build/source_kind.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/store.h"
#include "format/archive.h"
#include "format/digest.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A file by its address, or one of several mirrors. Its sha256 is the recipe's, or
 * what came when the lock was written; from then on nothing else is taken. */

#define MAX_DEFAULT (512ll << 20)

/* The last part of the address, without what follows a `?`. */
static char *url_name(const recipe_source *s)
{
	const char *url = g_ptr_array_index(s->urls, 0);
	g_autofree char *bare = g_strndup(url, strcspn(url, "?#"));
	g_autofree char *base = g_path_get_basename(bare);

	if (s->file_name)
		return g_path_get_basename(s->file_name);
	return *base && *base != '.' && !strchr(base, '/') ? g_steal_pointer(&base)
							   : g_strdup("download");
}

static gint64 largest(const recipe_source *s)
{
	return s->max_size > 0 ? s->max_size : MAX_DEFAULT;
}

static void add_urls(fetch_item *f, const recipe_source *s)
{
	for (guint n = 0; n < s->urls->len; n++)
		fetch_item_add_url(f, g_ptr_array_index(s->urls, n));
}

/* With the recipe's sha256 the file goes through the usual door. */
static char *get_known(const build_context *ctx, const recipe *r, const recipe_source *s,
	const char *name, GError **err)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = ctx->offline};
	fetch_item *f = fetch_item_new(name, s->sha256, -1, err);

	if (!f)
		return NULL;
	f->max_size = largest(s);
	f->where = recipe_source_place(r, s);
	add_urls(f, s);
	g_ptr_array_add(items, f);
	return fetch_blobs(ctx->store, items, &options, err) ? g_strdup(f->path) : NULL;
}

static gboolean lock_known(const build_context *ctx, const recipe *r,
	const recipe_source *s, const char *name, lock_source *out, GError **err)
{
	g_autofree char *path = get_known(ctx, r, s, name, err);
	gint64 size = 0;
	g_autofree char *sha = path ? digest_file(path, &size, err) : NULL;

	if (!sha)
		return FALSE;
	out->file = locked_file_new(
		name, recipe_source_version(r, s), name, sha, (gint64)size);
	return TRUE;
}

/* Without one the first look decides, and says so. */
static gboolean lock_first(const build_context *ctx, const recipe *r,
	const recipe_source *s, const char *name, lock_source *out, GError **err)
{
	g_autoptr(GPtrArray) urls = g_ptr_array_new();

	for (guint n = 0; n < s->urls->len; n++)
		g_ptr_array_add(urls, g_ptr_array_index(s->urls, n));
	g_ptr_array_add(urls, NULL);
	fetch_document d = {.label = name,
		.urls = (const char *const *)urls->pdata,
		.max_size = (gsize)largest(s),
		.offline = ctx->offline};
	if (!fetch_document_get(&d, err))
		return FALSE;
	gsize size = 0;
	const void *data = g_bytes_get_data(d.body, &size);
	g_autofree char *sha = store_blob_add_bytes(ctx->store, data, size, err);
	fetch_document_clear(&d);
	if (!sha)
		return FALSE;
	out->file = locked_file_new(
		name, recipe_source_version(r, s), name, sha, (gint64)size);
	event_log(EVENT_NOTE, r->package.name,
		"%s: its sha256 %s is locked as it came now; compare it with what its "
		"makers publish",
		name, sha);
	return TRUE;
}

static gboolean url_lock(const build_context *ctx, item_source *s,
	const recipe_source *source, lock_source *out, GError **err)
{
	g_autofree char *name = url_name(source);

	return source->sha256 ? lock_known(ctx, s->recipe, source, name, out, err)
			      : lock_first(ctx, s->recipe, source, name, out, err);
}

static gboolean url_fetch(const build_context *ctx, const item *i,
	const recipe_source *source, const lock_source *l, GPtrArray *items, GError **err)
{
	fetch_item *f = source_fetch_item(i, source, l, items, err);

	(void)ctx;
	if (!f)
		return FALSE;
	f->max_size = largest(source);
	add_urls(f, source);
	return TRUE;
}

/* A file taken as it is. */
static gboolean place_file(const build_context *ctx, const recipe_source *source,
	const lock_source *l, const char *dest, GError **err)
{
	g_autofree char *blob = source_blob(ctx, l, err);
	const char *name = source->file_name ? source->file_name : l->file->file;
	g_autofree char *to = g_build_filename(dest, name, NULL);
	g_autofree char *parent = g_path_get_dirname(to);

	if (!blob)
		return FALSE;
	g_autoptr(GBytes) bytes = fs_read(blob, G_MAXSSIZE, err);
	return bytes && fs_mkdir_p(parent, 0755, err) &&
	       fs_write_atomic(to, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
		       0644, err);
}

/* The one folder in `dir`, or NULL. New string. */
static char *only_folder(const char *dir)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	g_autofree char *first = d ? g_strdup(g_dir_read_name(d)) : NULL;

	if (!first || g_dir_read_name(d))
		return NULL;
	g_autofree char *path = g_build_filename(dir, first, NULL);
	return g_file_test(path, G_FILE_TEST_IS_DIR) &&
			       !g_file_test(path, G_FILE_TEST_IS_SYMLINK)
		       ? g_steal_pointer(&path)
		       : NULL;
}

/* Takes one more leading folder away. */
static gboolean strip_one(const char *dir, const char *label, GError **err)
{
	g_autofree char *only = only_folder(dir);
	g_autofree char *aside = g_strconcat(dir, ".top", NULL);
	g_autofree char *inner = only ? g_path_get_basename(only) : NULL;
	g_autofree char *moved = inner ? g_build_filename(aside, inner, NULL) : NULL;

	if (!only)
		return error_set(err, EXIT_INPUT, "X0928",
			"%s has no single folder to drop at every level of "
			"strip_components",
			label);
	if (rename(dir, aside) || rename(moved, dir))
		return fs_fail(err, errno, "move", dir, 0);
	return fs_remove_tree(aside, err);
}

static gboolean url_unpack(const build_context *ctx, const item *i,
	const recipe_source *source, const char *dest, GError **err)
{
	const lock_source *l = source_locked(i->source->lock, source);

	if (!source->extract)
		return place_file(ctx, source, l, dest, err);
	if (source->strip_components == 1)
		return source_archive_unpack(ctx, i, source, dest, err);
	g_autofree char *blob = source_blob(ctx, l, err);
	archive_policy policy = ARCHIVE_SDIST;
	policy.strip_top = source->strip_components > 0;
	if (!blob)
		return FALSE;
	GError *problem = NULL;
	if (!archive_unpack(blob, dest, &policy, NULL, &problem)) {
		error_prefix(&problem, "%s", l->file->file);
		g_propagate_error(err, problem);
		return FALSE;
	}
	for (gint64 n = 1; n < source->strip_components; n++)
		if (!strip_one(dest, l->file->file, err))
			return FALSE;
	return TRUE;
}

const source_kind_ops source_url_ops = {.name = "url",
	.lock_name = url_name,
	.lock = url_lock,
	.fetch = url_fetch,
	.add_to_key = source_locked_add_to_key,
	.unpack = url_unpack};
