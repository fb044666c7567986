#include "build/subproject.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/fetch.h"
#include "build/source_git.h"
#include "format/digest.h"
#include <string.h>

#define UNKNOWN_MAX ((gsize)256 << 20)

static gboolean fetch_file(const build_context *ctx, const char *where,
	const locked_wrap *w, char **path, GError **err)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = ctx->offline};
	fetch_item *f = fetch_item_new(w->file, w->sha256, w->size, err);

	if (!f)
		return FALSE;
	g_ptr_array_add(items, f);
	f->allow_http = TRUE; /* the sha256 is of the verified source */
	f->where = g_strdup(where);
	for (guint n = 0; n < w->urls->len; n++)
		fetch_item_add_url(f, g_ptr_array_index(w->urls, n));
	if (!fetch_blobs(ctx->store, items, &options, err))
		return FALSE;
	if (path)
		*path = g_strdup(f->path);
	return TRUE;
}

/* Nothing says what it should be: what comes by TLS today is what is locked. */
static gboolean fetch_unknown(const build_context *ctx, locked_wrap *row, GError **err)
{
	fetch_document d = {
		.label = row->file, .max_size = UNKNOWN_MAX, .offline = ctx->offline};
	g_autoptr(GPtrArray) urls = g_ptr_array_new();

	for (guint n = 0; n < row->urls->len; n++)
		g_ptr_array_add(urls, g_ptr_array_index(row->urls, n));
	g_ptr_array_add(urls, NULL);
	d.urls = (const char *const *)urls->pdata;
	if (fetch_document_get(&d, err))
		row->sha256 = store_blob_add_bytes(ctx->store,
			g_bytes_get_data(d.body, NULL), g_bytes_get_size(d.body), err);
	fetch_document_clear(&d);
	return row->sha256 != NULL;
}

char *subproject_lock_file(
	const build_context *ctx, const char *where, locked_wrap *row, GError **err)
{
	g_autofree char *path = NULL;

	if ((!row->sha256 && !fetch_unknown(ctx, row, err)) ||
		!fetch_file(ctx, where, row, &path, err))
		return NULL;
	g_autofree char *sha = digest_file(path, &row->size, err);
	if (!sha)
		return NULL;
	g_free(row->sha256);
	row->sha256 = g_steal_pointer(&sha);
	return g_steal_pointer(&path);
}

static gboolean may_fetch(const build_context *ctx, const char *name, GError **err)
{
	if (ctx->offline)
		return error_set(err, EXIT_NETWORK, "X0501",
			"%s is not in the cache, and --offline forbids to fetch it",
			name);
	return TRUE;
}

static gboolean is_commit(const char *text)
{
	return strlen(text) == 40 && strspn(text, "0123456789abcdef") == 40;
}

char *subproject_lock_git(
	const build_context *ctx, locked_wrap *row, const char *revision, GError **err)
{
	gboolean commit = is_commit(revision);
	recipe_source source = {.kind = SOURCE_GIT,
		.git = g_ptr_array_index(row->urls, 0),
		.rev = commit ? (char *)revision : NULL,
		.tag = commit ? NULL : (char *)revision,
		.submodules = row->submodules};

	if (!may_fetch(ctx, row->name, err) ||
		!source_git_export(ctx, &source, NULL, &row->commit, &row->tree, err))
		return NULL;
	char *folder = source_git_find(ctx, row->tree);
	if (!folder)
		error_set(
			err, EXIT_NETWORK, "X0509", "%s is not in the cache", row->name);
	return folder;
}

char *subproject_lacking(GError *why, GError **err)
{
	if (why->code != EXIT_NETWORK && why->code != EXIT_INPUT &&
		why->code != EXIT_TIME && why->code != EXIT_INTEGRITY) {
		g_propagate_error(err, why);
		return NULL;
	}
	char *line = g_strndup(why->message, strcspn(why->message, "\n"));
	g_error_free(why);
	return line;
}

static gboolean fetch_git(const build_context *ctx, const locked_wrap *w, GError **err)
{
	g_autofree char *have = source_git_find(ctx, w->tree);
	g_autofree char *commit = NULL, *tree = NULL;
	recipe_source source = {.kind = SOURCE_GIT,
		.git = g_ptr_array_index(w->urls, 0),
		.rev = w->commit,
		.submodules = w->submodules};

	if (have)
		return TRUE;
	if (!may_fetch(ctx, w->directory, err) ||
		!source_git_export(ctx, &source, w->commit, &commit, &tree, err))
		return FALSE;
	if (g_str_equal(tree, w->tree))
		return TRUE;
	error_set(err, EXIT_INTEGRITY, "X0552", "%s is not the source that was locked",
		w->directory);
	error_line(err, "expected: commit %s, files %s", w->commit, w->tree);
	error_line(err, "     got: commit %s, files %s", commit, tree);
	error_note(err, "nothing was used");
	return FALSE;
}

gboolean subproject_fetch(
	const build_context *ctx, const char *where, const locked_wrap *w, GError **err)
{
	return w->file ? fetch_file(ctx, where, w, NULL, err) : fetch_git(ctx, w, err);
}

gboolean subproject_place(
	const build_context *ctx, const locked_wrap *w, const char *to, GError **err)
{
	g_autofree char *from = w->file ? store_blob_find(ctx->store, w->sha256, w->size)
					: source_git_find(ctx, w->tree);

	if (from)
		return fs_copy_tree(from, to, FS_COPY, err);
	return error_set(err, EXIT_NETWORK, "X0509", "%s is not in the cache",
		locked_wrap_place(w));
}
