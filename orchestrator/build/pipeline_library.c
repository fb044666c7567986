#include "build/pipeline_library.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/fs.h"
#include "build/build_tools.h"
#include "build/builder_library.h"
#include "build/host_library.h"
#include "build/item_key.h"
#include "build/library_tree.h"
#include "build/object_check.h"
#include "build/pipeline_private.h"
#include "build/pipeline_step.h"
#include "build/step_ccache.h"
#include "build/source.h"
#include "build/store.h"
#include "build/tree_compare.h"
#include "plan/arm_feature.h"

/* The builder of `kind: library`: a tree of the store, under the key of its item. */

/* Raise when the same source is built or kept in another way. */
#define LIBRARY_VERSION 2

static gboolean is_library(const item *i)
{
	return i->recipe && i->recipe->kind == RECIPE_LIBRARY;
}

/* What an item needs before itself, each once. */
static void closure(const item *i, GPtrArray *out)
{
	for (guint n = 0; n < i->needs->len; n++) {
		item *other = g_ptr_array_index(i->needs, n);
		if (!is_library(other) || g_ptr_array_find(out, other, NULL))
			continue;
		closure(other, out);
		if (!g_ptr_array_find(out, other, NULL))
			g_ptr_array_add(out, other);
	}
}

GPtrArray *pipeline_library_items(const item *i)
{
	GPtrArray *out = g_ptr_array_new();

	closure(i, out);
	return out;
}

gboolean pipeline_libraries(pipeline *p, item *i, GError **err)
{
	g_autoptr(GPtrArray) list = pipeline_library_items(i);
	g_autoptr(GPtrArray) out =
		g_ptr_array_new_with_free_func((GDestroyNotify)host_library_free);

	if (i->libraries)
		return TRUE;
	for (guint n = 0; n < list->len; n++) {
		item *other = g_ptr_array_index(list, n);
		if (!other->key)
			other->key = item_key(p, other, err);
		if (!other->key)
			return FALSE;
		g_ptr_array_add(out, host_library_new(other->recipe->package.name,
					     key_digest(other->key)));
	}
	i->libraries = g_steal_pointer(&out);
	return TRUE;
}

static gboolean in_store(pipeline *p, item *i)
{
	g_autofree char *tree =
		store_tree_find(p->ctx->store, "library", key_digest(i->key));

	return tree != NULL;
}

static gboolean library_add_to_key(pipeline *p, item *i, key *k, GError **err)
{
	g_auto(cross) c = {0};
	cross_request request;

	if (!pipeline_cross_request(p, i, &request, err) ||
		!cross_describe(p->ctx, &request, &c, err))
		return FALSE;
	g_autofree char *tools = build_tools_key(p->ctx, err);
	if (!tools)
		return FALSE;
	key_add(k, "compilers", c.key);
	key_add(k, "build tools", tools);
	key_add_int(k, "library version", LIBRARY_VERSION);
	return TRUE;
}

static char *project_of(const item *i, const char *source)
{
	const recipe_source *first = g_ptr_array_index(i->recipe->sources, 0);

	return g_build_filename(source, first->subdirectory, NULL);
}

/* The source itself shows which build system is its own. */
static gboolean fetch_tools(pipeline *p, item *i, GError **err)
{
	const sandbox_info *info = sandbox_choose(p->options.level, err);
	g_autofree char *dir = info ? store_temp_dir(p->ctx->store, err) : NULL;
	g_autofree char *source = dir ? g_build_filename(dir, "src", NULL) : NULL;

	if (!source)
		return FALSE;
	gboolean ok = source_unpack(p->ctx, i, source, info->level, err);
	g_autofree char *project = project_of(i, source);
	ok = ok &&
	     build_tools_prepare(p->ctx, build_tools_of(i->recipe, project), NULL, err);
	fs_remove_tree(dir, NULL);
	return ok;
}

static gboolean library_fetch(pipeline *p, item *i, GError **err)
{
	cross_request request;
	g_auto(cross) c = {0};

	/* the libraries are built later */
	return pipeline_cross_bare(p, i, &request, err) &&
	       cross_prepare(p->ctx, &request, &c, err) && fetch_tools(p, i, err);
}

static gboolean make_tree(
	const item *i, const workplace *w, const char *tree, GError **err)
{
	g_autofree char *dest = g_build_filename(w->out, "dest", NULL);
	g_autofree char *project = project_of(i, w->source);

	const char *const built[] = {w->source, w->out, NULL};

	return library_tree_make(dest, project, i->recipe, i->platform, tree, err) &&
	       object_check_library(tree, i->recipe->package.name, built, i->platform,
		       arm_features_of(i->recipe->library.cpu), err);
}

static gboolean keep(pipeline *p, item *i, const workplace *w, GError **err)
{
	g_autofree char *ready = NULL;
	store_tree *tree = store_tree_begin(
		p->ctx->store, "library", key_digest(i->key), &ready, err);

	if (!tree)
		return ready != NULL;
	gboolean ok = make_tree(i, w, store_tree_dir(tree), err) &&
		      pipeline_source_unchanged(p, i, err);
	ready = store_tree_finish(tree, ok, err);
	return ready != NULL;
}

/* The second build of --check-reproducible. */
static gboolean compare(pipeline *p, item *i, const workplace *w, GError **err)
{
	g_autofree char *second = g_build_filename(w->dir, "again", NULL);
	g_autofree char *first =
		store_tree_find(p->ctx->store, "library", key_digest(i->key));

	if (!first)
		return error_set(err, EXIT_HOST, "X0974",
			"%s is not in the store any more", i->id);
	return fs_mkdir_p(second, 0755, err) && make_tree(i, w, second, err) &&
	       pipeline_source_unchanged(p, i, err) &&
	       tree_same(first, second, i->id, err);
}

static gboolean library_build(
	pipeline *p, item *i, workplace *w, pipeline_finish finish, GError **err)
{
	const recipe *r = i->recipe;
	cross_request request;
	g_auto(cross) c = {0};
	g_auto(step_extras) extras = {0};
	gint64 begun = 0;
	const sandbox_info *info = sandbox_choose(p->options.level, err);
	/* nothing of it leaves the store, so it is not finished elsewhere */
	gboolean again = p->options.again && finish == p->options.again;

	pipeline_step(i, "prepare", &begun, TRUE);
	gboolean ok = info && pipeline_cross_request(p, i, &request, err) &&
		      cross_prepare(p->ctx, &request, &c, err) &&
		      pipeline_unpack(p, i, w, info->level, err);
	step_site site = {.item = i,
		.cross = &c,
		.source = w->source,
		.scratch = w->scratch,
		.level = info ? info->level : SANDBOX_ENV,
		.compared = again};
	step_extras_init(&extras);
	g_autofree char *project = project_of(i, w->source);
	ok = ok && step_ccache.prepare(p, &site, &extras, err) &&
	     build_tools_prepare(p->ctx, build_tools_of(r, project), &extras, err);
	fault_point("configure");
	if (!pipeline_step(i, "prepare", &begun, ok))
		return FALSE;
	g_auto(pipeline_build_step) common = {0};
	pipeline_build_step_init(&common, p, i, w, &c, info);
	native_step s = {.base = common.step,
		.binds = extras.binds,
		.path = extras.path,
		.defaults = extras.env};
	pipeline_step(i, "build", &begun, TRUE);
	fault_point("build");
	ok = builder_library_run(&s, r, err);
	step_ccache_count(i, w->scratch);
	ok = ok && pipeline_inputs_unchanged(p, sandbox_level_name(info->level), err) &&
	     (again ? compare : keep)(p, i, w, err);
	return pipeline_step(i, "build", &begun, ok);
}

gboolean pipeline_has_libraries(const item *i)
{
	for (guint n = 0; n < i->needs->len; n++)
		if (is_library(g_ptr_array_index(i->needs, n)))
			return TRUE;
	return FALSE;
}

const builder builder_library = {.name = "library",
	.add_to_key = library_add_to_key,
	.fetch = library_fetch,
	.build = library_build,
	.in_store = in_store};
