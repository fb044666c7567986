#pragma once
#include "build/store.h"
#include <glib.h>

/* Looking after the store: what `xorch cache` does. Safe beside running builds:
 * what they use is kept (C08), `clean` waits for them. */

typedef struct store_usage_row {
	char *name;	 /* "downloads", "results", "trees", then a row for each kind of
			  * tree ("trees/sysroot"), "ccache" (one a package), "parts",
			  * "records", "bad", "tmp" */
	gboolean detail; /* counted in the row before already */
	guint64 count, bytes;
} store_usage_row;

/* Rows in the order above; a tree counts as one. Element type store_usage_row, freed
 * with the array. */
GPtrArray *store_usage(store *s);

typedef struct store_problem {
	char *path; /* of what was damaged */
	char *what; /* "its sha256 is another", "bin/cc: was added" */
} store_problem;

typedef struct store_check {
	guint64 count, bytes; /* looked at */
	GPtrArray *problems;  /* store_problem */
	guint busy;	      /* trees being removed or made just now, not looked at */
} store_check;

/* Reads everything: blobs against their names, trees against their manifests,
 * records against their checksums, with so many threads. What is damaged is set
 * aside (blobs) or removed (trees, records), so that the next run makes it anew. */
void store_verify(store *s, int jobs, store_check *result);
void store_check_clear(store_check *result);

typedef struct store_pruned {
	guint64 count, bytes;
	guint in_use; /* would have gone, but somebody uses it */
} store_pruned;

/* Removes what is worth nothing (failed downloads, what crashes left) and what was not
 * used for `max_age` seconds. With `ci` all downloads too, in use or not unused: results
 * and trees stay, which is what a CI cache should carry (uv's meaning of `prune --ci`).
 */
typedef struct store_prune_options {
	gint64 max_age; /* seconds */
	gboolean ci;
	gboolean dry_run; /* count only */
} store_prune_options;

void store_prune(store *s, const store_prune_options *options, store_pruned *result);

/* Removes the whole cache but its folder, after waiting for those who use it.
 * Only names xorch makes are touched. */
gboolean store_clean(store *s, store_pruned *result, GError **err);
