#pragma once
#include <glib.h>

/* Contents-ARCH of a Debian suite: which package has which file (repository format,
 * "Contents indices"). A line is a path, blanks, and the packages with their section,
 * separated by commas: "usr/lib/aarch64-linux-gnu/libpq.so.5   libs/libpq5". */

/* The shared libraries that lie in lib/TRIPLE or usr/lib/TRIPLE itself, each by its file
 * name: lines "libpq.so.5 libpq5", sorted, a file of several packages once for each.
 * `path` is compressed as decompress_open takes it. NULL with EXIT_INTEGRITY X0632 when
 * it cannot be read to its end. New string. */
char *debian_contents_libraries(const char *path, const char *triple, GError **err);
