#include "build/pipeline.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include "base/fs.h"
#include "base/work_clock.h"
#include "build/builder.h"
#include "build/fetch.h"
#include "build/item_key.h"
#include "build/item_record.h"
#include "build/kept.h"
#include "build/pipeline_host.h"
#include "build/pipeline_library.h"
#include "build/pipeline_abi3.h"
#include "build/pipeline_private.h"
#include "build/pipeline_provenance.h"
#include "build/source.h"
#include "format/digest.h"
#include "format/intoto.h"
#include <string.h>

/* B19: what is edited while it is built gives a result of neither state. */
gboolean pipeline_source_unchanged(pipeline *p, item *i, GError **err)
{
	gboolean local = FALSE;

	for (guint n = 0; n < i->recipe->sources->len; n++) {
		const recipe_source *s = g_ptr_array_index(i->recipe->sources, n);
		local |= s->kind == SOURCE_PATH || s->patches;
	}
	g_autoptr(key) now = local ? item_key(p, i, err) : NULL;
	if (!local)
		return TRUE;
	if (!now)
		return FALSE;
	if (g_str_equal(key_digest(now), key_digest(i->key)))
		return TRUE;
	error_set(err, EXIT_BUILD, "X0908", "the source was changed while it was built");
	g_autoptr(item_record) before = item_record_new();
	item_record_take_inputs(before, i->key);
	g_autoptr(GPtrArray) changes = item_record_differences(before, now);
	for (guint n = 0; n < changes->len; n++)
		error_note(err, "%s", (char *)g_ptr_array_index(changes, n));
	error_help(err, "build again when nothing writes there any more");
	return FALSE;
}

gboolean pipeline_inputs_unchanged(pipeline *p, const char *level, GError **err)
{
	return g_strcmp0(level, sandbox_level_name(SANDBOX_BWRAP)) == 0 ||
	       store_trees_unchanged(p->ctx->store, err);
}

/* What the caller wanted done, when the inputs are still those of the key. */
static gboolean finish_checked(
	item *i, const pipeline_product *product, void *data, GError **err)
{
	pipeline *p = data;
	pipeline_product whole = *product;

	if (!pipeline_inputs_unchanged(p, i->sandbox, err) ||
		!pipeline_source_unchanged(p, i, err))
		return FALSE;
	g_autoptr(json_t) predicate = pipeline_provenance(p, i, product->target, err);
	whole.predicate = predicate;
	return predicate && p->finish(i, &whole, p->finish_data, err);
}

static gboolean again_checked(
	item *i, const pipeline_product *product, void *data, GError **err)
{
	pipeline *p = data;

	return pipeline_inputs_unchanged(p, i->sandbox, err) &&
	       pipeline_source_unchanged(p, i, err) &&
	       p->again(i, product, p->finish_data, err);
}

pipeline *pipeline_new(const build_context *ctx, const pipeline_options *options)
{
	pipeline *p = g_new0(pipeline, 1);

	p->ctx = ctx;
	p->options = *options;
	p->finish = options->finish;
	p->again = options->again;
	p->finish_data = options->finish_data;
	p->options.finish = finish_checked;
	p->options.again = options->again ? again_checked : NULL;
	p->options.finish_data = p;
	p->history = history_open();
	g_mutex_init(&p->mutex);
	g_mutex_init(&p->uv_mutex);
	p->sysroots = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)sysroot_def_free);
	p->crates_renewed = g_hash_table_new(g_direct_hash, g_direct_equal);
	p->abi3_building = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	p->abi3_fresh = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_cond_init(&p->abi3_built);
	return p;
}

void pipeline_free(pipeline *p)
{
	if (!p)
		return;
	uv_clear(&p->uv);
	g_hash_table_unref(p->sysroots);
	g_hash_table_unref(p->crates_renewed);
	g_hash_table_unref(p->abi3_building);
	g_hash_table_unref(p->abi3_fresh);
	g_cond_clear(&p->abi3_built);
	history_close(p->history);
	g_mutex_clear(&p->mutex);
	g_mutex_clear(&p->uv_mutex);
	g_free(p);
}

gboolean pipeline_uv_described(pipeline *p, GError **err)
{
	g_mutex_lock(&p->uv_mutex);
	gboolean ok = p->uv.key || uv_describe(p->ctx, &p->uv, err);
	g_mutex_unlock(&p->uv_mutex);
	return ok;
}

gboolean pipeline_uv(pipeline *p, GError **err)
{
	g_mutex_lock(&p->uv_mutex);
	if (!p->uv_ready)
		p->uv_ready = uv_prepare(p->ctx, &p->uv, err);
	gboolean ok = p->uv_ready;
	g_mutex_unlock(&p->uv_mutex);
	return ok;
}

gboolean pipeline_cross_bare(pipeline *p, item *i, cross_request *out, GError **err)
{
	g_mutex_lock(&p->mutex);
	sysroot_def *def = g_hash_table_lookup(p->sysroots, i->sysroot);
	if (!def) {
		def = sysroot_def_find(i->sysroot, err);
		if (def)
			g_hash_table_insert(p->sysroots, g_strdup(i->sysroot), def);
	}
	g_mutex_unlock(&p->mutex);
	if (!def || !sysroot_def_has(def, i->platform, err))
		return FALSE;
	*out = (cross_request){.toolchain = i->toolchain,
		.sysroot = def,
		.platform = i->platform,
		.floor = i->floor,
		.extra = host_packages_locked(i)};
	return TRUE;
}

gboolean pipeline_cross_request(pipeline *p, item *i, cross_request *out, GError **err)
{
	if (!pipeline_cross_bare(p, i, out, err) || !pipeline_libraries(p, i, err))
		return FALSE;
	out->overlay = (host_overlay){
		.libraries = i->libraries, .link_static = i->recipe->wheel.link_static};
	return TRUE;
}

/* A clang to measure types with: the build machine's. */
static gboolean open_clang(
	const cross *c, const platform *target, toolchain *out, GError **err)
{
	return toolchain_open(out, "clang", c->build_toolchain_tree,
		c->build_toolchain_key, target, err);
}

gboolean pipeline_target(pipeline *p, const item *i, const cross *c, gboolean make,
	python_target *out, GError **err)
{
	g_auto(toolchain) clang = {0};
	python_target_spec spec = {.python = i->python,
		.platform = i->platform,
		.floor = i->floor,
		.clang = &clang,
		.sysroot = c->sysroot_tree,
		.sysroot_key = c->sysroot_key};

	if (make && !open_clang(c, i->platform, &clang, err))
		return FALSE;
	if (!make) {
		clang.key = g_strdup(c->build_toolchain_key);
		clang.name = g_strdup("clang");
	}
	return make ? python_target_prepare(p->ctx, &spec, out, err)
		    : python_target_describe(p->ctx->store, &spec, out, err);
}

/* Built whatever the store has. */
static gboolean is_forced(const pipeline *p, const item *i)
{
	return p->options.force || (p->options.rebuild && !i->implicit);
}

static void item_use(item *i, const item_record *r)
{
	g_free(i->sha256);
	g_free(i->tags);
	g_free(i->sandbox);
	i->sha256 = g_strdup(r->sha256);
	i->tags = g_strdup(r->tags);
	i->sandbox = g_strdup(r->sandbox);
	i->size = r->size;
}

/* The statement that belongs to a record, beside its artefact: what is there already
 * and speaks of these bytes stays, it may be signed by now. */
static gboolean place_statement(
	pipeline *p, const item_record *r, const char *artefact, GError **err)
{
	g_autofree char *path = g_strconcat(artefact, INTOTO_SUFFIX, NULL);
	g_autofree char *there = NULL;

	if (p->options.no_provenance || !r->statement)
		return TRUE;
	if (g_file_get_contents(path, &there, NULL, NULL) && strstr(there, r->sha256))
		return TRUE;
	g_autofree char *blob = store_blob_find(p->ctx->store, r->statement, -1);
	g_autoptr(GBytes) bytes = blob ? fs_read(blob, G_MAXSSIZE, NULL) : NULL;
	return !bytes || fs_write_atomic(path, g_bytes_get_data(bytes, NULL),
				 g_bytes_get_size(bytes), 0644, err);
}

/* The artefact of a record under its name in the output folder. */
static gboolean place(pipeline *p, item *i, const item_record *r, GError **err)
{
	g_autofree char *path = g_build_filename(p->options.out_dir, r->file, NULL);
	g_autofree char *there = g_file_test(path, G_FILE_TEST_EXISTS)
					 ? digest_file(path, NULL, NULL)
					 : NULL;

	item_use(i, r);
	if (!there || !g_str_equal(there, r->sha256)) {
		if (there && !p->options.replace) {
			error_set(err, EXIT_AUDIT, "X0723",
				"%s exists already with other contents", path);
			error_note(err, "there: sha256 %s", there);
			error_note(err, "built: sha256 %s", r->sha256);
			error_help(err,
				"raise build.number in the recipe, or say --replace");
			return FALSE;
		}
		g_autofree char *blob =
			store_blob_find(p->ctx->store, r->sha256, r->size);
		g_autoptr(GBytes) bytes = blob ? fs_read(blob, G_MAXSSIZE, err) : NULL;
		if (!bytes || !fs_mkdir_p(p->options.out_dir, 0777, err) ||
			!place_statement(p, r, path, err) ||
			!fs_write_atomic(path, g_bytes_get_data(bytes, NULL),
				g_bytes_get_size(bytes),
				i->recipe->kind == RECIPE_GO_BINARY ? 0755 : 0644, err))
			return FALSE;
	}
	if (!place_statement(p, r, path, err))
		return FALSE;
	g_free(i->file);
	i->file = g_steal_pointer(&path);
	return TRUE;
}

/* The record of the item's key, when its artefact is still to be had. */
static item_record *usable(pipeline *p, item_record *record)
{
	g_autoptr(item_record) r = record;

	if (!r)
		return NULL;
	/* A level named on the command line is a promise about the artefact. */
	if (p->options.level != SANDBOX_AUTO &&
		g_strcmp0(r->sandbox, sandbox_level_name(p->options.level)) != 0)
		return NULL;
	g_autofree char *path = g_build_filename(p->options.out_dir, r->file, NULL);
	g_autofree char *there = digest_file(path, NULL, NULL);
	if (there && g_str_equal(there, r->sha256))
		return g_steal_pointer(&r);
	g_autofree char *blob = store_blob_find(p->ctx->store, r->sha256, r->size);
	return blob ? g_steal_pointer(&r) : NULL;
}

static item_record *usable_record(pipeline *p, const item *i)
{
	return usable(p, item_record_find(p->ctx->store, key_digest(i->key)));
}

/* An abi3 wheel of an earlier Python instead of one of its own. *served FALSE: none. */
static gboolean take_abi3(pipeline *p, item *i, gboolean *served, GError **err)
{
	g_autoptr(item_record) r = usable(p, abi3_served(p, i, is_forced(p, i)));

	*served = r != NULL;
	if (!r)
		return TRUE;
	if (!place(p, i, r, err))
		return FALSE;
	abi3_tell(i, r);
	i->state = ITEM_CACHED;
	return TRUE;
}

static char *why_built(pipeline *p, const item *i)
{
	g_autoptr(item_record) last = item_record_last(p->ctx->store, i->id);

	if (p->options.force)
		return g_strdup("--force");
	if (!last)
		return g_strdup("never built here");
	g_autoptr(GPtrArray) changes = item_record_differences(last, i->key);
	if (!changes->len)
		return g_strdup("its result is no longer in the cache");
	g_ptr_array_add(changes, NULL);
	return g_strjoinv("; ", (char **)changes->pdata);
}

/* A library: its tree is the result. */
static gboolean is_in_store(pipeline *p, item *i)
{
	const builder *how = builder_of(i->recipe, NULL);

	return how && how->in_store && !is_forced(p, i) && how->in_store(p, i);
}

/* Whether the item is built once more to compare: what was asked for, not all that it
 * needs as well. */
static gboolean is_compared(const pipeline *p, const item *i)
{
	return p->options.again && !i->implicit;
}

static void found(pipeline *p, item *i)
{
	if (!is_compared(p, i)) {
		i->state = ITEM_CACHED;
		return;
	}
	g_free(i->reason);
	i->reason = g_strdup("--check-reproducible");
}

gboolean pipeline_look(pipeline *p, item *i, GError **err)
{
	g_clear_pointer(&i->key, key_free);
	i->key = item_key(p, i, err);
	if (!i->key)
		return FALSE;
	if (is_in_store(p, i)) {
		found(p, i);
		return TRUE;
	}
	g_autoptr(item_record) r = is_forced(p, i) ? NULL : usable_record(p, i);
	if (r) {
		if (!place(p, i, r, err))
			return FALSE;
		found(p, i);
		return TRUE;
	}
	gboolean served;
	if (!take_abi3(p, i, &served, err))
		return FALSE;
	if (served)
		return TRUE;
	gint64 memory;
	pipeline_expect(p, i, &i->expected, &memory);
	g_free(i->reason);
	i->reason = why_built(p, i);
	return TRUE;
}

gboolean pipeline_fetch(pipeline *p, item *i, GError **err)
{
	g_autoptr(GPtrArray) blobs =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = p->ctx->offline};
	const builder *how = builder_of(i->recipe, err);

	return how && source_fetch(p->ctx, i, blobs, err) &&
	       fetch_blobs(p->ctx->store, blobs, &options, err) &&
	       source_obtain(p->ctx, i, err) && how->fetch(p, i, err);
}

/* ---- building ---- */

static gboolean workplace_make(pipeline *p, workplace *w, GError **err)
{
	w->keep = p->options.keep;
	w->dir = store_temp_dir(p->ctx->store, err);
	if (!w->dir)
		return FALSE;
	w->source = g_build_filename(w->dir, "src", NULL);
	w->out = g_build_filename(w->dir, "out", NULL);
	w->scratch = g_build_filename(w->dir, "scratch", NULL);
	return fs_mkdir_p(w->out, 0755, err) && fs_mkdir_p(w->scratch, 0755, err);
}

/* Where kept folders go: outside the store's tmp, which is swept. */
static void workplace_clear(const item *i, workplace *w)
{
	if (w->dir && w->keep) {
		g_autofree char *place = kept_add(i->id, w->dir, NULL);
		if (place)
			event_log(EVENT_NOTE, i->id,
				"build folder kept: %s; `xorch shell %s` opens it", place,
				i->id);
	}
	if (w->dir)
		fs_remove_tree(w->dir, NULL);
	g_free(w->dir);
	g_free(w->source);
	g_free(w->out);
	g_free(w->scratch);
}

static gboolean remember(pipeline *p, item *i, GError **err)
{
	g_autoptr(item_record) r = item_record_new();

	if (!i->file || (p->options.rebuild && !i->implicit))
		return TRUE; /* a tree of the store; what is only compared */
	g_autofree char *sha = store_blob_add_file(p->ctx->store, i->file, err);
	if (!sha)
		return FALSE;
	r->key = g_strdup(key_digest(i->key));
	r->file = g_path_get_basename(i->file);
	r->sha256 = g_steal_pointer(&sha);
	r->size = i->size;
	r->tags = g_strdup(i->tags);
	r->sandbox = g_strdup(i->sandbox);
	if (i->statement && !(r->statement = store_blob_add_bytes(p->ctx->store,
				      i->statement, strlen(i->statement), err)))
		return FALSE;
	r->seconds = i->seconds;
	item_record_take_inputs(r, i->key);
	fault_point("record");
	return item_record_put(p->ctx->store, i->id, r, err);
}

/* Builds in a folder of its own, finishes and cleans up. */
static gboolean build_once(pipeline *p, item *i, pipeline_finish finish, GError **err)
{
	workplace w = {0};
	const builder *how = builder_of(i->recipe, err);

	pipeline_secrets_begin(i);
	gboolean ok =
		how && workplace_make(p, &w, err) && how->build(p, i, &w, finish, err);
	pipeline_secrets_end();
	workplace_clear(i, &w);
	return ok;
}

/* The second build, against what the first (or an earlier run) made. */
static gboolean build_again(pipeline *p, item *i, GError **err)
{
	if (!is_compared(p, i))
		return TRUE;
	event_log(EVENT_INFO, i->id, "building once more to compare");
	return build_once(p, i, p->options.again, err);
}

static gboolean build_anew(pipeline *p, item *i, gint64 begun, GError **err)
{
	history_build *b = pipeline_history_begin(p, i, err);
	GError *error = NULL;

	if (!b)
		return FALSE;
	gboolean ok = build_once(p, i, p->options.finish, &error);
	i->seconds = (work_clock() - begun) / 1e6;
	ok = ok && build_again(p, i, &error) && remember(p, i, &error);
	pipeline_history_end(p, i, b, begun, error);
	if (!ok) {
		g_propagate_error(err, error);
		return FALSE;
	}
	i->state = ITEM_BUILT;
	return TRUE;
}

/* --check-reproducible of what an earlier run made. */
static gboolean compare_cached(pipeline *p, item *i, gint64 begun, GError **err)
{
	GError *error = NULL;
	gboolean compared = is_compared(p, i);
	history_build *b = compared ? pipeline_history_begin(p, i, err) : NULL;

	if (!b)
		return !compared;
	gboolean ok = build_again(p, i, &error);
	pipeline_history_end(p, i, b, begun, error);
	if (!ok)
		g_propagate_error(err, error);
	return ok;
}

gboolean pipeline_build(pipeline *p, item *i, GError **err)
{
	gint64 begun = work_clock();
	/* One process builds a key; the others wait and take its result. */
	g_autoptr(lockfile) lock =
		store_lock(p->ctx->store, "item", key_digest(i->key), i->id, err);

	if (!lock)
		return FALSE;
	if (is_in_store(p, i)) {
		if (!compare_cached(p, i, begun, err))
			return FALSE;
		i->state = ITEM_CACHED;
		return TRUE;
	}
	g_autoptr(item_record) r = is_forced(p, i) ? NULL : usable_record(p, i);
	if (r) {
		if (!place(p, i, r, err) || !compare_cached(p, i, begun, err))
			return FALSE;
		i->state = ITEM_CACHED;
		return TRUE;
	}
	gboolean turn, served = FALSE;
	abi3_wait(p, i, &turn);
	gboolean ok = take_abi3(p, i, &served, err);
	if (ok && !served)
		ok = build_anew(p, i, begun, err);
	abi3_done(p, i, turn, ok && !served && !p->options.rebuild);
	return ok;
}
