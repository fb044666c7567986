#pragma once
#include <glib.h>
#include <stdio.h>

/* A compressed file (gzip, bzip2, xz, zstd, or plain) as a stream of what is in it,
 * at most `max` bytes: beyond that, or when the data is damaged, reading fails
 * (ferror) with EIO or EFBIG. Close with fclose. NULL with X0622. */
FILE *decompress_open(const char *path, guint64 max, GError **err);
