#pragma once
#include "base/lockfile.h"
#include "build/sandbox.h"

/* Build folders that `--keep` left behind, and the sandbox that they were built in, for
 * `xorch shell`: below history_dir()
 *
 *	kept/ID-TIME/		src, out and scratch of the build
 *	kept/ID-TIME/sandbox.json	how its last step was run
 *
 *	kept/ID-TIME/.use		held by who is in it, touched by every visit
 *
 * Names that begin with a dot are being made or removed. Values of build.env_pass are not
 * written down. */

/* Notes the step in the work folder, in place of the one before. EXIT_HOST X0820. */
gboolean kept_note(const char *folder, const sandbox_spec *spec, GError **err);
/* Keeps a copy of the item's work folder. Where: new string; NULL: EXIT_HOST. */
char *kept_add(const char *id, const char *folder, GError **err);

typedef struct kept {
	char *folder;
	sandbox_spec spec; /* of the step, its argv too; no log, no limits of time */
	GPtrArray
		*missing; /* char *: names of variables that were secret, not set here */
	lockfile *use;	  /* as long as this lives the folder is not removed */
	GPtrArray *texts, *lists; /* what spec borrows */
	GArray *binds;
} kept;

/* The newest of an item, or of the first item whose id begins so. NULL: EXIT_INPUT X0852
 * when there is none, X0853 when it cannot be read or the cache no longer has what it
 * was built with. */
kept *kept_open(const char *id, GError **err);
void kept_free(kept *k);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(kept, kept_free)

/* How many there are, and their bytes. */
void kept_usage(guint64 *count, guint64 *bytes);
/* Removes those that were neither made nor visited for `max_age` seconds, unless somebody
 * is in them; counts them, or with `dry_run` does only that. */
typedef struct kept_pruned {
	guint64 count, bytes;
	guint in_use;
} kept_pruned;
void kept_prune(gint64 max_age, gboolean dry_run, kept_pruned *out);
