#include "build/pipeline_graft.h"
#include "build/host_files.h"
#include "build/host_floor.h"
#include "build/patchelf.h"
#include "build/pipeline_host.h"
#include "build/pipeline_library.h"
#include "build/pipeline_parts.h"
#include "build/pipeline_private.h"
#include "build/store.h"
#include "build/sysroot.h"
#include "build/sysroot_parts.h"
#include <string.h>

void pipeline_graft_clear(pipeline_graft *g)
{
	g_free(g->patchelf);
	g_free(g->work);
	g_free(g->licences);
	g_clear_pointer(&g->places, g_ptr_array_unref);
	memset(g, 0, sizeof *g);
}

/* A wheel that is needed (for its headers) has no libraries to graft; it may also be
 * needed in one run and found made in the next. */
static gboolean needs_a_library(const item *i)
{
	for (guint n = 0; n < i->needs->len; n++) {
		const item *other = g_ptr_array_index(i->needs, n);
		if (other->source->recipe->kind == RECIPE_LIBRARY)
			return TRUE;
	}
	return FALSE;
}

/* A sysroot of RPMs has what its definition names, not only what a policy lets a wheel
 * take from the system; gcc has libraries of its own (OpenMP's). */
static gboolean has_more_libraries(pipeline *p, item *i)
{
	cross_request request;

	return pipeline_cross_bare(p, i, &request, NULL) &&
	       (package_def_is_rpm(&request.sysroot->packages) ||
		       g_str_has_prefix(request.toolchain, "gcc"));
}

gboolean pipeline_grafts(pipeline *p, item *i)
{
	return !i->recipe->wheel.repair_off &&
	       (host_packages_locked(i) || needs_a_library(i) ||
		       has_more_libraries(p, i));
}

/* Raise when other files of the same libraries are grafted. */
#define GRAFT_VERSION "4"

gboolean pipeline_graft_add_to_key(pipeline *p, item *i, key *k, GError **err)
{
	if (!pipeline_grafts(p, i))
		return TRUE;
	g_autofree char *own = patchelf_key(p->ctx, err);
	if (!own)
		return FALSE;
	key_add(k, "patchelf", own);
	key_add(k, "graft version", GRAFT_VERSION);
	return TRUE;
}

static gboolean add_places(pipeline *p, const item *i, const GPtrArray *packages,
	const char *suite, GPtrArray *out, GError **err)
{
	if (!packages || !packages->len)
		return TRUE;
	g_autoptr(GPtrArray) more =
		host_files_prepare(p->ctx, packages, i->platform, suite, err);
	if (!more)
		return FALSE;
	g_ptr_array_extend_and_steal(out, g_steal_pointer(&more));
	return TRUE;
}

/* Those of the recipe's packages before the sysroot's own (libgomp1, say). */
static GPtrArray *places_of(pipeline *p, item *i, GError **err)
{
	g_autoptr(GPtrArray) out =
		g_ptr_array_new_with_free_func((GDestroyNotify)library_place_free);
	cross_request request;

	if (!pipeline_cross_bare(p, i, &request, err))
		return NULL;
	g_autoptr(GPtrArray) base =
		sysroot_library_packages(p->ctx, request.sysroot, i->platform, err);
	const char *suite = request.sysroot->packages.debian.suite;
	if (!package_def_is_debian(&request.sysroot->packages))
		return sysroot_parts_prepare(p->ctx, request.sysroot, i->platform, err);
	if (!base || !add_places(p, i, host_packages_locked(i), suite, out, err) ||
		!add_places(p, i, base, suite, out, err))
		return NULL;
	return g_steal_pointer(&out);
}

gboolean pipeline_graft_check(pipeline *p, item *i, GError **err)
{
	const GPtrArray *packages =
		pipeline_grafts(p, i) ? host_packages_locked(i) : NULL;
	g_autoptr(GPtrArray) places =
		packages ? host_files_find(p->ctx, packages, i->platform, NULL) : NULL;

	return !places || host_floor_check(i, places, err);
}

gboolean pipeline_graft_fetch(pipeline *p, item *i, GError **err)
{
	if (!pipeline_grafts(p, i))
		return TRUE;
	g_autofree char *program = patchelf_prepare(p->ctx, NULL, err);
	g_autoptr(GPtrArray) places = program ? places_of(p, i, err) : NULL;
	return places && pipeline_graft_check(p, i, err);
}

/* Shared ones that recipes made, by their recipes. */
static void add_libraries(pipeline *p, const item *i, GPtrArray *out)
{
	g_autoptr(GPtrArray) libraries = pipeline_library_items(i);

	for (guint n = 0; n < libraries->len; n++) {
		const item *other = g_ptr_array_index(libraries, n);
		g_autofree char *tree =
			store_tree_find(p->ctx->store, "library", key_digest(other->key));
		g_autofree char *folder = tree ? g_build_filename(tree, "usr/lib",
							 i->platform->triple, NULL)
					       : NULL;
		if (folder)
			g_ptr_array_add(out, pipeline_parts_library(other, folder));
	}
}

gboolean pipeline_graft_prepare(pipeline *p, item *i, const cross *c, const char *work,
	pipeline_graft *out, GError **err)
{
	memset(out, 0, sizeof *out);
	if (!pipeline_grafts(p, i))
		return TRUE;
	out->patchelf = patchelf_prepare(p->ctx, NULL, err);
	out->places = out->patchelf ? places_of(p, i, err) : NULL;
	if (!out->places)
		return FALSE;
	add_libraries(p, i, out->places);
	/* What else lies in the sysroot. */
	g_autofree char *libs =
		g_build_filename(c->sysroot_tree, "usr/lib", i->platform->triple, NULL);
	g_ptr_array_add(out->places, library_place_new("sysroot", libs, NULL));
	out->work = g_build_filename(work, "graft", NULL);
	out->licences = g_build_filename(c->sysroot_tree, "licenses", NULL);
	return TRUE;
}
