#include "build/package_files.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/process.h"
#include "build/fetch.h"
#include "build/registry.h"
#include "build/store.h"
#include "format/deb.h"
#include "format/member_name.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

static gboolean find_urls(fetch_item *item, void *data, GError **err)
{
	const locked_package *p = data;
	g_autoptr(GPtrArray) mirrors = NULL;

	/* The pool of security updates is another archive's. */
	if (!(g_str_has_prefix(p->path, "pool/updates/")
			    ? registry_debian_security(&mirrors, err)
			    : registry_debian(&mirrors, err)))
		return FALSE;
	for (guint i = 0; i < mirrors->len; i++) {
		g_autofree char *url =
			g_strdup_printf("%s/%s", (char *)mirrors->pdata[i], p->path);
		fetch_item_add_url(item, url);
	}
	return TRUE;
}

gboolean package_files_fetch(const build_context *ctx, const GPtrArray *packages,
	GPtrArray *gone, GError **err)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = ctx->offline};
	guint missing = 0;

	for (guint i = 0; i < packages->len; i++) {
		locked_package *p = packages->pdata[i];
		g_autofree char *label = g_path_get_basename(p->path);
		fetch_item *item = fetch_item_new(label, p->sha256, p->size, err);
		if (!item)
			return FALSE;
		item->allow_http = TRUE; /* the sha256 came down the signed chain */
		item->find_urls = find_urls;
		item->find_urls_data = p;
		g_ptr_array_add(items, item);
	}
	if (fetch_blobs(ctx->store, items, &options, err))
		return TRUE;
	for (guint i = 0; i < items->len; i++) {
		const fetch_item *item = items->pdata[i];
		missing += !item->path;
		if (fetch_not_found(item->error))
			g_ptr_array_add(gone, packages->pdata[i]);
	}
	/* with another fault among them nothing is decided yet */
	if (gone->len != missing)
		g_ptr_array_set_size(gone, 0);
	return FALSE;
}

/* Shared by the threads of one unpacking. */
typedef struct unpacking {
	const build_context *ctx;
	const char *dir;
	archive_policy policy;
	GMutex mutex;
	GError *error; /* the first */
} unpacking;

static gboolean keep(const char *path, gpointer data)
{
	return !path_matches_any(data, path);
}

static gboolean failed(unpacking *u, GError *error)
{
	g_mutex_lock(&u->mutex);
	gboolean already = u->error != NULL;
	if (error && !already)
		u->error = g_error_copy(error);
	already = u->error != NULL;
	g_mutex_unlock(&u->mutex);
	return already;
}

char *package_files_blob(
	const build_context *ctx, const locked_package *p, char **label, GError **err)
{
	char *blob = store_blob_find(ctx->store, p->sha256, p->size);

	*label = g_path_get_basename(p->path);
	if (!blob)
		error_set(err, EXIT_INTEGRITY, "X0601",
			"%s was damaged or removed in the store just now", *label);
	return blob;
}

static void unpack_one(gpointer data, gpointer shared)
{
	const locked_package *p = data;
	unpacking *u = shared;
	g_autoptr(GError) error = NULL;

	if (failed(u, NULL))
		return;
	g_autofree char *label = NULL, *blob = NULL;
	if (process_cancelled())
		process_cancelled_error(&error);
	else if ((blob = package_files_blob(u->ctx, p, &label, &error)))
		deb_unpack(blob, label, u->dir, &u->policy, NULL, &error);
	failed(u, error);
}

static int by_size(gconstpointer a, gconstpointer b)
{
	gint64 x = (*(locked_package *const *)a)->size;
	gint64 y = (*(locked_package *const *)b)->size;

	return x < y ? 1 : x > y ? -1 : 0;
}

gboolean package_files_merge_usr(const char *dir, GError **err)
{
	for (int i = 0; usr_merged_folders[i]; i++) {
		const char *name = usr_merged_folders[i];
		g_autofree char *target = g_strconcat("usr/", name, NULL);
		g_autofree char *real = g_build_filename(dir, target, NULL);
		g_autofree char *path = g_build_filename(dir, name, NULL);
		if (g_file_test(real, G_FILE_TEST_IS_DIR) && symlink(target, path))
			return fs_fail(err, errno, "make the link", path, 0);
	}
	return TRUE;
}

gboolean package_files_unpack(const build_context *ctx, const GPtrArray *packages,
	const char *dir, const GPtrArray *prune, GError **err)
{
	g_autoptr(GPtrArray) order = g_ptr_array_new();
	unpacking u = {.ctx = ctx, .dir = dir, .policy = ARCHIVE_DEB_DATA};

	u.policy.keep = prune ? keep : NULL;
	u.policy.keep_data = (gpointer)prune;
	for (guint i = 0; i < packages->len; i++)
		g_ptr_array_add(order, packages->pdata[i]);
	/* the largest first, so that no thread is left alone with one at the end */
	g_ptr_array_sort(order, by_size);
	g_mutex_init(&u.mutex);
	GThreadPool *pool =
		g_thread_pool_new(unpack_one, &u, MAX(1, ctx->jobs), TRUE, NULL);
	for (guint i = 0; i < order->len; i++)
		g_thread_pool_push(pool, order->pdata[i], NULL);
	g_thread_pool_free(pool, FALSE, TRUE);
	g_mutex_clear(&u.mutex);
	if (u.error) {
		g_propagate_error(err, u.error);
		return FALSE;
	}
	fault_point("extract");
	return package_files_merge_usr(dir, err);
}
