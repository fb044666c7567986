#pragma once
#include "build/pipeline.h"
#include "build/history.h"
#include "build/python_target.h"
#include "plan/catalog.h"

/* Inside build/pipeline*.c and item_key.c only. */
struct pipeline {
	const build_context *ctx;
	pipeline_options options; /* finish and again: with a look at the inputs first */
	pipeline_finish finish, again; /* what the caller gave */
	void *finish_data;
	GMutex uv_mutex; /* making it ready may take a download */
	gboolean uv_ready;
	uv uv;
	GMutex mutex;		   /* around what follows */
	GHashTable *sysroots;	   /* name -> sysroot_def */
	GHashTable *abi3_building; /* set of families (pipeline_abi3.c) */
	GHashTable *abi3_fresh;	   /* those whose wheel was built in this run */
	GCond abi3_built;
	GHashTable *crates_renewed; /* recipe_lock, borrowed: resolved in this run */
	history *history;	    /* locks for itself */
};

/* Around whatever runs code of the project: build.env_pass. */
void pipeline_secrets_begin(item *i);
void pipeline_secrets_end(void);
/* Writes down that a build of the item begins and makes its log (i->log). NULL: the log
 * cannot be made (X0812). */
history_build *pipeline_history_begin(pipeline *p, item *i, GError **err);
/* How it ended, *error NULL: well. `begun`: work_clock. Takes b. */
void pipeline_history_end(
	pipeline *p, item *i, history_build *b, gint64 begun, const GError *error);
/* B11: below bwrap a step could write to sysroot, toolchain and environments. `level`:
 * the name of the sandbox level that held the step. EXIT_INTEGRITY X0606. */
gboolean pipeline_inputs_unchanged(pipeline *p, const char *level, GError **err);
/* The log of a hook that runs while the item is locked, empty. New string. */
char *pipeline_lock_log(pipeline *p, const item *i, GError **err);
/* Writes down a lock that failed in such a hook. `begun`: work_clock. */
void pipeline_history_lock_failed(
	pipeline *p, item *i, gint64 begun, const GError *error);

/* uv's key, without a download; then uv made ready once. */
gboolean pipeline_uv_described(pipeline *p, GError **err);
gboolean pipeline_uv(pipeline *p, GError **err);
/* Of the item's toolchain, sysroot and floor. */
gboolean pipeline_cross_request(pipeline *p, item *i, cross_request *out, GError **err);
/* The same without what recipes make of it: no key of a library is needed. */
gboolean pipeline_cross_bare(pipeline *p, item *i, cross_request *out, GError **err);
/* The target Python; with make == FALSE its names and key only. */
gboolean pipeline_target(pipeline *p, const item *i, const cross *c, gboolean make,
	python_target *out, GError **err);
