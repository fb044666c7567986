#pragma once
#include "build/pipeline.h"

/* A run over items: what they need is locked, looked up, fetched and built, each as
 * soon as what *it* waits for is there. Jobs of build/scheduler.h:
 *
 *	lock	one a recipe: only one writes a lock. An item of it that cannot be
 *		locked fails, the others go on.
 *	look	one an item, one at a time: its key, and whether the store has it.
 *	fetch	one an item, several at a time; their transfers share one limit.
 *	build	one an item that is to be built, in the slots of the scheduler.
 *
 * Locks and downloads so run beside builds. A failure is that of one item and of what
 * needs it. Items that are only needed (item.implicit) are fetched and built when an
 * item that needs them is built, else they become ITEM_SKIPPED. A backend that cannot
 * be asked without the item's libraries makes these be built before the lock. */
typedef enum item_run_depth {
	ITEM_RUN_LOCK,	/* the locks are complete and written */
	ITEM_RUN_FETCH, /* and what all items need is in the store */
	ITEM_RUN_BUILD
} item_run_depth;

typedef struct item_run_options {
	pipeline *pipeline;
	GPtrArray *sources, *items; /* item_source *, item *: the caller's, may grow */
	item_run_depth depth;
	int jobs;	    /* processors for builds */
	gboolean fail_fast; /* after a failure nothing more is started */

	/* In the caller's thread, when the items of a recipe are locked: adds what
	 * their locks say they need to item.needs, to `items` and to `sources`. An item
	 * that cannot have it becomes ITEM_FAILED with its error; FALSE: none can. NULL:
	 * nothing to add. */
	gboolean (*connect)(item_source *s, void *data, GError **err);
	void (*looked)(const item *i, void *data); /* in the caller's thread; or NULL */
	void (*failed)(const item *i, void *data); /* in any thread: i->error is new */
	/* In any thread: its build has run, well or not, i->log has what it said; or
	 * NULL. Before `failed`. */
	void (*built)(const item *i, gboolean ok, void *data);
	void *data;
} item_run_options;

/* FALSE only when a signal ended the run. Otherwise each item's state tells; one that
 * stays ITEM_PLANNED was not started, i->reason says why if it is for want of
 * another. Tells by EVENT_TOTAL how far it is. */
gboolean item_run(const item_run_options *options, GError **err);
