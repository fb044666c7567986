#pragma once
#include <glib.h>

/* A second look at a tar stream on its way to libarchive: what two programs would
 * read in two ways is refused. A pax record of the size beside another size in the
 * header (CVE-2025-62518 and its like), malformed or oversized pax records, sparse
 * files, links with contents, no end mark (cut short at a member's border). Names and
 * types are judged later, member by member. */
typedef struct tar_scan {
	guint64 skip;	 /* bytes of contents still to pass over */
	guint64 padding; /* so many of the last of them fill the block */
	guint64 wanted;	 /* bytes of a pax header still to gather */
	guint filled;	 /* of header */
	gboolean ended;	 /* a block of zeros stood where a header would */
	gboolean global; /* the pax header in hand is a global one */
	gboolean has_size;
	guint64 pax_size;
	guint64 at; /* offset of the next byte */
	GByteArray *pax;
	guint8 header[512];
} tar_scan;

void tar_scan_clear(tar_scan *s);
/* NULL if these next bytes are fine, else why not (static). */
const char *tar_scan_feed(tar_scan *s, const void *data, gsize size);
/* The same for the end of the stream. */
const char *tar_scan_end(const tar_scan *s);
/* So many zeros would end a stream that stops behind a member's contents, without its
 * padding or the end mark; 0 if it is ended, or cut within something. */
gsize tar_scan_missing(const tar_scan *s);
