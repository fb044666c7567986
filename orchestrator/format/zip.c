#include "format/zip_parts.h"
#include "base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

gboolean zip_refuse(const zip_file *zip, GError **err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_autofree char *shown = text_escape(zip->path, -1);
	return error_set(err, EXIT_INTEGRITY, "X0651", "%s: refused as a ZIP file: %s",
		shown, text);
}

zip_file *zip_open_bytes(GBytes *bytes, const char *path, GError **err)
{
	g_autoptr(zip_file) zip = g_new0(zip_file, 1);

	zip->path = g_strdup(path);
	zip->bytes = g_bytes_ref(bytes);
	zip->data = g_bytes_get_data(bytes, &zip->size);
	zip->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	zip->names = g_string_chunk_new(4096);
	if (!zip_read_directory(zip, err) || !zip_check_layout(zip, err))
		return NULL;
	return g_steal_pointer(&zip);
}

zip_file *zip_open(const char *path, GError **err)
{
	struct stat st;
	GError *e = NULL;
	g_autofree char *shown = text_escape(path, -1);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0 || fstat(fd, &st) != 0) {
		int saved = errno;
		if (fd >= 0)
			close(fd);
		error_set_errno(err, EXIT_INPUT, NULL, saved, "cannot open %s", shown);
		return NULL;
	}
	if (!S_ISREG(st.st_mode)) {
		close(fd);
		error_set(err, EXIT_INPUT, NULL, "%s is not a regular file", shown);
		return NULL;
	}
	g_autoptr(GMappedFile) map = g_mapped_file_new_from_fd(fd, FALSE, &e);
	close(fd);
	if (!map) {
		error_wrap(err, EXIT_INPUT, NULL, e, "cannot read %s", shown);
		return NULL;
	}
	g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(map);
	return zip_open_bytes(bytes, path, err);
}

void zip_close(zip_file *zip)
{
	if (!zip)
		return;
	g_free(zip->path);
	g_free(zip->entries);
	g_hash_table_unref(zip->by_name);
	g_string_chunk_free(zip->names);
	g_bytes_unref(zip->bytes);
	g_free(zip);
}

const zip_entry *zip_find(const zip_file *zip, const char *name)
{
	return g_hash_table_lookup(zip->by_name, name);
}

static gboolean broken(
	const zip_file *zip, const zip_entry *e, const char *why, GError **err)
{
	g_autofree char *name = text_escape(e->name, -1);

	return zip_refuse(zip, err, "%s: %s", name, why);
}

GBytes *zip_read(const zip_file *zip, const zip_entry *e, GError **err)
{
	const guint8 *packed = zip->data + e->offset;

	if (e->method == ZIP_STORED) {
		if (libdeflate_crc32(0, packed, e->size) != e->crc) {
			broken(zip, e, "its CRC does not match its content", err);
			return NULL;
		}
		return g_bytes_new_from_bytes(zip->bytes, e->offset, e->size);
	}
	guint8 *out = g_try_malloc(e->size ? e->size : 1);
	if (!out) {
		broken(zip, e, "too large for this machine's memory", err);
		return NULL;
	}
	struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
	size_t used = 0, made = 0;
	enum libdeflate_result result = libdeflate_deflate_decompress_ex(
		d, packed, e->packed, out, e->size, &used, &made);
	libdeflate_free_decompressor(d);
	g_autoptr(GBytes) bytes = g_bytes_new_take(out, e->size);
	if (result != LIBDEFLATE_SUCCESS || made != e->size || used != e->packed)
		broken(zip, e, "its packed bytes are damaged or not of the stated size",
			err);
	else if (libdeflate_crc32(0, out, e->size) != e->crc)
		broken(zip, e, "its CRC does not match its content", err);
	else
		return g_steal_pointer(&bytes);
	return NULL;
}

gint64 zip_newest(const zip_file *zip)
{
	guint32 newest = 0;

	for (guint i = 0; i < zip->n_entries; i++)
		newest = MAX(newest, zip->entries[i].stamp);
	guint32 date = newest >> 16, time = newest & 0xffff;
	g_autoptr(GDateTime) utc = g_date_time_new_utc((int)(1980 + (date >> 9)),
		(int)(date >> 5 & 15), (int)(date & 31), (int)(time >> 11),
		(int)(time >> 5 & 63), (time & 31) * 2);
	return utc ? g_date_time_to_unix(utc) : 315532800;
}
