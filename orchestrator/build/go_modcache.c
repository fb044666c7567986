#include "build/go_modcache.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include "base/fs.h"
#include "build/store.h"
#include "format/archive.h"
#include "format/go_module.h"
#include "plan/key.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define KIND "go-modules"
#define VERSION 1

/* Unescaped names in the archive, escaped ones on disk: unpacked here, then moved. */
#define STAGING ".unpacked"

static const archive_policy MODULE_ZIP = {0};

static guint count(const lock_go *lock)
{
	return lock->modules ? lock->modules->len : 0;
}

static char *modules_key(const lock_go *lock)
{
	g_autoptr(key) k = key_new(KIND, VERSION);

	for (guint n = 0; n < count(lock); n++) {
		const lock_module *m = g_ptr_array_index(lock->modules, n);
		g_autofree char *name = g_strdup_printf("%s %s", m->path, m->version);
		g_autofree char *value = g_strdup_printf("%s %s %s %s", m->mod_sha256,
			m->mod_h1, m->sha256 ? m->sha256 : "-", m->h1 ? m->h1 : "-");
		key_add(k, name, value);
	}
	return g_strdup(key_digest(k));
}

static char *find_blob(const build_context *ctx, const lock_module *m, const char *sha256,
	gint64 size, const char *extension, GError **err)
{
	char *blob = store_blob_find(ctx->store, sha256, size);

	if (!blob)
		error_set(err, EXIT_NETWORK, "X0509", "%s@%s%s is not in the cache",
			m->path, m->version, extension);
	return blob;
}

/* As go writes what it knows of a version: anything else it would write anew. */
static char *info_text(const lock_module *m)
{
	return g_strdup_printf(
		"{\"Version\":\"%s\",\"Time\":\"0001-01-01T00:00:00Z\"}", m->version);
}

/* Its files in cache/download; `stem` is ".../@v/VERSION". */
static gboolean write_download(
	const build_context *ctx, const lock_module *m, const char *stem, GError **err)
{
	g_autofree char *folder = g_path_get_dirname(stem);
	g_autofree char *info = info_text(m);
	g_autofree char *info_to = g_strconcat(stem, ".info", NULL);
	g_autofree char *mod_to = g_strconcat(stem, ".mod", NULL);
	g_autofree char *hash_to = g_strconcat(stem, ".ziphash", NULL);
	g_autofree char *mod = find_blob(ctx, m, m->mod_sha256, m->mod_size, ".mod", err);

	return mod && fs_mkdir_p(folder, 0755, err) &&
	       fs_copy_tree(mod, mod_to, FS_COPY, err) &&
	       fs_write_atomic(info_to, info, strlen(info), 0644, err) &&
	       (!m->h1 || fs_write_atomic(hash_to, m->h1, strlen(m->h1), 0644, err));
}

/* `place` is its folder as the module cache names it. */
static gboolean write_unpacked(const build_context *ctx, const lock_module *m,
	const char *top, const char *place, GError **err)
{
	g_autofree char *blob = find_blob(ctx, m, m->sha256, m->size, ".zip", err);
	g_autofree char *staging = g_build_filename(top, STAGING, NULL);
	g_autofree char *inside = g_strdup_printf("%s@%s", m->path, m->version);
	g_autofree char *from = g_build_filename(staging, inside, NULL);
	g_autofree char *folder = g_path_get_dirname(place);
	GError *problem = NULL;

	if (!blob)
		return FALSE;
	if (!archive_unpack(blob, staging, &MODULE_ZIP, NULL, &problem)) {
		error_prefix(&problem, "%s", inside);
		g_propagate_error(err, problem);
		return FALSE;
	}
	if (!g_file_test(from, G_FILE_TEST_IS_DIR))
		return error_set(err, EXIT_INTEGRITY, "X0620",
			"%s is refused: nothing in it is below %s/", inside, inside);
	if (!fs_mkdir_p(folder, 0755, err))
		return FALSE;
	if (g_rename(from, place) < 0)
		return error_set_errno(
			err, EXIT_HOST, NULL, errno, "cannot move %s", from);
	return fs_remove_tree(staging, err);
}

static gboolean write_module(
	const build_context *ctx, const lock_module *m, const char *top, GError **err)
{
	g_autofree char *path = go_module_escape(m->path);
	g_autofree char *version = go_module_escape(m->version);
	g_autofree char *proxy = go_modcache_proxy(top);

	if (!path || !version)
		return error_set(err, EXIT_INPUT, "X0535",
			"%s %s is not the name of a module", m->path, m->version);
	g_autofree char *stem = g_build_filename(proxy, path, "@v", version, NULL);
	g_autofree char *place = g_strdup_printf("%s/%s@%s", top, path, version);
	return write_download(ctx, m, stem, err) &&
	       (!m->sha256 || write_unpacked(ctx, m, top, place, err));
}

char *go_modcache_proxy(const char *tree)
{
	return g_build_filename(tree, "cache", "download", NULL);
}

char *go_modcache_prepare(const build_context *ctx, const lock_go *lock, GError **err)
{
	g_autofree char *id = modules_key(lock);
	char *path = NULL;
	store_tree *tree = store_tree_begin(ctx->store, KIND, id, &path, err);

	if (!tree)
		return path;
	g_autofree char *proxy = go_modcache_proxy(store_tree_dir(tree));
	g_autofree char *what = g_strdup_printf("%u Go modules", count(lock));
	gint64 begun = event_step_begin(what, "unpack");
	gboolean ok = fs_mkdir_p(proxy, 0755, err);
	fault_point("extract");
	for (guint n = 0; ok && n < count(lock); n++)
		ok = write_module(ctx, g_ptr_array_index(lock->modules, n),
			store_tree_dir(tree), err);
	event_step_end(what, "unpack", begun, ok);
	return store_tree_finish(tree, ok, err);
}
