#pragma once
#include "base/lockfile.h"
#include <glib.h>

/* The content-addressed store. Below $XORCH_CACHE_DIR, else $XDG_CACHE_HOME/xorch,
 * else ~/.cache/xorch:
 *
 *	CACHEDIR.TAG
 *	v1/blobs/<2 hex>/<sha256>	files by content: downloads and results
 *	v1/parts/<sha256>.part		downloads begun (build/fetch)
 *	v1/trees/<kind>/<key>/		finished folders: sysroots, toolchains …
 *	v1/trees/<kind>/<key>.manifest	what they consist of (build/manifest.h)
 *	v1/records/<kind>/<name>	small facts, each with its own checksum
 *	v1/bad/				what failed a check, kept for a look
 *	v1/tmp/				work in progress, one folder a process
 *	v1/locks/
 *
 * Everything is written under tmp/ beside its place, synced, and renamed, so a
 * name that exists is whole. Many processes may use one store: locks are per
 * key, a holder that dies frees it, and what dead processes left in tmp/ is
 * removed by the next one. All functions may be called from any thread.
 *
 * A cache that is there but read-only (in a CI image's layer, say) is read, and
 * what is new goes to a second one: the user's own, else one below TMPDIR.
 *
 * A tree must not be changed once it is finished: not even __pycache__ or another
 * mtime, or the next use finds it damaged and builds it anew. */
typedef struct store store;

/* `dir` NULL takes the environment's. Fails (exit 8) with X0824 when the folder
 * belongs to somebody else (but root) or everybody may write to it (D04). */
store *store_open(const char *dir, GError **err);
void store_free(store *s); /* gives back the locks, removes the temporary files */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(store, store_free)

/* Trees are checked in full (contents, nothing added) at their first use instead
 * of by stat: for a cache that came from elsewhere. */
void store_verify_on_use(store *s);

const char *store_root(const store *s); /* the cache folder */
const char *store_dir(const store *s);	/* its v1 */
char *store_default_dir(void);		/* what NULL stands for */

/* A new empty folder (mode 0700) on the file system of the store; removed with
 * the store, or by the next process if this one dies. */
char *store_temp_dir(store *s, GError **err);
/* A name in such a folder that does not exist yet. */
char *store_temp_name(store *s, GError **err);

/* Excludes other processes (and threads) that do the same thing: "wheel", its
 * key. Waits as lockfile_acquire does; `what` is for people. */
lockfile *store_lock(
	store *s, const char *kind, const char *key, const char *what, GError **err);
lockfile *store_lock_try(store *s, const char *kind, const char *key, GError **err);

/* ---- blobs ---- */

typedef enum store_blob_state {
	STORE_BLOB_ABSENT,
	STORE_BLOB_FOUND,
	STORE_BLOB_DAMAGED, /* was there; is set aside now, with a warning */
} store_blob_state;

/* The contents are hashed at the first use in this process, every time. `size`
 * -1 when not known; *path (may be NULL) gets a new string when found. */
store_blob_state store_blob_look(store *s, const char *sha256, gint64 size, char **path);
/* The same for those to whom damaged is absent: the path, or NULL. */
char *store_blob_find(store *s, const char *sha256, gint64 size);

/* Keeps a copy; returns the sha256. Adding what is there already is fine. */
char *store_blob_add_bytes(store *s, const void *data, gsize size, GError **err);
char *store_blob_add_file(store *s, const char *path, GError **err);
/* Moves a file that lies in the store's own folders to its place; the caller
 * has checked size and sha256. */
gboolean store_blob_take(store *s, const char *path, const char *sha256, GError **err);
/* Moves something that failed a check to bad/NAME (replacing an older one) and
 * returns where it is now; NULL when even that failed (then it is removed). */
char *store_set_aside(store *s, const char *path, const char *name);

/* ---- trees ---- */

typedef struct store_tree store_tree;

/* The finished tree, checked against its manifest by stat; one that was copied
 * here (times or inodes differ) is checked in full once. It stays protected
 * from pruning until store_free. NULL: absent, or damaged (said as a warning). */
char *store_tree_find(store *s, const char *kind, const char *key);

/* Whether all trees that this process uses are still what their manifests say, by
 * stat (B11). EXIT_INTEGRITY X0606 names the first that is not. */
gboolean store_trees_unchanged(store *s, GError **err);

/* Begins to make a tree; others who want the same wait here until it is
 * finished. NULL without error and *ready_path set: somebody else
 * made it meanwhile (or it was there). kind and key: letters, digits, . _ + - */
store_tree *store_tree_begin(
	store *s, const char *kind, const char *key, char **ready_path, GError **err);
const char *store_tree_dir(const store_tree *t); /* the folder to fill */
/* Consumes `t`, on failure too. `whole`: puts it in place and returns its path there.
 * Else removes what there is of it and returns NULL, for a maker who has failed and
 * said so in *err. */
char *store_tree_finish(store_tree *t, gboolean whole, GError **err);

/* ---- records ---- */

/* NULL when absent or damaged. */
GBytes *store_record_get(store *s, const char *kind, const char *name);
char *store_record_get_text(store *s, const char *kind, const char *name);
gboolean store_record_put(store *s, const char *kind, const char *name, const void *data,
	gsize size, GError **err);
gboolean store_record_remove(store *s, const char *kind, const char *name, GError **err);
