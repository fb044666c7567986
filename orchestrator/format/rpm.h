#pragma once
#include "format/archive.h"

/* An RPM package as a container (LSB 4, "Package File Format"; RPM's own format v3/v4):
 * lead, signature header, header, and a compressed cpio of the files. Only as much is
 * read as finds the payload; its sha256 was checked before. Scripts and triggers are
 * data that nobody looks at. */
gboolean rpm_magic(const void *head, gsize size);

/* The compressed payload, a part of `slice`. X0625 (EXIT_INTEGRITY) when it is not a
 * binary package, is cut off, or its payload is no cpio or in a compression other than
 * gzip, bzip2, xz and zstd. */
gboolean rpm_payload(const archive_slice *slice, const char *label,
	archive_slice *payload, GError **err);
