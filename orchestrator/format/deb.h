#pragma once
#include "format/archive.h"

/* Debian packages: an ar container of debian-binary ("2.0\n"), control.tar and
 * data.tar, in this order, the two tars plain or in gzip, xz or zstd (deb(5)). The
 * container is read here, its sizes checked against the file, the tars by
 * format/archive. Nothing of a package is ever run. */

/* Lays the package's files below `dest`, an existing folder which may be shared with
 * other packages, also at the same time by other threads; on failure the folder is
 * for the caller to throw away. `policy` is mostly a copy of ARCHIVE_DEB_DATA with a
 * `keep`. stats may be NULL. EXIT_INTEGRITY X0620 to X0624, EXIT_HOST. */
gboolean deb_unpack(const char *path, const char *label, const char *dest,
	const archive_policy *policy, archive_stats *stats, GError **err);
gboolean deb_unpack_slice(const archive_slice *slice, const char *label, const char *dest,
	const archive_policy *policy, archive_stats *stats, GError **err);

/* The text of the package's control file (deb822, see format/debian.h). New. */
GBytes *deb_control(const archive_slice *slice, const char *label, GError **err);

/* A maintainer script (deb-postinst(5)) of the package in this file, to be read; NULL
 * without an error if it has none. At most `max` bytes. New. */
GBytes *deb_script(
	const char *path, const char *label, const char *name, gsize max, GError **err);
