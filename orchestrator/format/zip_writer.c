#include "format/zip_writer.h"
#include "format/zip_parts.h"
#include "base/error.h"
#include <errno.h>
#include <libdeflate.h>
#include <time.h>
#include <unistd.h>

#define LEVEL 6
#define VERSION 20 /* deflate */
#define UNIX (3 << 8)

struct zip_writer {
	int fd;
	char *path;
	guint16 date, time;
	guint64 offset;
	guint count;
	GByteArray *directory;
	struct libdeflate_compressor *deflate;
};

static void put16(GByteArray *out, guint v)
{
	guint8 bytes[] = {v & 0xff, (v >> 8) & 0xff};

	g_byte_array_append(out, bytes, sizeof bytes);
}

static void put32(GByteArray *out, guint32 v)
{
	put16(out, v & 0xffff);
	put16(out, v >> 16);
}

static void set_time(zip_writer *w, gint64 mtime)
{
	time_t t = (time_t)CLAMP(
		mtime, G_GINT64_CONSTANT(315532800), G_GINT64_CONSTANT(4354819198));
	struct tm tm;

	gmtime_r(&t, &tm);
	w->date = (guint16)((tm.tm_year - 80) << 9 | (tm.tm_mon + 1) << 5 | tm.tm_mday);
	w->time = (guint16)(tm.tm_hour << 11 | tm.tm_min << 5 | tm.tm_sec / 2);
}

zip_writer *zip_writer_new(int fd, const char *path, gint64 mtime)
{
	zip_writer *w = g_new0(zip_writer, 1);

	w->fd = fd;
	w->path = g_strdup(path);
	w->directory = g_byte_array_new();
	w->deflate = libdeflate_alloc_compressor(LEVEL);
	set_time(w, mtime);
	return w;
}

void zip_writer_free(zip_writer *w)
{
	if (!w)
		return;
	libdeflate_free_compressor(w->deflate);
	g_byte_array_unref(w->directory);
	g_free(w->path);
	g_free(w);
}

static gboolean write_all(zip_writer *w, const guint8 *data, gsize size, GError **err)
{
	while (size) {
		gssize n = write(w->fd, data, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set_errno(err, EXIT_HOST, "X0820", errno,
				"cannot write %s", w->path);
		data += n;
		size -= (gsize)n;
		w->offset += (guint64)n;
	}
	return TRUE;
}

/* The fields that a local header and the directory have in common. */
static void put_common(
	GByteArray *out, const zip_writer *w, const zip_entry *e, guint16 flags)
{
	put16(out, VERSION);
	put16(out, flags);
	put16(out, e->method);
	put16(out, w->time);
	put16(out, w->date);
	put32(out, e->crc);
	put32(out, (guint32)e->packed);
	put32(out, (guint32)e->size);
	put16(out, (guint)strlen(e->name));
	put16(out, 0); /* extra */
}

static void put_central(zip_writer *w, const zip_entry *e)
{
	GByteArray *out = w->directory;

	put32(out, ZIP_CENTRAL);
	put16(out, UNIX | VERSION);
	put_common(out, w, e, e->flags);
	put16(out, 0); /* comment */
	put16(out, 0); /* disk */
	put16(out, 0); /* internal attributes */
	put32(out, (0100000 | e->mode) << 16);
	put32(out, (guint32)e->offset);
	g_byte_array_append(out, (const guint8 *)e->name, (guint)strlen(e->name));
}

gboolean zip_writer_add(zip_writer *w, const char *name, const void *data, gsize size,
	gboolean executable, GError **err)
{
	zip_entry e = {.name = name,
		.size = size,
		.packed = size,
		.offset = w->offset,
		.crc = libdeflate_crc32(0, data, size),
		.flags = g_str_is_ascii(name) ? 0 : ZIP_FLAG_UTF8,
		.mode = executable ? 0755 : 0644};
	const char *problem = zip_name_problem(name, strlen(name), e.flags);

	if (problem || g_str_has_suffix(name, "/")) {
		g_autofree char *shown = text_escape(name, -1);
		return error_set(err, EXIT_INPUT, "X0651",
			"%s: cannot hold a member \"%s\": %s", w->path, shown,
			problem ? problem : "it is a folder");
	}
	if (w->count == 0xffff || w->offset + size > 0xfff00000)
		return error_set(err, EXIT_INPUT, "X0651",
			"%s: more than a ZIP file of 4 GiB and 65,535 members holds",
			w->path);
	const guint8 *payload = data;
	g_autofree guint8 *packed = g_malloc(size ? size : 1);
	gsize n = libdeflate_deflate_compress(w->deflate, data, size, packed, size);
	if (n && n < size) {
		e.method = ZIP_DEFLATED;
		e.packed = n;
		payload = packed;
	}
	g_autoptr(GByteArray) local = g_byte_array_new();
	put32(local, ZIP_LOCAL);
	put_common(local, w, &e, e.flags);
	g_byte_array_append(local, (const guint8 *)name, (guint)strlen(name));
	put_central(w, &e);
	w->count++;
	return write_all(w, local->data, local->len, err) &&
	       write_all(w, payload, e.packed, err);
}

gboolean zip_writer_finish(zip_writer *w, GError **err)
{
	g_autoptr(GByteArray) end = g_byte_array_new();

	if (w->offset + w->directory->len > 0xfffffffe)
		return error_set(err, EXIT_INPUT, "X0651",
			"%s: more than a ZIP file of 4 GiB holds", w->path);
	put32(end, ZIP_END);
	put32(end, 0); /* disks */
	put16(end, w->count);
	put16(end, w->count);
	put32(end, w->directory->len);
	put32(end, (guint32)w->offset);
	put16(end, 0); /* comment */
	return write_all(w, w->directory->data, w->directory->len, err) &&
	       write_all(w, end->data, end->len, err);
}
