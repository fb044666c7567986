#pragma once
#include "format/archive.h"
#include <lazy/archive.h>

/* libarchive opened on a slice with just the filters and formats meant; behind
 * format/archive and format/decompress. */
typedef struct archive_reader archive_reader;

typedef enum archive_reader_mode {
	READER_TAR,
	READER_TAR_LAYER, /* may lack the end mark: umoci writes image layers so, and the
			     readers of such layers take them; or an RPM package */
	READER_TAR_LAYER_DIGEST, /* the same, for archive_reader_digest */
	READER_TAR_ZIP,
	READER_RAW /* one stream, decompressed */
} archive_reader_mode;

/* NULL with X0622 if it is none of these. */
archive_reader *archive_reader_open(const archive_slice *slice, const char *label,
	archive_reader_mode mode, GError **err);
/* The sha256 (new string) of all that the compression held, of one opened as
 * READER_TAR_LAYER_DIGEST: reads to its end whatever is behind the tar's own. NULL with
 * X0622. For an RPM it is that of its payload. */
char *archive_reader_digest(archive_reader *r, GError **err);
void archive_reader_free(archive_reader *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(archive_reader, archive_reader_free)
struct archive *archive_reader_handle(archive_reader *r);
/* A cpio out of an RPM: of hard links the last alone has the contents. */
gboolean archive_reader_is_rpm(const archive_reader *r);

/* [X0622] "LABEL is damaged: <libarchive's text>"; returns FALSE. */
gboolean archive_reader_error(archive_reader *r, GError **err);

/* Hands the current member's contents to the file that `u` has begun: `size` bytes, no
 * more, no less, without holes; X0622 otherwise. */
gboolean archive_reader_feed(archive_reader *r, unpack *u, guint64 size, GError **err);
