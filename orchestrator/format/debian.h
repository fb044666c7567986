#pragma once
#include <glib.h>

/* Debian's control files (deb822, Debian Policy 5.1) and a suite's Release file
 * (repository format, "Release" files). Nothing here checks a signature: see
 * build/debian_repo.h. */

/* One paragraph: fields in order. Names compare without case. */
typedef struct deb822_field {
	char *name;
	char *value; /* lines after the first without their leading blank, joined by \n */
} deb822_field;

typedef struct deb822 deb822; /* a paragraph */

/* Parses all paragraphs; "#" lines are comments. NULL with X0630 (EXIT_INTEGRITY)
 * naming `label` and the line: no colon, a continuation without a field, a field
 * given twice, a NUL or other control character, more than 1,000,000 paragraphs.
 * Element type deb822. */
GPtrArray *deb822_parse(const char *label, const char *text, gsize size, GError **err);
void deb822_free(deb822 *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(deb822, deb822_free)
const char *deb822_get(const deb822 *p, const char *name); /* NULL: absent */
const GPtrArray *deb822_fields(const deb822 *p);	   /* of deb822_field */

typedef struct release_file {
	char *path; /* main/binary-arm64/Packages.xz */
	char *sha256;
	gint64 size;
} release_file;

typedef struct debian_release {
	char *origin, *suite, *codename, *version;
	char *date;	    /* as it stands there */
	gint64 time;	    /* of date, seconds since 1970 */
	gint64 valid_until; /* 0: none */
	gboolean by_hash;
	GHashTable *files; /* path -> release_file, from SHA256 alone */
} debian_release;

/* Exactly one paragraph with Date and SHA256; else NULL with X0630. */
debian_release *debian_release_parse(
	const char *label, const char *text, gsize size, GError **err);
void debian_release_free(debian_release *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(debian_release, debian_release_free)

/* "Sat, 09 Aug 2025 09:16:30 UTC" -> seconds; FALSE if not of this form. */
gboolean debian_date(const char *text, gint64 *seconds);

/* Takes a clear-signed message (RFC 9580, 7) apart: exactly one, nothing before or
 * after it. *body is the text that is signed (dashes unescaped, blanks at line ends
 * off, no line break at the end), *signature the armored signature. */
gboolean clearsigned_split(const char *label, const char *text, gsize size, char **body,
	char **signature, GError **err);

/* Order of Debian versions (Policy 5.6.12): < 0, 0, > 0. */
int debian_version_compare(const char *a, const char *b);
