#pragma once
#include "format/zip.h"
#include <glib.h>

/* Go's own hash of a module, "h1:" and base64, as it stands in go.sum: SHA-256 over
 * a list of the files' SHA-256 and names, one a line, sorted by name. It is of the
 * contents: how the zip packs them does not count. Source: golang.org/x/mod,
 * sumdb/dirhash (Hash1). */

/* Of a module's zip; every member's name must begin with "PATH@VERSION/" and be
 * there once, no member may be a folder or a link. EXIT_INTEGRITY: X0651 for a damaged
 * member, X0660 for one that does not belong to the module. New string. */
char *go_hash_zip(
	const zip_file *zip, const char *path, const char *version, GError **err);
/* Of a go.mod file. New string. */
char *go_hash_mod(const void *data, gsize size);
