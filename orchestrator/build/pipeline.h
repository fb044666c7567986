#pragma once
#include "build/context.h"
#include "build/cross.h"
#include "build/item.h"
#include "build/sandbox.h"
#include "build/uv.h"
#include "format/json.h"

/* The life of one build (ARCHITECTURE.md), step by step, for items of any recipe.
 * The caller goes through the steps in order (build/item_run.h does). Steps of different
 * items may be called from several threads, but only one at a time may lock the items
 * of a recipe or look an item up; what an item needs is looked up before it. What comes
 * out of a build is judged and placed by ship/, which this layer does not know: the
 * caller hands in that step as `finish`. */
typedef struct pipeline pipeline;

/* Where shared libraries of the target are, for grafting, and whose they are. */
typedef struct library_place {
	char *package; /* "libpq5" */
	char *folder;  /* host folder of its libraries */
	char *licence; /* host path, or NULL */
	/* For the list of parts; each may be NULL. The sha256 is that of the package. */
	char *version, *purl, *sha256;
	char *expression; /* its licence in SPDX's words; NULL: not known */
	char **archives;  /* names of its static libraries; NULL: not known */
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
	const GPtrArray *libraries;	    /* library_place *, in the order to look */
	const GPtrArray *parts;		    /* library_place *: build/pipeline_parts.h */
	const struct python_target *target; /* NULL: no Python */
	const json_t *predicate; /* of the provenance statement; NULL: none is wanted */
} pipeline_product;

/* Judges the product and places it: fills file, sha256, size and tags of the item, and
 * with a predicate its statement. */
typedef gboolean (*pipeline_finish)(
	item *i, const pipeline_product *product, void *data, GError **err);

/* build/step_ccache.h */
typedef enum ccache_use {
	CCACHE_OFF,
	CCACHE_AUTO, /* where it is there and works */
	CCACHE_ASKED /* else X0842 */
} ccache_use;

typedef struct pipeline_options {
	sandbox_level level;
	const char *out_dir; /* wheelhouse */
	const char *log_dir; /* NULL: in the store's state folder */
	gint64 timeout;	     /* seconds, 0: the recipe's */
	gboolean force, keep, replace;
	gboolean rebuild; /* what was asked for is built, and not recorded: to compare */
	ccache_use ccache;
	gboolean no_provenance; /* no statement beside what is placed */
	gboolean renew;		/* `xorch lock`: entries that do not fit are made anew */
	gboolean upgrade;	/* the same for entries that do */
	pipeline_finish finish;
	/* Not NULL: every item is built a second time, in another folder, and handed
	 * to this; it compares with the artefact at item->file (W19). */
	pipeline_finish again;
	void *finish_data;
} pipeline_options;

pipeline *pipeline_new(const build_context *ctx, const pipeline_options *options);
void pipeline_free(pipeline *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(pipeline, pipeline_free)

/* Makes the lock's sections complete: first the sources, which its items share, then
 * what each item needs. Asks the network only for what is missing (or all of it with
 * options.upgrade); an item whose Requires-Python excludes its Python becomes
 * ITEM_SKIPPED. Under ctx->locked a missing section is EXIT_LOCK. The lock is changed
 * in memory, so all of this is for one thread at a time.
 *
 * The requirements of a backend do not depend on the libraries of requirements.host,
 * but its setup.py may refuse to answer without them. It is asked without, always;
 * when that fails, i->asks_libraries is set (TRUE is returned, the section is not
 * there), and the caller comes again with i->has_libraries. */
gboolean pipeline_lock_sources(pipeline *p, item_source *s, GError **err);
gboolean pipeline_lock(pipeline *p, item *i, GError **err);

/* Writes the lock if it changed. *written (may be NULL) tells. */
gboolean pipeline_write_lock(
	pipeline *p, item_source *s, gboolean *written, GError **err);

/* Computes the key and looks it up: the item becomes ITEM_CACHED when the store has
 * its artefact, which is put into the output folder if it is not there. Otherwise
 * i->reason says what changed since the last build. Runs nothing, needs no network;
 * FALSE when the item cannot be built (a floor too low, a conflict in dist). */
gboolean pipeline_look(pipeline *p, item *i, GError **err);

/* Everything that a build of the item needs, into the store. */
gboolean pipeline_fetch(pipeline *p, item *i, GError **err);

/* Seconds a build of the item will probably take, and bytes of its largest process, by
 * the history (build/history.h); FALSE when nothing is known. */
gboolean pipeline_expect(pipeline *p, const item *i, double *seconds, gint64 *memory);

/* Builds one item: ITEM_BUILT, or FALSE. */
gboolean pipeline_build(pipeline *p, item *i, GError **err);
