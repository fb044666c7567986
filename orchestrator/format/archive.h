#pragma once
#include "format/unpack.h"

/* Archives from outside, read by libarchive, judged and written by format/unpack.
 * Only tar and zip are known, plain or in gzip, bzip2, xz or zstd; what merely
 * bears such a name (rar, iso, an HTML page) is refused and said what it looks like.
 * Neither gzip's nor zip's checksums are an integrity check (libarchive ignores or
 * only warns of them): hash the file against its lock before it comes here. A warning
 * while reading is an error. */

/* A file, a part of one, or memory; borrowed. */
typedef struct archive_slice {
	int fd; /* read by offset, its position is not used; -1: data */
	const void *data;
	guint64 offset, size;
} archive_slice;

/* Unpacks `path` into the folder `dest`, which must not exist yet: it is made, and
 * removed again on any failure. stats may be NULL. EXIT_INTEGRITY X0620 to X0623,
 * EXIT_HOST. */
gboolean archive_unpack(const char *path, const char *dest, const archive_policy *policy,
	archive_stats *stats, GError **err);
gboolean archive_unpack_slice(const archive_slice *slice, const char *label,
	const char *dest, const archive_policy *policy, archive_stats *stats,
	GError **err);

typedef enum archive_formats { ARCHIVE_FORMATS_ALL, ARCHIVE_FORMATS_TAR } archive_formats;

/* Feeds all members to `u`; the caller has the folder and calls unpack_finish. */
gboolean archive_feed(unpack *u, const archive_slice *slice, const char *label,
	archive_formats formats, GError **err);

/* One member of a small tar (such as a .deb's control file), looked up by its clean
 * name; at most max bytes. NULL with an error; *found FALSE without one if absent. */
GBytes *archive_member(const archive_slice *slice, const char *label, const char *name,
	gsize max, gboolean *found, GError **err);

/* A sentence part such as "an HTML page", judged by the first bytes. Static. */
const char *archive_looks_like(const void *head, gsize size);
