#pragma once
#include "build/pipeline_private.h"

/* What ship/ needs to graft shared libraries into a wheel (wheel.repair): patchelf,
 * and where the libraries are that the build was linked with. */
typedef struct pipeline_graft {
	char *patchelf, *work, *licences;
	GPtrArray *places; /* library_place * */
} pipeline_graft;

void pipeline_graft_clear(pipeline_graft *g);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(pipeline_graft, pipeline_graft_clear)

/* Whether the item's build can bring shared libraries that are not the system's. */
gboolean pipeline_grafts(pipeline *p, item *i);
gboolean pipeline_graft_add_to_key(pipeline *p, item *i, key *k, GError **err);
/* What is known of the floor before a build: build/host_floor.h, when the packages are
 * in the store. */
gboolean pipeline_graft_check(pipeline *p, item *i, GError **err);
/* Ends with that check. */
gboolean pipeline_graft_fetch(pipeline *p, item *i, GError **err);
/* `work` is a private folder of the build. Leaves *out empty when nothing is to be
 * grafted. */
gboolean pipeline_graft_prepare(pipeline *p, item *i, const cross *c, const char *work,
	pipeline_graft *out, GError **err);
