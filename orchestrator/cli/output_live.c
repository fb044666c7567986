/* Live lines: one for each running step and download, below what has been
 * printed, drawn anew five times a second. */
#include "base/error.h"
#include "cli/output_private.h"
#include <string.h>

#define LINES_MAX 8
#define TICK_MICROSECONDS 200000

typedef struct live_item {
	event_kind kind;
	char *subject, *text;
	gint64 done, total, begun;
} live_item;

static GPtrArray *items; /* NULL: not in use */
static live_item whole;	 /* the run: done of total items */
static int drawn;	 /* lines on the screen now */
static gint64 drawn_at;

static void item_free(gpointer data)
{
	live_item *i = data;

	g_free(i->subject);
	g_free(i->text);
	g_free(i);
}

static gpointer tick(gpointer data)
{
	(void)data;
	for (;;) {
		g_usleep(TICK_MICROSECONDS);
		g_mutex_lock(&output.lock);
		if (items->len)
			live_print("");
		g_mutex_unlock(&output.lock);
	}
	return NULL;
}

void live_start(void)
{
	items = g_ptr_array_new_with_free_func(item_free);
	g_thread_unref(g_thread_new("live", tick, NULL));
}

static void erase(GString *out)
{
	for (int i = 0; i < drawn; i++)
		g_string_append(out, "\033[A\033[2K");
	if (drawn)
		g_string_append_c(out, '\r');
	drawn = 0;
}

void live_erase(void)
{
	g_autoptr(GString) out = g_string_new(NULL);

	erase(out);
	output_write(out->str, out->len);
}

/* Cut to the width, so that a line is one line. */
static void append_cut(GString *out, const char *text, int width)
{
	int columns = 0;

	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		columns += text_columns(g_utf8_get_char(p));
		if (columns > width - 1) {
			g_string_append(out, output.ascii ? "" : "…");
			break;
		}
		g_string_append_unichar(out, g_utf8_get_char(p));
	}
	g_string_append_c(out, '\n');
}

static char *item_line(const live_item *i)
{
	double seconds = (double)(g_get_monotonic_time() - i->begun) / 1e6;
	g_autofree char *time = text_seconds(seconds);
	g_autofree char *subject = text_escape(i->subject ? i->subject : "", -1);
	g_autofree char *text = text_escape(i->text ? i->text : "", -1);

	if (i->kind == EVENT_STEP)
		return g_strdup_printf("  %s: %s  %s", subject, text, time);
	g_autofree char *done = text_bytes(i->done);
	g_autofree char *total = i->total > 0 ? text_bytes(i->total) : NULL;
	if (!total)
		return g_strdup_printf("  %s  %s", subject, done);
	return g_strdup_printf("  %s  %s of %s  %d%%", subject, done, total,
		(int)(100 * i->done / i->total));
}

/* "  3 of 21 done, 1 failed  2 min 03 s" */
static void draw_total(GString *out, int width)
{
	if (whole.total < 2 || whole.done == whole.total)
		return;
	g_autofree char *time =
		text_seconds((double)(g_get_monotonic_time() - whole.begun) / 1e6);
	g_autofree char *line = g_strdup_printf("  %d of %d done%s%s  %s",
		(int)whole.done, (int)whole.total, whole.text ? ", " : "",
		whole.text ? whole.text : "", time);
	append_cut(out, line, width);
	drawn++;
}

static void draw(GString *out)
{
	if (!items || !items->len)
		return;
	int width = output_width(), shown = 0;
	/* The oldest are of interest: they are what everything waits for. */
	for (guint i = 0; i < items->len && shown < LINES_MAX; i++, shown++) {
		g_autofree char *line = item_line(g_ptr_array_index(items, i));
		g_autofree char *dressed = output_dress(line, FALSE, output.ascii);
		append_cut(out, dressed, width);
	}
	if (items->len > LINES_MAX) {
		g_string_append_printf(out, "  and %u more\n", items->len - LINES_MAX);
		shown++;
	}
	drawn = shown;
	draw_total(out, width);
	drawn_at = g_get_monotonic_time();
}

/* In one write, so that nothing flickers. */
void live_print(const char *text)
{
	g_autoptr(GString) out = g_string_new(NULL);

	erase(out);
	g_string_append(out, text);
	draw(out);
	output_write(out->str, out->len);
}

static guint find(const event *e)
{
	for (guint i = 0; i < items->len; i++) {
		const live_item *item = g_ptr_array_index(items, i);
		if (item->kind == e->kind && g_strcmp0(item->subject, e->subject) == 0 &&
			(e->kind == EVENT_DOWNLOAD ||
				g_strcmp0(item->text, e->text) == 0))
			return i;
	}
	return G_MAXUINT;
}

static live_item *item_add(const event *e)
{
	live_item *i = g_new0(live_item, 1);

	i->kind = e->kind;
	i->subject = g_strdup(e->subject);
	i->text = g_strdup(e->text);
	i->begun = g_get_monotonic_time();
	g_ptr_array_add(items, i);
	return i;
}

gboolean live_event(const event *e)
{
	if (e->kind == EVENT_TOTAL) {
		g_free(whole.text);
		whole.text = g_strdup(e->text);
		whole.done = e->done;
		whole.total = e->total;
		if (!whole.begun)
			whole.begun = g_get_monotonic_time();
		return FALSE;
	}
	if (e->kind != EVENT_STEP && e->kind != EVENT_DOWNLOAD)
		return FALSE;
	guint at = find(e);
	if (e->phase == EVENT_END || e->phase == EVENT_FAIL) {
		if (at != G_MAXUINT)
			g_ptr_array_remove_index(items, at);
		return TRUE;
	}
	live_item *i = at == G_MAXUINT ? item_add(e) : g_ptr_array_index(items, at);
	i->done = e->done;
	i->total = e->total;
	return g_get_monotonic_time() - drawn_at >= TICK_MICROSECONDS / 2;
}
