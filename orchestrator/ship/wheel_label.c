#include "ship/wheel_label.h"
#include "base/error.h"
#include "base/fs.h"
#include "format/digest.h"
#include "format/wheel.h"
#include "format/zip_writer.h"
#include <string.h>

char *wheel_label_version(const char *version, const char *label)
{
	return g_strdup_printf(
		"%s%c%s", version, strchr(version, '+') ? '.' : '+', label);
}

/* "tiny-1.0" of the folders' names, and what takes its place. */
typedef struct renaming {
	char *from, *to;
} renaming;

static char *renamed(const char *name, const renaming *r)
{
	gsize n = strlen(r->from);

	if (strncmp(name, r->from, n) == 0 &&
		(g_str_has_prefix(name + n, ".dist-info/") ||
			g_str_has_prefix(name + n, ".data/")))
		return g_strconcat(r->to, name + n, NULL);
	return g_strdup(name);
}

/* METADATA with another version; the rest keeps its bytes. */
static GBytes *new_metadata(GBytes *old, const char *version)
{
	gsize size;
	const char *text = g_bytes_get_data(old, &size);
	const char *end = text + size;
	GString *out = g_string_new(NULL);

	for (const char *line = text; line < end;) {
		const char *nl = memchr(line, '\n', (gsize)(end - line));
		gsize n = nl ? (gsize)(nl - line) + 1 : (gsize)(end - line);
		if (n <= 2 && (*line == '\n' || *line == '\r')) { /* the description */
			g_string_append_len(out, line, end - line);
			break;
		}
		if (n > 8 && g_ascii_strncasecmp(line, "Version:", 8) == 0)
			g_string_append_printf(out, "Version: %s\n", version);
		else
			g_string_append_len(out, line, (gssize)n);
		line += n;
	}
	return g_string_free_to_bytes(out);
}

static gboolean write_members(const wheel *w, const renaming *r, const char *version,
	zip_writer *out, GError **err)
{
	g_autofree char *metadata = g_strconcat(w->dist_info, "METADATA", NULL);
	g_autofree char *record = g_strconcat(r->to, ".dist-info/RECORD", NULL);
	g_autoptr(GString) rows = g_string_new(NULL);

	for (guint i = 0; i < w->zip->n_entries; i++) {
		const zip_entry *e = &w->zip->entries[i];
		if (e->folder || wheel_is_record(w, e->name))
			continue;
		g_autoptr(GBytes) bytes = zip_read(w->zip, e, err);
		if (!bytes)
			return FALSE;
		g_autoptr(GBytes) mine = g_str_equal(e->name, metadata)
						 ? new_metadata(bytes, version)
						 : g_bytes_ref(bytes);
		g_autofree char *name = renamed(e->name, r);
		guint8 sha256[32];
		gsize size;
		const void *data = g_bytes_get_data(mine, &size);
		digest_raw(data, size, sha256);
		wheel_record_append(rows, name, sha256, (gint64)size);
		if (!zip_writer_add(out, name, data, size, (e->mode & 0111) != 0, err))
			return FALSE;
	}
	wheel_record_append(rows, record, NULL, -1);
	return zip_writer_add(out, record, rows->str, rows->len, FALSE, err) &&
	       zip_writer_finish(out, err);
}

GBytes *wheel_label(GBytes *bytes, const char *file, const char *label, gint64 mtime,
	char **name, GError **err)
{
	zip_file *zip = zip_open_bytes(bytes, file, err);
	g_autoptr(wheel) w = zip ? wheel_open_zip(zip, file, TRUE, err) : NULL;

	if (!w)
		return NULL;
	g_autofree char *version = wheel_label_version(w->name->version, label);
	g_autofree char *from =
		g_strndup(w->dist_info, strlen(w->dist_info) - strlen(".dist-info/"));
	const char *dash = strrchr(from, '-');
	g_autofree char *project =
		dash ? g_strndup(from, (gsize)(dash - from)) : g_strdup(w->name->name);
	g_autofree char *to = g_strdup_printf("%s-%s", project, version);
	const renaming r = {from, to};
	wheel_name n = *w->name; /* borrowed fields */
	n.version = version;

	int fd = fs_memory("labelled", err);
	if (fd < 0)
		return NULL;
	zip_writer *z = zip_writer_new(fd, file, mtime);
	gboolean ok = write_members(w, &r, version, z, err);
	zip_writer_free(z);
	GBytes *out = fs_memory_bytes(fd, ok, err);
	if (out)
		*name = wheel_name_format(&n);
	return out;
}
