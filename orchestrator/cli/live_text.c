#include "cli/live_text.h"
#include "base/diag.h"
#include <string.h>

#define WHAT_LEAST 18 /* columns; the beginning of an item's id */

int live_columns(const char *text)
{
	int columns = 0;

	for (const char *p = text; *p; p = g_utf8_next_char(p))
		columns += text_columns(g_utf8_get_char(p));
	return columns;
}

static void append_cut(GString *out, const char *text, int columns, gboolean ascii)
{
	int used = 0;

	if (live_columns(text) <= columns) {
		g_string_append(out, text);
		return;
	}
	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		used += text_columns(g_utf8_get_char(p));
		if (used > columns - 1)
			break;
		g_string_append_unichar(out, g_utf8_get_char(p));
	}
	if (columns > 0)
		g_string_append(out, ascii ? "~" : "…");
}

static int width_of(const live_fact *facts, guint n)
{
	int width = 0;

	for (guint k = 0; k < n; k++)
		if (facts[k].text)
			width += 2 + (int)strlen(facts[k].text);
	return width;
}

static live_fact *least(live_fact *facts, guint n)
{
	live_fact *found = NULL;

	for (guint k = 0; k < n; k++)
		if (facts[k].text && (!found || facts[k].rank > found->rank))
			found = &facts[k];
	return found;
}

char *live_line(const char *what, live_fact *facts, guint n, int columns, gboolean ascii)
{
	GString *out = g_string_new(NULL);
	g_autofree char *lead = g_strconcat("  ", what, NULL);
	int wanted = MIN(live_columns(lead), WHAT_LEAST);
	live_fact *out_of_room;

	while (columns - width_of(facts, n) < wanted && (out_of_room = least(facts, n)))
		g_clear_pointer(&out_of_room->text, g_free);
	append_cut(out, lead, columns - width_of(facts, n), ascii);
	for (guint k = 0; k < n; k++) {
		if (facts[k].text)
			g_string_append_printf(out, "  %s", facts[k].text);
		g_clear_pointer(&facts[k].text, g_free);
	}
	return g_string_free(out, FALSE);
}

static int rounded(double value, int step)
{
	return MAX((int)((value + step / 2.0) / step) * step, step);
}

char *live_left(double seconds)
{
	if (seconds < 0 || seconds > 1e8)
		return NULL;
	if (seconds < 10)
		return g_strdup_printf("about %d s left", rounded(seconds, 1));
	if (seconds < 58)
		return g_strdup_printf("about %d s left", rounded(seconds, 5));
	int minutes = rounded(seconds / 60, 1);
	if (minutes < 60)
		return g_strdup_printf("about %d min left", minutes);
	minutes = rounded(minutes, 5);
	return g_strdup_printf("about %d h %02d min left", minutes / 60, minutes % 60);
}
