#pragma once
#include "build/python_host.h"
#include "plan/key.h"
#include "plan/lock.h"
#include "plan/platform.h"
#include "plan/recipe.h"

/* A recipe's file together with its lock: shared by the items made from it. */
typedef struct item_source {
	recipe *recipe;	    /* as loaded, unresolved */
	recipe_lock *lock;  /* never NULL; empty when there is no file yet */
	char *lock_text;    /* what the file holds; NULL when there is none */
	char *label;	    /* --snapshot (cli/snapshot.h): of the version; or NULL */
	gboolean hold_lock; /* a changed lock stays in lock_text: nothing is written */
	GMutex mutex;	    /* around lock */
	GPtrArray *keep;    /* private: item_source_keep */
} item_source;

/* Loads recipe and lock. NULL with errors in the list (recipe) or *err (lock). */
item_source *item_source_load(const char *path, diag_list *l, GError **err);
/* The same for a recipe at hand, which it takes over. */
item_source *item_source_new(recipe *r, GError **err);
/* Keeps `data` as long as the source: what downloads under way refer to. */
void item_source_keep(item_source *s, void *data, GDestroyNotify free_data);
/* Reads the lock's file again, as it is now. FALSE: as item_source_load. */
gboolean item_source_reload_lock(item_source *s, GError **err);
void item_source_free(item_source *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(item_source, item_source_free)

/* One artefact to make: recipe x target x Python, with its stable id
 * (cwcwidth-0.1.12-cp311-aarch64); what has no Python (a Go binary, a library) is
 * recipe x target (fzf-0.65.2-linux-armv7). */
typedef enum item_state {
	ITEM_PLANNED, /* to be built (after item_look: not in the store) */
	ITEM_SKIPPED, /* reason says why; not an error */
	ITEM_CACHED,  /* the store has it */
	ITEM_BUILT,
	ITEM_FAILED,
} item_state;

typedef struct item {
	char *id;
	item_source *source; /* borrowed */
	recipe *recipe;	     /* resolved for this item; NULL when skipped early */
	const platform *platform;
	const host_python *python; /* borrowed; NULL when skipped, missing or none */
	char *python_tag;	   /* "cp311"; NULL: it has no Python */
	char *floor;		   /* "2_17" */
	char *toolchain, *sysroot; /* names of definitions */

	int jobs; /* processors its build may use: set when it starts; 0: not yet */
	GPtrArray *needs;     /* item *, borrowed: built before this one; no cycles */
	GPtrArray *libraries; /* host_library *: what it is linked with; see
			       * build/pipeline_library.h; NULL: not asked yet */
	/* locked_file *, of the lock just made: build requirements whose files for the
	 * target no recipe here makes and no wheel of the index has; or NULL. */
	GPtrArray *lacks;
	gboolean implicit; /* not asked for, but needed by another item */
	/* Locking: its backend gave no answer without the item's libraries and is to be
	 * asked again with them; they are in the store now. */
	gboolean asks_libraries, has_libraries;
	item_state state;
	char *reason;		/* skipped: why; planned: what changed, for --explain */
	gboolean lost;		/* planned: reason says which item that it needs failed */
	gboolean allow_network; /* --allow-network names it */
	GError *error;		/* failed */
	key *key;		/* when everything it depends on is locked */
	char *file;		/* path of the artefact in the output folder */
	char *sha256, *tags, *log, *sandbox;
	char *statement; /* line of its provenance (format/intoto.h); or NULL */
	gint64 size;
	guint cache_hits, cache_misses; /* compilations: build/step_ccache.h */
	double seconds;
	double expected; /* seconds a build will probably take; 0: not known */
} item;

/* `python_tag` NULL: without a Python. */
item *item_new(item_source *source, const platform *target, const char *python_tag);
void item_free(item *i);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(item, item_free)

/* Requires-Python of the sources, as the index gave it when they were locked: an item
 * that it excludes becomes ITEM_SKIPPED with that reason. Asks nobody. */
void item_check_python(item *i);
const char *item_state_name(item_state state); /* "planned", "skipped", … */
/* "cp311" -> "3.11", "cp313t" -> "3.13t". New string. */
char *item_python_version(const char *tag);
/* Hint for what the lock lacks of this item: "run `xorch lock R.yaml --python cp311
 * --target armv7` and commit the lock"; without both names another section would be
 * written. */
void item_help_lock(GError **err, const item *i);
