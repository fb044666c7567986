#pragma once
#include <glib.h>

/* ZIP files, strict: the central directory is the only truth, and a file in
 * which another reader could see something else is refused (parser
 * differentials let one tool verify what another does not install). Checked
 * when opening, without inflating anything:
 *  - one end record, at the very end, no archive inside its comment;
 *  - the members lie one after the other from byte 0 to the central directory:
 *    nothing before, between or after them, no member the directory hides;
 *  - every local header agrees with the directory in name, flags, method, CRC
 *    and sizes (those of a data descriptor too);
 *  - names are relative UTF-8 paths without "..", ".", empty parts,
 *    backslashes or control characters, none twice, none a folder of another;
 *  - stored or deflated, not encrypted; regular files and folders only;
 *  - ZIP64 fields only where well-formed; limits on members and sizes.
 * Source: PKWARE's APPNOTE 6.3.10; faults.md A22. */

typedef struct zip_entry {
	const char *name; /* ends in '/' for a folder; owned by the zip */
	guint64 offset;	  /* of the packed bytes */
	guint64 packed, size;
	guint32 crc;
	guint16 method; /* 0 stored, 8 deflated */
	guint16 flags;
	guint32 mode;  /* Unix permission bits, 0 when not recorded */
	guint32 stamp; /* DOS date and time, which count upwards like a number */
	gboolean folder;
} zip_entry;

typedef struct zip_file {
	char *path; /* for messages */
	GBytes *bytes;
	const guint8 *data;
	gsize size;
	zip_entry *entries; /* in the directory's order */
	guint n_entries;
	GHashTable *by_name; /* name -> zip_entry * */
	GStringChunk *names;
} zip_file;

/* Maps the file (opened O_NOFOLLOW, must be regular). NULL with
 * EXIT_INPUT when it cannot be read, EXIT_INTEGRITY/X0651 when refused. Reading
 * a file that another process shortens meanwhile raises SIGBUS: give it files
 * nobody else writes. */
zip_file *zip_open(const char *path, GError **err);
zip_file *zip_open_bytes(GBytes *bytes, const char *path, GError **err);
void zip_close(zip_file *zip);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(zip_file, zip_close)

const zip_entry *zip_find(const zip_file *zip, const char *name);
/* When its newest member was written, in seconds since 1970, taken as UTC; 1980-01-01
 * where that is no date. */
gint64 zip_newest(const zip_file *zip);
/* The content, CRC checked; thread-safe. A stored member's bytes are a view of
 * the archive. NULL with EXIT_INTEGRITY/X0651. */
GBytes *zip_read(const zip_file *zip, const zip_entry *entry, GError **err);
