#pragma once
#include <glib.h>
#include <sys/types.h>

/* Members of an archive written below one folder, by xorch's own policy; who reads
 * the archive (format/archive.c) only hands them over. Whatever is refused fails the
 * whole archive: nothing is skipped in silence.
 *
 * Files and folders are made with openat() component by component, O_NOFOLLOW and
 * O_EXCL, so nothing is ever written through a link or over something that exists,
 * also when several archives are written below the same folder by several threads. */

typedef struct archive_policy {
	gboolean strip_top;	 /* exactly one top folder, left out of the names */
	gboolean rooted_links;	 /* absolute links count from the folder; every link is
				    rewritten relative. Else they are kept, absolute
				    ones refused */
	gboolean usr_merge;	 /* lib/x -> usr/lib/x, in link targets too */
	gboolean portable_names; /* refuse backslashes and drive letters */
	gboolean warn_case;	 /* warn of names equal but for case */
	guint64 max_bytes;	 /* 0: the larger of 512 MiB and 20 times the archive */
	guint max_entries;	 /* 0: 200,000 */
	/* What to leave out (after renaming); NULL: keep all. Still counted and checked.
	 * Called in the unpacking thread. */
	gboolean (*keep)(const char *path, gpointer data);
	gpointer keep_data;
} archive_policy;

/* Source archives of Python, Rust, Go: one top folder stripped, links stay inside. */
extern const archive_policy ARCHIVE_SDIST;
/* The files of a Debian package laid into a tree that stands for the root. */
extern const archive_policy ARCHIVE_DEB_DATA;

typedef struct archive_stats {
	guint entries;
	guint64 bytes;
	char *top; /* the stripped folder, or NULL; g_free */
} archive_stats;

typedef struct unpack unpack;

/* `dest` exists; `label` names the archive in messages; packed_size is for the
 * limits. NULL with EXIT_HOST if dest cannot be opened. */
unpack *unpack_new(const char *dest, const archive_policy *policy, const char *label,
	guint64 packed_size, GError **err);
void unpack_free(unpack *u);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(unpack, unpack_free)

typedef enum unpack_kind {
	UNPACK_DIRECTORY,
	UNPACK_FILE,
	UNPACK_SYMLINK,
	UNPACK_HARDLINK
} unpack_kind;

/* Takes the next member: `name` and, for links, `target` as in the archive. For
 * UNPACK_FILE its bytes follow by unpack_write and unpack_file_end; mode other than
 * the owner's x bit is not looked at: files become 0644 or 0755 less the umask.
 * EXIT_INTEGRITY X0620 (refused) or X0621 (over a limit), EXIT_HOST when the disk
 * does not take it. */
gboolean unpack_member(unpack *u, unpack_kind kind, const char *name, const char *target,
	mode_t mode, GError **err);
gboolean unpack_write(unpack *u, const void *data, gsize size, GError **err);
/* mtime: seconds; the nearest of 1980 .. 2107, so that no file is of today (poetry-core's
 * sdists say 1970). */
gboolean unpack_file_end(unpack *u, gint64 mtime, GError **err);
/* After the last member: what only the whole can tell. stats may be NULL. */
gboolean unpack_finish(unpack *u, archive_stats *stats, GError **err);

/* [X0620] for what the reader itself must refuse (device, unknown type …):
 * "LABEL is refused: member "NAME" WHY". Returns FALSE. */
gboolean unpack_refuse(unpack *u, const char *name, const char *why, GError **err);
