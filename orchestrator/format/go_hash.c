#include "format/go_hash.h"
#include "base/error.h"
#include "format/digest.h"
#include <string.h>

static int by_name(const void *a, const void *b)
{
	const zip_entry *x = *(const zip_entry *const *)a;
	const zip_entry *y = *(const zip_entry *const *)b;

	return strcmp(x->name, y->name);
}

static void add_line(GString *list, const void *data, gsize size, const char *name)
{
	g_autofree char *hex = digest_bytes(data, size);

	g_string_append_printf(list, "%s  %s\n", hex, name);
}

static char *finish(const GString *list)
{
	guint8 raw[32];

	digest_raw(list->str, list->len, raw);
	g_autofree char *text = g_base64_encode(raw, sizeof raw);
	return g_strconcat("h1:", text, NULL);
}

char *go_hash_mod(const void *data, gsize size)
{
	g_autoptr(GString) list = g_string_new(NULL);

	add_line(list, data, size, "go.mod");
	return finish(list);
}

/* A link, a device … in the Unix mode that the zip records. */
static gboolean is_special(const zip_entry *e)
{
	guint32 type = e->mode & 0170000;

	return e->folder || (type && type != 0100000);
}

char *go_hash_zip(
	const zip_file *zip, const char *path, const char *version, GError **err)
{
	g_autofree char *prefix = g_strdup_printf("%s@%s/", path, version);
	g_autofree const zip_entry **order = g_new(const zip_entry *, zip->n_entries + 1);
	g_autoptr(GString) list = g_string_new(NULL);

	for (guint i = 0; i < zip->n_entries; i++) {
		const zip_entry *e = &zip->entries[i];
		if (!g_str_has_prefix(e->name, prefix) || is_special(e)) {
			g_autofree char *name = text_escape(e->name, -1);
			error_set(err, EXIT_INTEGRITY, "X0660",
				"this is not the zip of %s %s", path, version);
			error_line(err, "member: %s", name);
			error_note(
				err, "a module's zip holds plain files below %s", prefix);
			return NULL;
		}
		order[i] = e;
	}
	qsort(order, zip->n_entries, sizeof *order, by_name);
	for (guint i = 0; i < zip->n_entries; i++) {
		g_autoptr(GBytes) bytes = zip_read(zip, order[i], err);
		if (!bytes)
			return NULL;
		add_line(list, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
			order[i]->name);
	}
	return finish(list);
}
