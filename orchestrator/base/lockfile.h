#pragma once
#include <glib.h>

/* Locks between processes (and between threads of one): flock on a file opened
 * read-write. A holder that dies gives its lock back at once. The inode is
 * looked at again after the lock is got, so a file that was removed meanwhile
 * does not lock anything (C04). An exclusive holder writes its pid and host
 * into the file, for the messages of those who wait.
 *
 * On file systems without flock (ENOLCK, ENOSYS, some NFS) a warning is given
 * once and the lock is granted: everything xorch guards by locks is also put
 * in place by rename, so the worst is work done twice. */
typedef struct lockfile lockfile;

/* Tries; when somebody holds it says "waiting for pid N (WHAT)" as an event, again
 * every XORCH_LOCK_REPORT seconds (60; nothing of a thread of this process), and waits. A
 * process of this machine that holds it alone and runs is waited for as long as it takes.
 * One that is stopped (SIGSTOP), that shares it (a user of what is to be removed) or that
 * this kernel does not know (another host, another container) is waited for
 * XORCH_LOCK_TIMEOUT seconds (300, fractions allowed); then it fails with X0823 naming
 * pid, host, path and the variable. A cancelled run (process_cancelled) ends the wait.
 * `what` is the thing guarded, for people ("toolchain clang"). The folder must exist. */
lockfile *lockfile_acquire(
	const char *path, gboolean shared, const char *what, GError **err);

/* Without waiting: NULL and no error when it is held by somebody else. */
lockfile *lockfile_try(const char *path, gboolean shared, GError **err);

/* Several, exclusive, without deadlock: taken in the order of their names
 * whatever the order given (C05), duplicates once. Element type lockfile*, freed
 * with the array; NULL and none held on failure. */
GPtrArray *lockfile_acquire_all(const char *const *paths, const char *what, GError **err);

/* FALSE where the file system has no locks: others may be at it too. */
gboolean lockfile_excludes(const lockfile *l);
void lockfile_release(lockfile *l); /* NULL is fine */
/* Removes the file while still holding it, then releases. */
void lockfile_remove(lockfile *l);
/* Marks the time of use: the file's mtime becomes now. */
void lockfile_touch(lockfile *l);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(lockfile, lockfile_release)
