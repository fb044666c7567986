#include "format/zip_parts.h"
#include "base/error.h"
#include <sys/stat.h>

/* Far beyond any wheel, far below what exhausts a machine (faults.md A13, A14). */
#define MAX_ENTRIES 200000
#define MAX_RATIO 200
#define MAX_FREE (G_GUINT64_CONSTANT(512) << 20)

/* What the end record says: where the directory lies and how many it lists. */
typedef struct directory {
	guint64 offset, size, count;
	guint64 end; /* where the end records begin */
} directory;

const guint8 *zip_extra(
	const guint8 *extra, gsize size, guint16 id, gsize *n, gboolean *sound)
{
	const guint8 *found = NULL;

	*sound = TRUE;
	while (size >= 4) {
		gsize length = zip_u16(extra + 2);
		if (length > size - 4)
			break;
		if (zip_u16(extra) == id) {
			/* Twice the same field: readers differ in which one they take. */
			if (found)
				*sound = FALSE;
			found = extra + 4;
			*n = length;
		}
		extra += 4 + length;
		size -= 4 + length;
	}
	if (size)
		*sound = FALSE;
	return found;
}

const char *zip_name_problem(const char *name, gsize len, guint16 flags)
{
	gboolean ascii = TRUE;

	if (!len)
		return "it is empty";
	if (len > 4096)
		return "it is longer than 4096 bytes";
	if (name[0] == '/')
		return "it is absolute";
	for (gsize i = 0; i < len; i++) {
		guint8 c = (guint8)name[i];
		if (c == '\\')
			return "it holds a backslash";
		if (c < 0x20 || c == 0x7f)
			return "it holds a control character";
		if (c == 0xc2 && i + 1 < len && ((guint8)name[i + 1] & 0xe0) == 0x80)
			return "it holds a control character"; /* U+0080 to U+009F */
		ascii = ascii && c < 0x80;
	}
	if (!g_utf8_validate_len(name, len, NULL))
		return "it is not valid UTF-8";
	if (!ascii && !(flags & ZIP_FLAG_UTF8))
		return "it is not ASCII and not marked as UTF-8";
	if (len >= 2 && g_ascii_isalpha(name[0]) && name[1] == ':')
		return "it begins with a drive letter";
	for (gsize i = 0, start = 0; i <= len; i++) {
		if (i < len && name[i] != '/')
			continue;
		gsize part = i - start;
		if (part == 0 && i < len)
			return "it has an empty part";
		if ((part == 1 && name[start] == '.') ||
			(part == 2 && name[start] == '.' && name[start + 1] == '.'))
			return "it has a part that is \".\" or \"..\"";
		if (part > 255)
			return "a part of it is longer than 255 bytes";
		start = i + 1;
	}
	return NULL;
}

static gboolean is_signature(const guint8 *p)
{
	return p[0] == 'P' && p[1] == 'K' &&
	       ((p[2] == 1 && p[3] == 2) || (p[2] == 3 && p[3] == 4) ||
		       (p[2] == 5 && p[3] == 6) ||
		       (p[2] == 6 && (p[3] == 6 || p[3] == 7)));
}

/* The end record is the one whose comment reaches exactly the file's end. */
static gboolean find_end(const zip_file *zip, guint64 *at, GError **err)
{
	gsize lowest =
		zip->size > ZIP_END_SIZE + 0xffff ? zip->size - ZIP_END_SIZE - 0xffff : 0;

	if (zip->size < ZIP_END_SIZE)
		return zip_refuse(zip, err, "it is too short");
	for (gsize i = zip->size - ZIP_END_SIZE + 1; i-- > lowest;) {
		if (zip_u32(zip->data + i) != ZIP_END)
			continue;
		gsize comment = zip_u16(zip->data + i + 20);
		if (i + ZIP_END_SIZE + comment != zip->size)
			return zip_refuse(zip, err, "bytes follow its end record");
		for (gsize k = 0; k + 4 <= comment; k++)
			if (is_signature(zip->data + i + ZIP_END_SIZE + k))
				return zip_refuse(zip, err,
					"its comment holds parts of an archive");
		*at = i;
		return TRUE;
	}
	return zip_refuse(zip, err, "it has no end record (cut short, or no ZIP file)");
}

static gboolean read_end64(
	const zip_file *zip, guint64 locator, directory *dir, GError **err)
{
	const guint8 *p = zip->data + locator;
	guint64 at = zip_u64(p + 8);

	if (zip_u32(p + 4) != 0 || zip_u32(p + 16) != 1)
		return zip_refuse(zip, err, "it is split over several disks");
	if (locator < ZIP64_END_SIZE || at != locator - ZIP64_END_SIZE ||
		zip_u32(zip->data + at) != ZIP64_END)
		return zip_refuse(
			zip, err, "its ZIP64 end record is not where it should be");
	p = zip->data + at;
	if (zip_u64(p + 4) != ZIP64_END_SIZE - 12 || zip_u32(p + 16) || zip_u32(p + 20) ||
		zip_u64(p + 24) != zip_u64(p + 32))
		return zip_refuse(zip, err, "its ZIP64 end record is malformed");
	*dir = (directory){.count = zip_u64(p + 32),
		.size = zip_u64(p + 40),
		.offset = zip_u64(p + 48),
		.end = at};
	return TRUE;
}

/* A value of the plain record must be the wide one or say "look there". */
static gboolean agrees(guint64 plain, guint64 wide, guint64 marker)
{
	return plain == marker || plain == wide;
}

static gboolean read_end(const zip_file *zip, directory *dir, GError **err)
{
	guint64 at = 0;

	if (!find_end(zip, &at, err))
		return FALSE;
	const guint8 *p = zip->data + at;
	directory plain = {.count = zip_u16(p + 10),
		.size = zip_u32(p + 12),
		.offset = zip_u32(p + 16),
		.end = at};
	if (zip_u16(p + 4) || zip_u16(p + 6) || zip_u16(p + 8) != zip_u16(p + 10))
		return zip_refuse(zip, err, "it is split over several disks");
	*dir = plain;
	if (at >= ZIP64_LOCATOR_SIZE &&
		zip_u32(zip->data + at - ZIP64_LOCATOR_SIZE) == ZIP64_LOCATOR) {
		if (!read_end64(zip, at - ZIP64_LOCATOR_SIZE, dir, err))
			return FALSE;
		if (!agrees(plain.count, dir->count, 0xffff) ||
			!agrees(plain.size, dir->size, 0xffffffff) ||
			!agrees(plain.offset, dir->offset, 0xffffffff))
			return zip_refuse(zip, err, "its two end records disagree");
	}
	if (dir->offset > dir->end || dir->size != dir->end - dir->offset)
		return zip_refuse(
			zip, err, "its central directory does not reach its end record");
	if (dir->count > MAX_ENTRIES || dir->count > dir->size / ZIP_CENTRAL_SIZE)
		return zip_refuse(
			zip, err, "it claims %" G_GUINT64_FORMAT " members", dir->count);
	return TRUE;
}

/* ZIP64 extra field: holds just the values whose plain field is all ones. */
static gboolean widen(
	const zip_file *zip, zip_entry *e, const guint8 *extra, gsize size, GError **err)
{
	gsize n = 0, at = 0;
	gboolean sound;
	const guint8 *wide = zip_extra(extra, size, 1, &n, &sound);
	guint64 *values[] = {&e->size, &e->packed, &e->offset};

	if (!sound)
		return zip_refuse(zip, err, "%s: malformed extra fields", e->name);
	for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
		if (*values[i] != 0xffffffff)
			continue;
		if (!wide || n < at + 8)
			return zip_refuse(
				zip, err, "%s: a ZIP64 size is missing", e->name);
		*values[i] = zip_u64(wide + at);
		at += 8;
	}
	if (wide && at == 0 && n != 0 && n != 16 && n != 24 && n != 28)
		return zip_refuse(zip, err, "%s: malformed ZIP64 field", e->name);
	/* Info-ZIP's second name: some readers prefer it. */
	if (zip_extra(extra, size, 0x7075, &n, &sound) &&
		(n < 5 || strlen(e->name) != n - 5 ||
			memcmp(zip_extra(extra, size, 0x7075, &n, &sound) + 5, e->name,
				n - 5) != 0))
		return zip_refuse(zip, err, "%s: it has a second, other name", e->name);
	return TRUE;
}

static gboolean check_entry(const zip_file *zip, const zip_entry *e, guint32 attributes,
	guint8 system, GError **err)
{
	if (e->flags & ZIP_FLAG_ENCRYPTED)
		return zip_refuse(zip, err, "%s: it is encrypted", e->name);
	if (e->method != ZIP_STORED && e->method != ZIP_DEFLATED)
		return zip_refuse(
			zip, err, "%s: unknown compression %u", e->name, e->method);
	if (e->method == ZIP_STORED && e->packed != e->size)
		return zip_refuse(
			zip, err, "%s: stored, but its two sizes differ", e->name);
	if (e->folder && e->size)
		return zip_refuse(zip, err, "%s: a folder with content", e->name);
	guint32 kind = system == 3 ? (attributes >> 16) & S_IFMT : 0;
	if (kind && kind != S_IFREG && kind != S_IFDIR)
		return zip_refuse(zip, err, "%s: neither a file nor a folder", e->name);
	if ((kind == S_IFDIR) != e->folder && kind)
		return zip_refuse(
			zip, err, "%s: its name and its mode disagree", e->name);
	return TRUE;
}

static gboolean read_entry(zip_file *zip, const guint8 *p, gsize left, zip_entry *e,
	gsize *used, GError **err)
{
	if (left < ZIP_CENTRAL_SIZE || zip_u32(p) != ZIP_CENTRAL)
		return zip_refuse(zip, err, "its central directory is broken");
	gsize name = zip_u16(p + 28), extra = zip_u16(p + 30), comment = zip_u16(p + 32);
	*used = ZIP_CENTRAL_SIZE + name + extra + comment;
	if (*used > left)
		return zip_refuse(zip, err, "its central directory is broken");
	const char *text = (const char *)p + ZIP_CENTRAL_SIZE;
	guint16 flags = zip_u16(p + 8);
	const char *problem = zip_name_problem(text, name, flags);
	if (problem) {
		g_autofree char *shown = text_escape(text, (gssize)name);
		return zip_refuse(zip, err, "the name \"%s\": %s", shown, problem);
	}
	guint32 attributes = zip_u32(p + 38);
	*e = (zip_entry){
		.name = g_string_chunk_insert_len(zip->names, text, (gssize)name),
		.flags = flags,
		.method = zip_u16(p + 10),
		.stamp = (guint32)zip_u16(p + 14) << 16 | zip_u16(p + 12),
		.crc = zip_u32(p + 16),
		.packed = zip_u32(p + 20),
		.size = zip_u32(p + 24),
		.offset = zip_u32(p + 42),
		.mode = p[5] == 3 ? (attributes >> 16) & 07777 : 0,
		.folder = text[name - 1] == '/'};
	if (zip_u16(p + 34) != 0)
		return zip_refuse(zip, err, "it is split over several disks");
	return widen(zip, e, p + ZIP_CENTRAL_SIZE + name, extra, err) &&
	       check_entry(zip, e, attributes, p[5], err);
}

/* Each name once; and no file where another member needs a folder. */
static gboolean check_names(zip_file *zip, GError **err)
{
	for (guint i = 0; i < zip->n_entries; i++)
		if (!g_hash_table_insert(zip->by_name, (gpointer)zip->entries[i].name,
			    &zip->entries[i]))
			return zip_refuse(
				zip, err, "%s: it is there twice", zip->entries[i].name);
	for (guint i = 0; i < zip->n_entries; i++) {
		g_autofree char *parent = g_strdup(zip->entries[i].name);
		gsize len = strlen(parent);
		if (zip->entries[i].folder)
			parent[--len] = 0;
		if (zip->entries[i].folder && zip_find(zip, parent))
			return zip_refuse(
				zip, err, "%s: both a file and a folder", parent);
		for (char *slash = strrchr(parent, '/'); slash;
			slash = strrchr(parent, '/')) {
			*slash = 0;
			if (zip_find(zip, parent))
				return zip_refuse(
					zip, err, "%s: both a file and a folder", parent);
		}
	}
	return TRUE;
}

gboolean zip_read_directory(zip_file *zip, GError **err)
{
	directory dir = {0};
	guint64 at, total = 0;

	if (!read_end(zip, &dir, err))
		return FALSE;
	zip->entries = g_new0(zip_entry, dir.count + 1);
	at = dir.offset;
	for (guint64 i = 0; i < dir.count; i++) {
		zip_entry *e = &zip->entries[i];
		gsize used = 0;
		if (!read_entry(zip, zip->data + at, dir.end - at, e, &used, err))
			return FALSE;
		if (e->size > G_MAXINT64 - total)
			return zip_refuse(zip, err, "impossible sizes");
		total += e->size;
		at += used;
	}
	zip->n_entries = (guint)dir.count;
	if (at != dir.end)
		return zip_refuse(zip, err, "bytes follow its central directory");
	if (total > MAX(MAX_FREE, zip->size * (guint64)MAX_RATIO))
		return zip_refuse(zip, err,
			"unpacked it would be %" G_GUINT64_FORMAT
			" MiB, %u times its size",
			total >> 20, (guint)(total / zip->size));
	/* The directory's start: where the last member has to end. */
	zip->entries[dir.count].offset = dir.offset;
	return check_names(zip, err);
}
