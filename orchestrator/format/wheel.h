#pragma once
#include "format/wheel_name.h"
#include "format/zip.h"

/* A wheel opened for reading: a strict ZIP file with one NAME-VERSION.dist-info
 * and the three files in it that describe it (PEP 427, PEP 376, PEP 566). What
 * is merely wrong in them (a tag that disagrees, a RECORD line that lies) does
 * not hinder opening: it is for the audit to find. */
typedef struct wheel_field {
	char *key, *value; /* value: folded lines joined by '\n' */
} wheel_field;

typedef struct wheel {
	wheel_name *name; /* from the file name; NULL when that is not a wheel's */
	zip_file *zip;
	char *dist_info;	 /* "cwcwidth-0.1.12.dist-info/", with the slash */
	GPtrArray *metadata;	 /* wheel_field: the headers of METADATA */
	GPtrArray *info;	 /* wheel_field: WHEEL */
	const zip_entry *record; /* NULL when missing */
} wheel;

/* EXIT_INTEGRITY/X0651 for the container, EXIT_AUDIT/X0718 when dist-info,
 * METADATA or WHEEL is missing or unreadable, X0719 for the file name when
 * `strict_name`. wheel_open_zip takes the zip over, also when it fails. */
wheel *wheel_open(const char *path, gboolean strict_name, GError **err);
wheel *wheel_open_zip(
	zip_file *zip, const char *file, gboolean strict_name, GError **err);
void wheel_close(wheel *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(wheel, wheel_close)

/* First value of a header, letter case of the key ignored; NULL when absent. */
const char *wheel_header(const GPtrArray *fields, const char *key);
/* RFC 822 headers up to the first empty line; GPtrArray of wheel_field. */
GPtrArray *wheel_fields_parse(const char *text, gsize size);

/* RECORD: one line a file. */
typedef struct wheel_record {
	char *path;
	char *algorithm; /* "sha256" or NULL */
	char *digest;	 /* urlsafe base64 without padding, or NULL */
	gint64 size;	 /* -1: not stated */
} wheel_record;

/* Is this member RECORD or a signature of it? They have no hash of their own and do not
 * outlive a change. */
gboolean wheel_is_record(const wheel *w, const char *name);
/* CSV as Python's csv module reads it. NULL with EXIT_AUDIT/X0718 naming the
 * line. Elements are wheel_record. */
GPtrArray *wheel_record_parse(const char *text, gsize size, GError **err);
/* One line, quoted where needed, with its end; digest is 32 raw bytes or NULL. */
void wheel_record_append(
	GString *out, const char *path, const guint8 *sha256, gint64 size);
/* urlsafe base64 without padding. */
char *wheel_digest_text(const guint8 *digest, gsize size);

/* Where an installer puts a member of NAME.data/SCHEME/, below that scheme's folder;
 * NULL for one that is in no such folder. Borrowed from `member`. */
const char *wheel_below_scheme(const char *member);
