#include "format/wheel.h"
#include "base/error.h"
#include <string.h>

#define MAX_TEXT (16u << 20)

static void field_free(gpointer p)
{
	wheel_field *f = p;

	g_free(f->key);
	g_free(f->value);
	g_free(f);
}

GPtrArray *wheel_fields_parse(const char *text, gsize size)
{
	GPtrArray *fields = g_ptr_array_new_with_free_func(field_free);
	const char *end = text + size;

	while (text < end) {
		const char *nl = memchr(text, '\n', (gsize)(end - text));
		gsize len = nl ? (gsize)(nl - text) : (gsize)(end - text);
		const char *line = text;
		text += len + (nl ? 1 : 0);
		if (len && line[len - 1] == '\r')
			len--;
		if (!len)
			break;
		const char *colon = memchr(line, ':', len);
		if ((line[0] == ' ' || line[0] == '\t') && fields->len) {
			wheel_field *f = g_ptr_array_index(fields, fields->len - 1);
			g_autofree char *old = f->value;
			g_autofree char *more = g_strndup(line, len);
			f->value = g_strconcat(old, "\n", g_strstrip(more), NULL);
			continue;
		}
		if (!colon || colon == line)
			continue;
		wheel_field *f = g_new0(wheel_field, 1);
		f->key = g_strndup(line, (gsize)(colon - line));
		f->value =
			g_strstrip(g_strndup(colon + 1, len - (gsize)(colon - line) - 1));
		g_ptr_array_add(fields, f);
	}
	return fields;
}

const char *wheel_header(const GPtrArray *fields, const char *key)
{
	for (guint i = 0; i < fields->len; i++) {
		const wheel_field *f = g_ptr_array_index(fields, i);
		if (g_ascii_strcasecmp(f->key, key) == 0)
			return f->value;
	}
	return NULL;
}

static gboolean refuse(const wheel *w, const char *what, GError **err)
{
	g_autofree char *shown = text_escape(w->zip->path, -1);

	return error_set(
		err, EXIT_AUDIT, "X0718", "%s: not a sound wheel: %s", shown, what);
}

/* The one top-level folder that ends in .dist-info. */
static gboolean find_dist_info(wheel *w, GError **err)
{
	for (guint i = 0; i < w->zip->n_entries; i++) {
		const char *name = w->zip->entries[i].name;
		const char *slash = strchr(name, '/');
		if (!slash || slash - name <= 10 ||
			strncmp(slash - 10, ".dist-info", 10) != 0)
			continue;
		gsize len = (gsize)(slash - name) + 1;
		if (!w->dist_info)
			w->dist_info = g_strndup(name, len);
		else if (strlen(w->dist_info) != len ||
			 strncmp(w->dist_info, name, len) != 0)
			return refuse(w, "it has two .dist-info folders", err);
	}
	return w->dist_info || refuse(w, "it has no .dist-info folder", err);
}

static GPtrArray *read_fields(const wheel *w, const char *file, GError **err)
{
	g_autofree char *name = g_strconcat(w->dist_info, file, NULL);
	g_autofree char *missing = g_strconcat(name, " is missing", NULL);
	g_autofree char *large = g_strconcat(name, " is larger than 16 MiB", NULL);
	const zip_entry *e = zip_find(w->zip, name);

	if (!e || e->size > MAX_TEXT) {
		refuse(w, e ? large : missing, err);
		return NULL;
	}
	g_autoptr(GBytes) bytes = zip_read(w->zip, e, err);
	if (!bytes)
		return NULL;
	gsize size;
	const char *text = g_bytes_get_data(bytes, &size);
	return wheel_fields_parse(text, size);
}

wheel *wheel_open_zip(zip_file *zip, const char *file, gboolean strict_name, GError **err)
{
	g_autoptr(wheel) w = g_new0(wheel, 1);

	w->zip = zip;
	w->name = wheel_name_parse(file, strict_name ? err : NULL);
	if (strict_name && !w->name)
		return NULL;
	if (!find_dist_info(w, err) || !(w->metadata = read_fields(w, "METADATA", err)) ||
		!(w->info = read_fields(w, "WHEEL", err)))
		return NULL;
	g_autofree char *record = g_strconcat(w->dist_info, "RECORD", NULL);
	w->record = zip_find(zip, record);
	return g_steal_pointer(&w);
}

wheel *wheel_open(const char *path, gboolean strict_name, GError **err)
{
	g_autofree char *file = g_path_get_basename(path);
	zip_file *zip = zip_open(path, err);

	return zip ? wheel_open_zip(zip, file, strict_name, err) : NULL;
}

void wheel_close(wheel *w)
{
	if (!w)
		return;
	wheel_name_free(w->name);
	zip_close(w->zip);
	g_free(w->dist_info);
	g_clear_pointer(&w->metadata, g_ptr_array_unref);
	g_clear_pointer(&w->info, g_ptr_array_unref);
	g_free(w);
}

const char *wheel_below_scheme(const char *member)
{
	const char *data = strstr(member, ".data/");
	const char *scheme = data ? strchr(data + strlen(".data/"), '/') : NULL;

	return scheme ? scheme + 1 : NULL;
}
