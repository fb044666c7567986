#include "format/zip_parts.h"
#include "base/error.h"

static int by_offset(const void *a, const void *b)
{
	const zip_entry *x = *(zip_entry *const *)a, *y = *(zip_entry *const *)b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static gboolean differ(
	const zip_file *zip, const zip_entry *e, const char *what, GError **err)
{
	return zip_refuse(zip, err, "%s: local header and central directory differ in %s",
		e->name, what);
}

/* Local sizes and CRC: the directory's, or with a descriptor also zeros. */
static gboolean check_sizes(const zip_file *zip, const zip_entry *e, const guint8 *p,
	const guint8 *extra, gsize extra_size, GError **err)
{
	guint64 packed = zip_u32(p + 18), size = zip_u32(p + 22);
	gsize n = 0;
	gboolean sound;
	const guint8 *wide = zip_extra(extra, extra_size, 1, &n, &sound);

	if (!sound)
		return zip_refuse(zip, err, "%s: malformed extra fields", e->name);
	if (wide && n >= 16 && (packed == 0xffffffff || size == 0xffffffff)) {
		size = zip_u64(wide);
		packed = zip_u64(wide + 8);
	}
	gboolean later = (e->flags & ZIP_FLAG_DESCRIPTOR) != 0;
	if (zip_u32(p + 14) != e->crc && !(later && zip_u32(p + 14) == 0))
		return differ(zip, e, "CRC", err);
	if ((packed != e->packed || size != e->size) && !(later && !packed && !size))
		return differ(zip, e, "size", err);
	return TRUE;
}

static gboolean check_local(zip_file *zip, zip_entry *e, guint64 end, GError **err)
{
	const guint8 *p = zip->data + e->offset;

	if (end - e->offset < ZIP_LOCAL_SIZE || zip_u32(p) != ZIP_LOCAL)
		return zip_refuse(zip, err, "%s: its local header is missing", e->name);
	gsize name = zip_u16(p + 26), extra = zip_u16(p + 28);
	if (end - e->offset < ZIP_LOCAL_SIZE + name + extra)
		return zip_refuse(zip, err, "%s: its local header is cut off", e->name);
	if (name != strlen(e->name) || memcmp(p + ZIP_LOCAL_SIZE, e->name, name) != 0)
		return differ(zip, e, "name", err);
	if (zip_u16(p + 6) != e->flags)
		return differ(zip, e, "flags", err);
	if (zip_u16(p + 8) != e->method)
		return differ(zip, e, "compression", err);
	if (!check_sizes(zip, e, p, p + ZIP_LOCAL_SIZE + name, extra, err))
		return FALSE;
	e->offset += ZIP_LOCAL_SIZE + name + extra;
	if (e->packed > end - e->offset)
		return zip_refuse(zip, err, "%s: it overlaps the next member", e->name);
	return TRUE;
}

/* What lies between a member's bytes and the next header: nothing, or its data
 * descriptor (with or without signature, sizes of 4 or 8 bytes). */
static gboolean check_gap(
	const zip_file *zip, const zip_entry *e, guint64 end, GError **err)
{
	const guint8 *p = zip->data + e->offset + e->packed;
	guint64 gap = end - e->offset - e->packed;

	if (!(e->flags & ZIP_FLAG_DESCRIPTOR))
		return gap == 0 ||
		       zip_refuse(zip, err,
			       "%s: bytes follow it that the directory does not know",
			       e->name);
	if (gap != 12 && gap != 16 && gap != 20 && gap != 24)
		return zip_refuse(
			zip, err, "%s: its data descriptor is malformed", e->name);
	if (gap == 16 || gap == 24) {
		if (zip_u32(p) != ZIP_DESCRIPTOR)
			return zip_refuse(zip, err,
				"%s: its data descriptor is malformed", e->name);
		p += 4;
		gap -= 4;
	}
	guint64 packed = gap == 12 ? zip_u32(p + 4) : zip_u64(p + 4);
	guint64 size = gap == 12 ? zip_u32(p + 8) : zip_u64(p + 12);
	if (zip_u32(p) != e->crc || packed != e->packed || size != e->size)
		return zip_refuse(zip, err,
			"%s: data descriptor and central directory differ", e->name);
	return TRUE;
}

gboolean zip_check_layout(zip_file *zip, GError **err)
{
	guint64 end = zip->entries[zip->n_entries].offset;
	g_autofree zip_entry **order = g_new(zip_entry *, zip->n_entries + 1);

	for (guint i = 0; i < zip->n_entries; i++)
		order[i] = &zip->entries[i];
	qsort(order, zip->n_entries, sizeof *order, by_offset);
	if (zip->n_entries ? order[0]->offset != 0 : end != 0)
		return zip_refuse(zip, err, "bytes stand before its first member");
	for (guint i = 0; i < zip->n_entries; i++) {
		guint64 next = i + 1 < zip->n_entries ? order[i + 1]->offset : end;
		if (order[i]->offset >= end || next > end)
			return zip_refuse(zip, err,
				"%s: it lies outside the members' area", order[i]->name);
		if (next == order[i]->offset)
			return zip_refuse(zip, err, "%s: two members share its place",
				order[i]->name);
		if (!check_local(zip, order[i], next, err) ||
			!check_gap(zip, order[i], next, err))
			return FALSE;
	}
	return TRUE;
}
