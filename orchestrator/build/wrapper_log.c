#include "build/wrapper_log.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include <string.h>

#define LOG_MAX (8 << 20)
#define EVENTS_MAX 50

static void event_free(void *data)
{
	wrapper_event *e = data;

	g_free(e->action);
	g_free(e->tool);
	g_free(e->flag);
	g_free(e->reason);
	g_free(e);
}

static void line_add(GPtrArray *out, GHashTable *known, const char *line)
{
	wrapper_event *e = g_hash_table_lookup(known, line);

	if (e) {
		e->count++;
		return;
	}
	g_auto(GStrv) fields = g_strsplit(line, "\t", -1);
	if (g_strv_length(fields) != 4 || out->len == EVENTS_MAX)
		return;
	e = g_new0(wrapper_event, 1);
	e->action = text_escape(fields[0], -1);
	e->tool = text_escape(fields[1], -1);
	e->flag = text_escape(fields[2], -1);
	e->reason = text_escape(fields[3], -1);
	e->count = 1;
	g_ptr_array_add(out, e);
	g_hash_table_insert(known, g_strdup(line), e);
}

GPtrArray *wrapper_log_read(const char *path)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(event_free);
	g_autoptr(GHashTable) known =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GBytes) bytes = NULL;

	if (g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
		!g_file_test(path, G_FILE_TEST_IS_SYMLINK))
		bytes = fs_read(path, LOG_MAX, NULL);
	if (!bytes)
		return out;
	g_autofree char *text =
		g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	char *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line;
		line = strtok_r(NULL, "\n", &save))
		line_add(out, known, line);
	return out;
}

void wrapper_log_tell(const char *path, const char *subject)
{
	g_autoptr(GPtrArray) events = wrapper_log_read(path);

	for (guint i = 0; i < events->len; i++) {
		const wrapper_event *e = g_ptr_array_index(events, i);
		gboolean replaced = g_str_equal(e->action, "replaced");
		g_autofree char *times =
			e->count > 1 ? g_strdup_printf(", %u times", e->count) : NULL;
		event_log(replaced ? EVENT_NOTE : EVENT_INFO, subject, "%s: %s %s: %s%s",
			g_str_equal(e->tool, "stubgen") ? "stubs" : "compiler wrapper",
			e->action, e->flag, e->reason, times ? times : "");
	}
}
