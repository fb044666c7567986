#pragma once
#include "build/sandbox.h"

/* Build folders that `--keep` left behind, and the sandbox that they were built in, for
 * `xorch shell`: below history_dir()
 *
 *	kept/ID-TIME/		src, out and scratch of the build
 *	kept/ID-TIME/sandbox.json	how its last step was run
 *
 * Values of build.env_pass are not written down. */

/* Notes the step in the work folder, in place of the one before. EXIT_HOST X0820. */
gboolean kept_note(const char *folder, const sandbox_spec *spec, GError **err);
/* Where the item's work folder is to be kept. New string. */
char *kept_path(const char *id);

typedef struct kept {
	char *folder;
	sandbox_spec spec; /* of the step, its argv too; no log, no limits of time */
	GPtrArray
		*missing; /* char *: names of variables that were secret, not set here */
	GPtrArray *texts, *lists; /* what spec borrows */
	GArray *binds;
} kept;

/* The newest of an item, or of the first item whose id begins so. NULL: EXIT_INPUT X0852
 * when there is none, X0853 when it cannot be read or the cache no longer has what it
 * was built with. */
kept *kept_open(const char *id, GError **err);
void kept_free(kept *k);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(kept, kept_free)
