#pragma once
#include "format/zip.h"
#include <string.h>

/* Inside format/zip*.c only. */
enum {
	ZIP_STORED = 0,
	ZIP_DEFLATED = 8,
	ZIP_FLAG_ENCRYPTED = 0x2041, /* encrypted, strongly, or its directory */
	ZIP_FLAG_DESCRIPTOR = 0x0008,
	ZIP_FLAG_UTF8 = 0x0800,
	ZIP_LOCAL_SIZE = 30,
	ZIP_CENTRAL_SIZE = 46,
	ZIP_END_SIZE = 22,
	ZIP64_LOCATOR_SIZE = 20,
	ZIP64_END_SIZE = 56,
};
#define ZIP_LOCAL 0x04034b50
#define ZIP_CENTRAL 0x02014b50
#define ZIP_END 0x06054b50
#define ZIP64_END 0x06064b50
#define ZIP64_LOCATOR 0x07064b50
#define ZIP_DESCRIPTOR 0x08074b50

static inline guint16 zip_u16(const guint8 *p)
{
	return (guint16)(p[0] | p[1] << 8);
}

static inline guint32 zip_u32(const guint8 *p)
{
	guint32 v;

	memcpy(&v, p, 4);
	return GUINT32_FROM_LE(v);
}

static inline guint64 zip_u64(const guint8 *p)
{
	guint64 v;

	memcpy(&v, p, 8);
	return GUINT64_FROM_LE(v);
}

/* Sets "path: refused as a ZIP file: text"; returns FALSE. */
gboolean zip_refuse(const zip_file *zip, GError **err, const char *fmt, ...)
	G_GNUC_PRINTF(3, 4);
/* Fills entries (offset is the local header's for now) from the directory. */
gboolean zip_read_directory(zip_file *zip, GError **err);
/* Walks the local headers against the entries; offset becomes the content's. */
gboolean zip_check_layout(zip_file *zip, GError **err);
/* Why a member may not be called so, or NULL. */
const char *zip_name_problem(const char *name, gsize len, guint16 flags);
/* The payload of extra field `id`, its size in *n; NULL when absent. *sound
 * FALSE when the fields do not fill `size` exactly. */
const guint8 *zip_extra(
	const guint8 *extra, gsize size, guint16 id, gsize *n, gboolean *sound);
