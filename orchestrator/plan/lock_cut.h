#pragma once
#include "plan/lock.h"

/* --exclude-newer in a lock: the instant before which the package index had all of its
 * files. It is written when all of them were chosen under such a limit, the latest one
 * when there were several, so that a lock can be held against a limit without asking
 * anybody. What has no upload time is not covered: Debian packages, crates, modules,
 * repositories, files by URL. */

/* A file of the index is about to be locked under `cut` (seconds, 0: no limit). Called
 * before it is added. */
void lock_cut_add(recipe_lock *lock, gint64 cut);
/* TRUE when every file of the index in it is known to be older than `cut`, or there is
 * none. */
gboolean lock_cut_holds(const recipe_lock *lock, gint64 cut);
/* Drops what came from the index, so that it is locked anew. */
void lock_cut_forget(recipe_lock *lock);
/* bind_check of the key. */
const char *lock_check_instant(const char *text);
