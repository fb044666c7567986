#include "build/history_file.h"
#include "base/error.h"
#include "base/fs.h"
#include "format/json.h"
#include <stdlib.h>
#include <string.h>

#define FILE_MAX (1024 * 1024)

typedef enum field_kind { FIELD_TEXT, FIELD_INT, FIELD_INT64, FIELD_REAL } field_kind;

/* One row drives reading, writing and freeing. */
static const struct field {
	const char *name;
	field_kind kind;
	size_t at;
} fields[] = {
#define AT(member) offsetof(history_build, member)
	{"build", FIELD_TEXT, AT(build)},
	{"id", FIELD_TEXT, AT(id)},
	{"name", FIELD_TEXT, AT(name)},
	{"target", FIELD_TEXT, AT(target)},
	{"key", FIELD_TEXT, AT(key)},
	{"state", FIELD_TEXT, AT(state)},
	{"class", FIELD_TEXT, AT(kind)},
	{"subject", FIELD_TEXT, AT(subject)},
	{"error", FIELD_TEXT, AT(error)},
	{"first_error", FIELD_TEXT, AT(first_error)},
	{"hint", FIELD_TEXT, AT(hint)},
	{"code", FIELD_INT, AT(code)},
	{"started", FIELD_INT64, AT(started)},
	{"seconds", FIELD_REAL, AT(seconds)},
	{"cpu_seconds", FIELD_REAL, AT(cpu_seconds)},
	{"peak_memory", FIELD_INT64, AT(peak_memory)},
	{"load", FIELD_REAL, AT(load)},
	{"jobs", FIELD_INT, AT(jobs)},
	{"log", FIELD_TEXT, AT(log)},
	{"file", FIELD_TEXT, AT(file)},
	{"sha256", FIELD_TEXT, AT(sha256)},
	{"size", FIELD_INT64, AT(size)},
	{"sandbox", FIELD_TEXT, AT(sandbox)},
	{"pid", FIELD_INT, AT(pid)},
	{"host", FIELD_TEXT, AT(host)},
#undef AT
};

#define MEMBER(b, type, f) (*(type *)((char *)(b) + (f)->at))

history_build *history_build_new(void)
{
	return g_new0(history_build, 1);
}

void history_build_free(history_build *b)
{
	if (!b)
		return;
	for (guint n = 0; n < G_N_ELEMENTS(fields); n++)
		if (fields[n].kind == FIELD_TEXT)
			g_free(MEMBER(b, char *, &fields[n]));
	g_free(b);
}

static void field_read(history_build *b, const struct field *f, const json_t *value)
{
	if (f->kind == FIELD_TEXT)
		MEMBER(b, char *, f) = g_strdup(json_string_value(value));
	else if (f->kind == FIELD_INT)
		MEMBER(b, int, f) = (int)json_integer_value(value);
	else if (f->kind == FIELD_INT64)
		MEMBER(b, gint64, f) = json_integer_value(value);
	else
		MEMBER(b, double, f) = json_number_value(value);
}

history_build *history_file_read(const char *path)
{
	g_autoptr(GBytes) bytes = fs_read(path, FILE_MAX, NULL);
	gsize size = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	g_autoptr(json_t) j = data ? json_parse(data, size, path, NULL) : NULL;

	if (!json_get_string(j, "build") || !json_get_string(j, "id") ||
		!json_get_string(j, "state"))
		return NULL;
	history_build *b = history_build_new();
	for (guint n = 0; n < G_N_ELEMENTS(fields); n++)
		field_read(b, &fields[n], json_object_get(j, fields[n].name));
	return b;
}

static json_t *field_json(const history_build *b, const struct field *f)
{
	if (f->kind == FIELD_INT)
		return json_integer(MEMBER(b, int, f));
	if (f->kind == FIELD_INT64)
		return json_integer(MEMBER(b, gint64, f));
	if (f->kind == FIELD_REAL)
		return json_real(MEMBER(b, double, f));
	const char *text = MEMBER(b, char *, f);
	if (!text)
		return NULL;
	return json_text(text);
}

gboolean history_file_write(const char *path, const history_build *b, GError **err)
{
	g_autoptr(json_t) j = json_pack("{s:i}", "v", 1);
	g_autofree char *folder = g_path_get_dirname(path);

	for (guint n = 0; n < G_N_ELEMENTS(fields); n++) {
		json_t *value = field_json(b, &fields[n]);
		if (value)
			json_object_set_new(j, fields[n].name, value);
	}
	char *text = json_dumps(j, JSON_INDENT(1));
	gboolean ok = fs_mkdir_p(folder, 0755, err) &&
		      fs_write_atomic(path, text, strlen(text), 0644, err);
	free(text);
	return ok;
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *history_files(const char *folder, const char *end)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_ascii_isdigit(*name) && g_str_has_suffix(name, end))
			g_ptr_array_add(out, g_build_filename(folder, name, NULL));
	g_ptr_array_sort(out, by_name);
	return out;
}
