#pragma once
#include "build/context.h"
#include "build/cross.h"
#include "build/item.h"
#include "build/sandbox.h"
#include "build/uv.h"

/* The life of one build (ARCHITECTURE.md), step by step, for items of any recipe.
 * The caller goes through the steps in order; pipeline_build may be called from
 * several threads for different items, the others from one. What comes out of a
 * build is judged and placed by ship/, which this layer does not know: the caller
 * hands in that step as `finish`. */
typedef struct pipeline pipeline;

/* Where shared libraries of the target are, for grafting. */
typedef struct library_place {
	char *package; /* "libpq5" */
	char *folder;  /* host folder of its libraries */
	char *licence; /* host path, or NULL */
} library_place;

library_place *library_place_new(
	const char *package, const char *folder, const char *licence);
void library_place_free(library_place *p);

/* What a build left behind, for `finish`. */
typedef struct pipeline_product {
	const char *folder; /* the builder's output folder */
	gint64 source_date_epoch;
	const char *floor_names;	/* FLOOR_NAMES file of the sysroot at its floor */
	const char *const *build_paths; /* what no object may mention */
	/* For grafting; patchelf NULL: nothing is to be grafted. */
	const char *patchelf, *work, *licences;
	const GPtrArray *libraries; /* library_place *, in the order to look */
} pipeline_product;

/* Judges the product and places it: fills file, sha256, size and tags of the item. */
typedef gboolean (*pipeline_finish)(
	item *i, const pipeline_product *product, void *data, GError **err);

typedef struct pipeline_options {
	sandbox_level level;
	const char *out_dir; /* wheelhouse */
	const char *log_dir; /* NULL: in the store's state folder */
	gint64 timeout;	     /* seconds, 0: the recipe's */
	gboolean force, keep, replace;
	gboolean ccache;  /* build/step_ccache.h */
	gboolean renew;	  /* `xorch lock`: entries that do not fit are made anew */
	gboolean upgrade; /* the same for entries that do */
	pipeline_finish finish;
	/* Not NULL: every item is built a second time, in another folder, and handed
	 * to this; it compares with the artefact at item->file (W19). */
	pipeline_finish again;
	void *finish_data;
} pipeline_options;

pipeline *pipeline_new(const build_context *ctx, const pipeline_options *options);
void pipeline_free(pipeline *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pipeline, pipeline_free)

/* Makes the item's lock sections complete: source, build requirements. Asks the
 * network only for what is missing (or all of it with options.upgrade); an item
 * whose Requires-Python excludes its Python becomes ITEM_SKIPPED. Under
 * ctx->locked a missing section is EXIT_LOCK. The lock is changed in memory. */
gboolean pipeline_lock(pipeline *p, item *i, GError **err);

/* Writes the lock if it changed. *written (may be NULL) tells. */
gboolean pipeline_write_lock(
	pipeline *p, item_source *s, gboolean *written, GError **err);

/* Computes the key and looks it up: the item becomes ITEM_CACHED when the store has
 * its artefact, which is put into the output folder if it is not there. Otherwise
 * i->reason says what changed since the last build. Runs nothing, needs no network;
 * FALSE when the item cannot be built (a floor too low, a conflict in dist). */
gboolean pipeline_look(pipeline *p, item *i, GError **err);

/* Everything the planned items (item *) need, into the store. */
gboolean pipeline_fetch(pipeline *p, GPtrArray *items, GError **err);

/* Seconds a build of the item will probably take, and bytes of its largest process, by
 * the history (build/history.h); FALSE when nothing is known. */
gboolean pipeline_expect(pipeline *p, const item *i, double *seconds, gint64 *memory);

/* Builds one item: ITEM_BUILT, or FALSE. */
gboolean pipeline_build(pipeline *p, item *i, GError **err);
