#pragma once
#include <glib.h>
#include <sys/types.h>

/* Files and folders. Paths are in the file-system encoding; descriptors are
 * close-on-exec. Failures are exit 8 (EXIT_HOST) with code X0820, or X0821 with
 * path, needed and free bytes when the disk is full; a caller for whom the file
 * is input (a recipe, say) overwrites (*err)->code. */

/* Sets *err for a failed system call. `doing` is a verb phrase ("write"), the
 * message "cannot write PATH: reason". ENOSPC and EDQUOT become X0821 with the
 * `needed` bytes (0: not known) and what is free. Returns FALSE. */
gboolean fs_fail(GError **err, int errno_value, const char *doing, const char *path,
	guint64 needed);

/* Makes a folder and its parents; an existing folder is fine (its mode stays). */
gboolean fs_mkdir_p(const char *path, mode_t mode, GError **err);

/* Removes a file, link or tree; absent is fine. Never follows a link, gives
 * itself rwx on folders that lack it, and copes with any depth. */
gboolean fs_remove_tree(const char *path, GError **err);

/* The whole of a regular file (never a FIFO, device or folder) up to `max`
 * bytes; larger is an error. */
GBytes *fs_read(const char *path, gsize max, GError **err);

/* A file in memory to write to, which is in no folder (memfd_create(2)); -1 with
 * EXIT_HOST. `name` is for /proc alone. */
int fs_memory(const char *name, GError **err);
/* Closes it; with `ok` what was written, else NULL. */
GBytes *fs_memory_bytes(int fd, gboolean ok, GError **err);

/* Replaces `path` as a whole or not at all, also across a power cut: temporary
 * name in the same folder, write, fsync, rename, fsync of the folder. */
gboolean fs_write_atomic(
	const char *path, const void *data, gsize size, mode_t mode, GError **err);
/* The same by way of `temp`, a name on the same file system that does not exist:
 * for folders where a crash must leave nothing behind. */
gboolean fs_write_atomic_by(const char *temp, const char *path, const void *data,
	gsize size, mode_t mode, GError **err);
/* Gives an existing regular file other contents as a whole; the mode stays, and
 * the owner where this process may say so. Of a link to it the target is replaced, the
 * link stays. */
gboolean fs_rewrite(const char *path, const void *data, gsize size, GError **err);
/* The parts of it, for writers that stream. `path` is for messages only. */
gboolean fs_write_all(
	int fd, const void *data, gsize size, const char *path, GError **err);
gboolean fs_sync(int fd, const char *path, GError **err); /* fsync */
gboolean fs_sync_dir(const char *path, GError **err);
/* rename, then fsync of the folder(s) concerned. */
gboolean fs_rename_durable(const char *from, const char *to, GError **err);

typedef enum fs_copy_flags {
	FS_COPY = 0,	 /* own inodes (reflinks where the file system can) */
	FS_HARDLINK = 1, /* share inodes of files; copies where it cannot */
} fs_copy_flags;

/* Copies a file, link or tree to the name `to`, which must not exist (for a
 * folder: may exist as a folder, then its contents are laid over it and files
 * of the same name replaced). Modes and mtimes are kept, links copied as links;
 * FIFOs, devices and sockets are an error. */
gboolean fs_copy_tree(
	const char *from, const char *to, fs_copy_flags flags, GError **err);

/* Bytes of a file, or of all below a folder; links count as themselves. 0 where there is
 * nothing. */
guint64 fs_tree_bytes(const char *path);

/* Opens `rel` below the folder `dirfd` so that neither "..", absolute names,
 * links nor /proc's magic links lead out of it (openat2 RESOLVE_BENEATH |
 * RESOLVE_NO_MAGICLINKS; on kernels and sandboxes without it a walk by hand).
 * Links that stay inside are followed unless O_NOFOLLOW is in `flags` and the
 * last component is one. Returns the descriptor, or -1 with an error (X0822
 * when the path leads out). */
int fs_open_beneath(int dirfd, const char *rel, int flags, mode_t mode, GError **err);

/* The path of `rel` below `root` with every link resolved: root, "/", and
 * components that are no links. It must exist and must not lead out of root;
 * else NULL with X0822 or X0820. */
char *fs_resolve_beneath(const char *root, const char *rel, GError **err);

/* Is the path that of the folder, or of something below it? By their text alone; neither
 * ends in "/". */
gboolean fs_is_below(const char *path, const char *folder);

/* Bytes a process may still write where `path` (or its nearest existing
 * parent) lies. XORCH_TEST_FREE_SPACE_FILE names a file that holds the figure
 * to pretend, for tests. */
gboolean fs_free_space(const char *path, guint64 *bytes, GError **err);
/* FALSE with X0821 if fewer than `needed` bytes are free. */
gboolean fs_need_space(const char *path, guint64 needed, GError **err);
