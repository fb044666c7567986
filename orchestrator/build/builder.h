#pragma once
#include "build/pipeline.h"

/* How one kind of recipe (plan/recipe.h: recipe_kind) becomes an artefact: a file
 * build/pipeline_KIND.c each and a row in the table of build/builder.c. The pipeline
 * does what all kinds share: sources, keys, records, logs, the work folder. */
typedef struct workplace {
	char *dir; /* temporary, of the store */
	char *source, *out, *scratch;
	gint64 date; /* SOURCE_DATE_EPOCH: see pipeline_unpack */
	gboolean keep;
} workplace;

typedef struct builder {
	const char *name; /* of its keys: "wheel" */
	gboolean python;  /* an item for each Python; else one for each target */
	/* Locks what it needs beside the sources; may make the item ITEM_SKIPPED. Under
	 * ctx->locked a missing section is EXIT_LOCK. NULL: nothing. */
	gboolean (*lock)(pipeline *p, item *i, GError **err);
	/* Adds what decides the bytes beside recipe, sources and target. */
	gboolean (*add_to_key)(pipeline *p, item *i, key *k, GError **err);
	/* Into the store, after the sources. */
	gboolean (*fetch)(pipeline *p, item *i, GError **err);
	/* Builds in the work folder and hands the product to `finish`. i->log is
	 * open, fault points "configure" and "build" are to be passed. */
	gboolean (*build)(
		pipeline *p, item *i, workplace *w, pipeline_finish finish, GError **err);
	/* For artefacts that are no file of the output folder but a tree of the store
	 * (a library): whether the tree of the item's key is there; then nothing is
	 * recorded or placed, and a second build (options.again) is compared by the
	 * builder. NULL for files. */
	gboolean (*in_store)(pipeline *p, item *i);
} builder;

/* NULL with X0926 for a kind that this xorch does not build. */
const builder *builder_of(const recipe *r, GError **err);

extern const builder builder_wheel, builder_go, builder_library;

/* For builders: a step of the item begins (*begun 0) or ends; returns `ok`. */
gboolean pipeline_step(const item *i, const char *name, gint64 *begun, gboolean ok);
/* The item's sources into w->source, which must not exist (source_unpack), and w->date
 * by them: the variable SOURCE_DATE_EPOCH, else the newest file as it was unpacked,
 * before anything of ours is written there; a folder of the repository has no date.
 * Seconds, never before 1980 (zip files). */
gboolean pipeline_unpack(
	pipeline *p, const item *i, workplace *w, sandbox_level level, GError **err);
/* "recipes/a.yaml:9:1": where the recipe says how it is built. New string. */
char *pipeline_build_place(const recipe *r);
/* Processors that what the build starts may use at a time: what the scheduler gave the
 * job, never more than build.jobs of the recipe; changes neither keys nor bytes. */
int pipeline_jobs(const pipeline *p, const item *i);
/* B19: the sources are still those of the item's key; else EXIT_BUILD X0908. For
 * builders that do not hand their product to `finish`, which asks this first. */
gboolean pipeline_source_unchanged(pipeline *p, item *i, GError **err);
