#include "build/step_overlay.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/item_record.h"
#include "build/overlay_choose.h"
#include "build/pipeline_private.h"
#include "build/python_resolve.h"
#include "format/digest.h"
#include "format/zip.h"
#include <string.h>
#include <sys/stat.h>

#define KIND "overlay"
#define VERSION 1

const GPtrArray *step_overlay_entries(const item *i)
{
	const lock_environment *e = i->python_tag
					    ? recipe_lock_environment(i->source->lock,
						      i->python_tag, i->platform->name)
					    : NULL;

	return e && e->overlay->len ? e->overlay : NULL;
}

/* The item of that id among those that it needs. */
static const item *find(const GPtrArray *needs, const char *id)
{
	for (guint n = 0; n < needs->len; n++) {
		const item *i = g_ptr_array_index(needs, n);
		if (i->state != ITEM_SKIPPED && g_str_equal(i->id, id))
			return i;
	}
	return NULL;
}

static gboolean not_built(const item *i, const char *id, GError **err)
{
	error_set(err, EXIT_BUILD, "X0991", "%s needs %s, which was not built here",
		i->id, id);
	error_note(err, "%s: its overlay comes from that recipe", i->source->lock->path);
	error_help(err,
		"there is no such recipe beside %s or in recipes/, or it is not "
		"for this target and Python: put it there, or lock this one anew",
		i->source->recipe->path);
	return FALSE;
}

/* An item that is not part of this run, by the inputs of its last result: the very
 * entry that item_key adds, next to this one, for an item of the run. */
static gboolean add_earlier(
	pipeline *p, const item *i, const locked_file *f, key *k, GError **err)
{
	g_autofree char *id = overlay_item_id(i, f);

	if (find(i->needs, id))
		return TRUE;
	g_autoptr(item_record) r = item_record_last(p->ctx->store, id);
	if (!r)
		return not_built(i, id, err);
	g_autofree char *name = g_strdup_printf("needs %s", id);
	key_add(k, name, r->key);
	return TRUE;
}

static gboolean add_to_key(pipeline *p, item *i, key *k, GError **err)
{
	const GPtrArray *list = step_overlay_entries(i);

	if (list)
		key_add(k, "overlay version", G_STRINGIFY(VERSION));
	for (guint n = 0; list && n < list->len; n++) {
		const locked_file *f = g_ptr_array_index(list, n);
		g_autofree char *name = g_strdup_printf("overlay %s", f->name);
		if (f->file)
			key_add(k, name, f->sha256);
	}
	for (guint n = 0; list && n < list->len; n++) {
		const locked_file *f = g_ptr_array_index(list, n);
		if (!f->file && !add_earlier(p, i, f, k, err))
			return FALSE;
	}
	return TRUE;
}

/* The entries that are files of the index. */
static GPtrArray *files_of(const GPtrArray *list)
{
	GPtrArray *files = g_ptr_array_new();

	for (guint n = 0; list && n < list->len; n++) {
		locked_file *f = g_ptr_array_index(list, n);
		if (f->file)
			g_ptr_array_add(files, f);
	}
	return files;
}

static gboolean fetch(pipeline *p, item *i, GError **err)
{
	g_autoptr(GPtrArray) files = files_of(step_overlay_entries(i));
	g_autoptr(GPtrArray) paths =
		python_files_fetch(p->ctx, files, i->source->lock->path, err);

	return paths != NULL;
}

/* The wheel of an entry: a path in the store or in the output folder. */
static char *wheel_of(pipeline *p, const item *i, const locked_file *f, GError **err)
{
	if (f->file) {
		char *blob = store_blob_find(p->ctx->store, f->sha256, f->size);
		if (!blob)
			error_set(err, EXIT_NETWORK, "X0509", "%s is not in the cache",
				f->file);
		return blob;
	}
	g_autofree char *id = overlay_item_id(i, f);
	const item *other = find(i->needs, id);
	g_autoptr(item_record) r = item_record_last(p->ctx->store, id);
	if (other && other->file)
		return g_strdup(other->file);
	char *blob = r ? store_blob_find(p->ctx->store, r->sha256, r->size) : NULL;
	if (!blob)
		not_built(i, id, err);
	return blob;
}

typedef struct laid {
	guint files, different;
	GString *names; /* of the first that differ */
} laid;

static gboolean differs(const char *path, GBytes *bytes)
{
	g_autofree char *there = g_file_test(path, G_FILE_TEST_EXISTS)
					 ? digest_file(path, NULL, NULL)
					 : NULL;
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);
	g_autofree char *new = digest_bytes(data, size);

	return g_strcmp0(there, new) != 0;
}

static gboolean lay_member(const char *site, const zip_file *zip, const zip_entry *e,
	laid *told, GError **err)
{
	g_autofree char *path = g_build_filename(site, e->name, NULL);
	g_autofree char *folder = g_path_get_dirname(path);
	g_autoptr(GBytes) bytes = zip_read(zip, e, err);

	if (!bytes || !fs_mkdir_p(folder, 0755, err))
		return FALSE;
	told->files++;
	if (!differs(path, bytes))
		return TRUE;
	if (told->different++ < 3)
		g_string_append_printf(
			told->names, "%s%s", told->names->len ? ", " : "", e->name);
	return fs_write_atomic(
		path, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), 0644, err);
}

static gboolean lay_wheel(const item *i, const locked_file *f, const char *path,
	const char *site, GError **err)
{
	g_autoptr(zip_file) zip = zip_open(path, err);
	laid told = {.names = g_string_new(NULL)};
	gboolean ok = zip != NULL;

	for (guint n = 0; ok && n < zip->n_entries; n++)
		if (!zip->entries[n].folder && overlay_wants(zip->entries[n].name))
			ok = lay_member(site, zip, &zip->entries[n], &told, err);
	if (ok)
		event_log(EVENT_INFO, i->id, "overlay: %s %s: %u files, %u differ%s%s",
			f->name, f->version, told.files, told.different,
			told.different ? ": " : "", told.names->str);
	g_string_free(told.names, TRUE);
	return ok;
}

static gboolean fill(const step_site *s, const GPtrArray *list, const GPtrArray *wheels,
	const char *dir, GError **err)
{
	const item *i = s->item;
	g_autofree char *site = g_strdup_printf("%s/lib/python3.%u%s/site-packages", dir,
		i->python->minor, i->python->abiflags);

	if (!fs_copy_tree(s->env, dir, FS_COPY, err))
		return FALSE;
	for (guint n = 0; n < list->len; n++)
		if (!lay_wheel(i, g_ptr_array_index(list, n),
			    g_ptr_array_index(wheels, n), site, err))
			return FALSE;
	return TRUE;
}

static char *tree_of(pipeline *p, const step_site *s, const GPtrArray *list, GError **err)
{
	g_autoptr(GPtrArray) wheels = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(key) k = key_new(KIND, VERSION);
	g_autofree char *env = g_path_get_basename(s->env);

	key_add(k, "build environment", env);
	for (guint n = 0; n < list->len; n++) {
		const locked_file *f = g_ptr_array_index(list, n);
		char *wheel = wheel_of(p, s->item, f, err);
		if (!wheel)
			return NULL;
		g_ptr_array_add(wheels, wheel);
		g_autofree char *hex = digest_file(wheel, NULL, err);
		if (!hex)
			return NULL;
		key_add(k, f->name, hex);
	}
	char *ready = NULL;
	store_tree *tree =
		store_tree_begin(p->ctx->store, KIND, key_digest(k), &ready, err);
	if (!tree)
		return ready;
	gboolean ok = fill(s, list, wheels, store_tree_dir(tree), err);
	return store_tree_finish(tree, ok, err);
}

static gboolean prepare(pipeline *p, step_site *s, step_extras *x, GError **err)
{
	const GPtrArray *list = step_overlay_entries(s->item);
	g_autofree char *tree = list ? tree_of(p, s, list, err) : NULL;

	(void)x;
	if (!list)
		return TRUE;
	if (!tree)
		return FALSE;
	s->env = g_intern_string(tree);
	return TRUE;
}

const step_part step_overlay = {
	.name = "overlay", .add_to_key = add_to_key, .fetch = fetch, .prepare = prepare};
