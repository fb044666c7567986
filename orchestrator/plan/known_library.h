#pragma once
#include <glib.h>

/* Libraries that packages want of the system, as a table: by what a source or a built
 * wheel names them, and the Debian package (of the default sysroot's suite) that has
 * header and library. What the C library and the compiler bring is not in it. */
typedef struct known_library {
	const char *deb;     /* "libffi-dev" */
	const char *names;   /* words: names to link by, pkg-config's, CMake's, crates' */
	const char *headers; /* words: files, or folders ending in a slash; behind a "~"
			      * files that another of the table has by the same name */
	const char *sonames; /* words: begin of file names in a wheel's NAME.libs or of
			      * NEEDED: "libffi" */
} known_library;

extern const known_library known_libraries[]; /* ends with deb NULL */

/* NULL when not known. */
const known_library *known_library_by_name(const char *name); /* letter case ignored */
const known_library *known_library_by_header(const char *header); /* "openssl/ssl.h" */
/* That, or one that it has as well as another: lua.h of Lua 5.3. */
gboolean known_library_has_header(const known_library *h, const char *header);
/* Where the eight digits begin that auditwheel puts into the name of a library that it
 * copies into a wheel, at their dash; NULL: it has none. */
const char *known_library_hash(const char *file);
/* "libffi.so.8", "libffi-1a2b3c4d.so.8.1.0". */
const known_library *known_library_by_soname(const char *file);
