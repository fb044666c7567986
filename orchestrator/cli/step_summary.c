#include "cli/step_summary.h"
#include "base/error.h"
#include "base/fs.h"
#include "cli/output.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BYTES_MAX (900 * 1024)
#define CELL_MAX 300 /* characters of a cause */

/* One line that Markdown takes for plain text. */
static void cell(GString *out, const char *text)
{
	g_autofree char *line = g_strndup(text, strcspn(text, "\n"));
	g_autofree char *safe = text_escape(line, -1);
	glong n = 0;

	for (const char *p = safe; *p && n < CELL_MAX; p = g_utf8_next_char(p), n++) {
		if (strchr("\\`*_{}[]<>()#+!|~&@:", *p))
			g_string_append_printf(out, "&#%d;", *p);
		else
			g_string_append_unichar(out, g_utf8_get_char(p));
	}
	if (n == CELL_MAX)
		g_string_append(out, "…");
}

static void row(GString *out, const item *i, gboolean plan)
{
	static const char *const marks[] = {[ITEM_PLANNED] = "not started",
		[ITEM_SKIPPED] = "skipped",
		[ITEM_CACHED] = "up to date",
		[ITEM_BUILT] = "built",
		[ITEM_FAILED] = "**failed**"};
	const char *why = i->error ? i->error->message : i->reason;

	g_string_append(out, "| ");
	cell(out, i->id);
	g_string_append_printf(out, " | %s | ",
		plan && i->state == ITEM_PLANNED ? "to be built" : marks[i->state]);
	if (i->seconds > 0)
		g_string_append_printf(out, "%.0f s", i->seconds);
	g_string_append(out, " | ");
	if (why && i->state != ITEM_BUILT && i->state != ITEM_CACHED)
		cell(out, why);
	g_string_append(out, " |\n");
}

static GString *table(const selection *s, gboolean plan)
{
	GString *out = g_string_new("| item | result | time | |\n|---|---|---|---|\n");

	for (guint n = 0; n < s->items->len; n++) {
		if (out->len > BYTES_MAX) {
			g_string_append_printf(
				out, "| … %u more | | | |\n", s->items->len - n);
			break;
		}
		row(out, g_ptr_array_index(s->items, n), plan);
	}
	return out;
}

gboolean step_summary_file(
	const selection *s, const options *o, gboolean plan, GError **err)
{
	if (!o->markdown_summary)
		return TRUE;
	GString *out = table(s, plan);
	if (g_str_equal(o->markdown_summary, "-")) {
		output_text(out->str);
		g_string_free(out, TRUE);
		return TRUE;
	}
	gboolean ok = fs_write_atomic(o->markdown_summary, out->str, out->len, 0644, err);
	g_string_free(out, TRUE);
	return ok;
}

void step_summary(const selection *s)
{
	const char *path = g_getenv("GITHUB_STEP_SUMMARY");

	if (!path || !*path || !s->items || !s->items->len)
		return;
	g_autoptr(GString) out = table(s, FALSE);
	FILE *f = fopen(path, "ae");
	gboolean ok = f && fputs(out->str, f) >= 0;
	if ((f && fclose(f) != 0) || !ok)
		output_note("no summary of the step: %s: %s", path, g_strerror(errno));
}
