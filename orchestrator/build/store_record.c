/* Small facts. "xorch-record 1\n", sha256 of the rest, "\n", the rest: a file
 * that a power cut left empty or half is none. */
#include "base/fs.h"
#include "base/error.h"
#include "build/store_private.h"
#include "format/digest.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define MAGIC "xorch-record 1\n"
#define HEAD (sizeof MAGIC - 1 + DIGEST_HEX + 1)
#define MAX_RECORD (64u << 20)

static GBytes *read_record(const char *dir, const char *kind, const char *name)
{
	g_autofree char *path = g_build_filename(dir, "records", kind, name, NULL);
	g_autoptr(GBytes) all = fs_read(path, MAX_RECORD, NULL);
	gsize size = 0;
	const char *p = all ? g_bytes_get_data(all, &size) : NULL;

	if (size < HEAD || memcmp(p, MAGIC, sizeof MAGIC - 1) != 0)
		return NULL;
	g_autofree char *hex = digest_bytes(p + HEAD, size - HEAD);
	if (memcmp(hex, p + sizeof MAGIC - 1, DIGEST_HEX) != 0)
		return NULL;
	return g_bytes_new_from_bytes(all, HEAD, size - HEAD);
}

GBytes *store_record_get(store *s, const char *kind, const char *name)
{
	if (!store_name_check(kind, NULL) || !store_name_check(name, NULL))
		return NULL;
	GBytes *bytes = read_record(s->dir, kind, name);
	return bytes || !s->lower ? bytes : read_record(s->lower, kind, name);
}

char *store_record_get_text(store *s, const char *kind, const char *name)
{
	g_autoptr(GBytes) bytes = store_record_get(s, kind, name);
	gsize size = 0;
	const char *p = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	if (!bytes || memchr(p ? p : "", '\0', size))
		return NULL;
	return g_strndup(p ? p : "", size);
}

gboolean store_record_put(store *s, const char *kind, const char *name, const void *data,
	gsize size, GError **err)
{
	if (!store_name_check(kind, err) || !store_name_check(name, err))
		return FALSE;
	g_autofree char *dir = store_path(s, "records", kind);
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autoptr(GString) all = g_string_sized_new(HEAD + size);
	g_autofree char *hex = digest_bytes(data, size);

	g_string_append_printf(all, MAGIC "%s\n", hex);
	g_string_append_len(all, data ? data : "", (gssize)size);
	return fs_mkdir_p(dir, 0755, err) &&
	       fs_write_atomic(path, all->str, all->len, 0644, err);
}

gboolean store_record_remove(store *s, const char *kind, const char *name, GError **err)
{
	if (!store_name_check(kind, err) || !store_name_check(name, err))
		return FALSE;
	g_autofree char *path = store_path(s, "records", kind, name);
	if (unlink(path) < 0 && errno != ENOENT)
		return fs_fail(err, errno, "remove", path, 0);
	return TRUE;
}
