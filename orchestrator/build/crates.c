#include "build/crates.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include "base/fs.h"
#include "build/fetch.h"
#include "build/registry.h"
#include "build/store.h"
#include "format/archive.h"
#include "format/http_url.h"
#include "format/json.h"
#include "plan/key.h"
#include "plan/lock.h"
#include <string.h>

#define KIND "crates"
#define VERSION 1
#define CONFIG_MAX (1 << 20)

/* What the items of one fetch share: the download template is asked for once, when
 * the first file turns out to be missing. */
typedef struct lookup {
	const build_context *ctx;
	const char *cargo;
	GMutex mutex;
	gboolean asked;
	GPtrArray *templates; /* char *: one an index */
	GHashTable *files;    /* label -> locked_file */
} lookup;

static void lookup_clear(lookup *l)
{
	g_mutex_clear(&l->mutex);
	g_clear_pointer(&l->templates, g_ptr_array_unref);
	g_clear_pointer(&l->files, g_hash_table_unref);
}

static char *template_of(const build_context *ctx, const char *index, GError **err)
{
	g_autofree char *url = http_url_below(index, "config.json");
	const char *const urls[] = {url, NULL};
	fetch_document d = {.label = "the settings of the crate registry",
		.urls = urls,
		.max_size = CONFIG_MAX,
		/* The settings of this machine chose it: its scheme is theirs. */
		.allow_http = g_str_has_prefix(url, "http:"),
		.offline = ctx->offline};
	char *dl = NULL;

	if (!fetch_document_get(&d, err))
		return NULL;
	gsize size;
	const char *text = g_bytes_get_data(d.body, &size);
	g_autoptr(json_t) j = json_parse(text ? text : "", size, d.label, err);
	if (j && json_get_string(j, "dl"))
		dl = g_strdup(json_get_string(j, "dl"));
	else if (j)
		error_set(err, EXIT_INTEGRITY, "X0604",
			"the crate registry does not say where its files are");
	if (!dl) {
		g_autofree char *shown = http_url_show(url);
		error_line(err, "from: %s", shown);
	}
	fetch_document_clear(&d);
	return dl;
}

static gboolean ask(lookup *l, GError **err)
{
	g_autoptr(GPtrArray) indexes = NULL;
	g_autoptr(GError) first = NULL;

	if (l->asked)
		return TRUE;
	if (!registry_crates(l->cargo, &indexes, err))
		return FALSE;
	l->templates = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < indexes->len; i++) {
		GError *why = NULL;
		char *dl = template_of(l->ctx, indexes->pdata[i], &why);
		if (dl)
			g_ptr_array_add(l->templates, dl);
		if (why && !first)
			first = why;
		else
			g_clear_error(&why);
	}
	if (!l->templates->len) {
		g_propagate_error(err, g_steal_pointer(&first));
		return FALSE;
	}
	l->asked = TRUE;
	return TRUE;
}

char *crates_prefix(const char *name)
{
	gsize n = strlen(name);

	if (n <= 2)
		return g_strdup_printf("%d", (int)n);
	if (n == 3)
		return g_strdup_printf("3/%c", name[0]);
	return g_strdup_printf("%.2s/%.2s", name, name + 2);
}

/* The registry protocol: markers in `dl`, or without any "/NAME/VERSION/download". */
static char *url_of(const char *dl, const locked_file *f)
{
	g_autofree char *prefix = crates_prefix(f->name);
	g_autofree char *lower = g_ascii_strdown(prefix, -1);
	const struct {
		const char *marker, *value;
	} markers[] = {{"{crate}", f->name}, {"{version}", f->version},
		{"{prefix}", prefix}, {"{lowerprefix}", lower},
		{"{sha256-checksum}", f->sha256}};
	g_autoptr(GString) url = g_string_new(dl);
	guint replaced = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(markers); i++)
		replaced += g_string_replace(url, markers[i].marker, markers[i].value, 0);
	if (!replaced)
		g_string_append_printf(url, "/%s/%s/download", f->name, f->version);
	return g_string_free(g_steal_pointer(&url), FALSE);
}

static gboolean find_urls(fetch_item *item, void *data, GError **err)
{
	lookup *l = data;
	const locked_file *f = g_hash_table_lookup(l->files, item->label);

	g_mutex_lock(&l->mutex);
	gboolean ok = ask(l, err);
	g_mutex_unlock(&l->mutex);
	for (guint i = 0; ok && i < l->templates->len; i++) {
		g_autofree char *url = url_of(l->templates->pdata[i], f);
		item->allow_http |= g_str_has_prefix(url, "http:");
		fetch_item_add_url(item, url);
	}
	return ok;
}

gboolean crates_fetch(const build_context *ctx, const GPtrArray *crates,
	const char *cargo, const char *where, GError **err)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = ctx->offline};
	lookup l = {.ctx = ctx, .cargo = cargo};
	gboolean ok = TRUE;

	g_mutex_init(&l.mutex);
	l.files = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; ok && i < crates->len; i++) {
		locked_file *f = g_ptr_array_index(crates, i);
		fetch_item *item = fetch_item_new(f->file, f->sha256, f->size, err);
		ok = item != NULL;
		if (!item)
			break;
		g_ptr_array_add(items, item);
		item->where = g_strdup(where);
		item->find_urls = find_urls;
		item->find_urls_data = &l;
		g_hash_table_insert(l.files, f->file, f);
	}
	ok = ok && (!items->len || fetch_blobs(ctx->store, items, &options, err));
	lookup_clear(&l);
	return ok;
}

char *crates_key(const GPtrArray *crates)
{
	g_autoptr(key) k = key_new(KIND, VERSION);

	for (guint i = 0; i < crates->len; i++) {
		const locked_file *f = g_ptr_array_index(crates, i);
		key_add(k, f->file, f->sha256);
	}
	return g_strdup(key_digest(k));
}

/* The file list stays empty: cargo then holds the crate's own sum alone against
 * Cargo.lock, and the files have just come out of the archive with that sum. */
static gboolean unpack_one(
	const build_context *ctx, const locked_file *f, const char *dir, GError **err)
{
	g_autofree char *name = g_strdup_printf("%s-%s", f->name, f->version);
	g_autofree char *folder = g_build_filename(dir, name, NULL);
	g_autofree char *sums = g_build_filename(folder, ".cargo-checksum.json", NULL);
	g_autofree char *text =
		g_strdup_printf("{\"files\":{},\"package\":\"%s\"}", f->sha256);
	g_autofree char *blob = store_blob_find(ctx->store, f->sha256, f->size);
	GError *problem = NULL;

	if (!blob)
		return error_set(
			err, EXIT_NETWORK, "X0509", "%s is not in the cache", f->file);
	if (!archive_unpack(blob, folder, &ARCHIVE_SDIST, NULL, &problem)) {
		error_prefix(&problem, "%s", f->file);
		g_propagate_error(err, problem);
		return FALSE;
	}
	return fs_write_atomic(sums, text, strlen(text), 0644, err);
}

char *crates_tree(
	const build_context *ctx, const GPtrArray *crates, char **key_out, GError **err)
{
	g_autofree char *k = crates_key(crates);
	char *path = NULL;
	store_tree *tree = store_tree_begin(ctx->store, KIND, k, &path, err);

	if (tree) {
		g_autofree char *what = g_strdup_printf("%u crates", crates->len);
		gint64 begun = event_step_begin(what, "unpack");
		gboolean ok = TRUE;
		fault_point("extract");
		for (guint i = 0; ok && i < crates->len; i++)
			ok = unpack_one(ctx, g_ptr_array_index(crates, i),
				store_tree_dir(tree), err);
		event_step_end(what, "unpack", begun, ok);
		path = store_tree_finish(tree, ok, err);
	}
	if (path && key_out)
		*key_out = g_steal_pointer(&k);
	return path;
}
