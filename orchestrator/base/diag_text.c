/* How a diagnostic looks:
 *
 *	error[X0202]: key `env` given twice
 *	  --> recipes/lxml.yaml:24:3
 *	   |
 *	18 |   env:
 *	   |   --- first here
 *	   …
 *	24 |   env:
 *	   |   ^^^ again here
 *	   = help: merge the two maps
 */
#include "base/diag.h"
#include "base/error.h"
#include "base/words.h"
#include <string.h>

#define NOTE_COLUMNS 90	 /* longer notes are folded at blanks */
#define LINE_COLUMNS 100 /* longer source lines are shown in part */
#define TAB_COLUMNS 4

gboolean text_is_bidi(gunichar c)
{
	return (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069) ||
	       c == 0x200e || c == 0x200f || c == 0x061c;
}

int text_columns(gunichar c)
{
	if (g_unichar_iszerowidth(c))
		return 0;
	return g_unichar_iswide(c) ? 2 : 1;
}

/* One character of a source line, fit for a terminal, and its columns. */
static int cell(const char **p, const char *end, GString *out)
{
	gunichar c = g_utf8_get_char_validated(*p, end - *p);

	if (c == '\t') {
		(*p)++;
		if (out)
			g_string_append_printf(out, "%*s", TAB_COLUMNS, "");
		return TAB_COLUMNS;
	}
	if (c == (gunichar)-1 || c == (gunichar)-2 || g_unichar_iscntrl(c)) {
		(*p)++;
		if (out)
			g_string_append_printf(out, "\\x%02x", (unsigned char)(*p)[-1]);
		return 4;
	}
	*p = g_utf8_next_char(*p);
	if (text_is_bidi(c)) {
		if (out)
			g_string_append_printf(out, "\\u{%04x}", c);
		return 8;
	}
	if (out)
		g_string_append_unichar(out, c);
	return text_columns(c);
}

/* The part of a line that is shown: all of it, or a window around the place. */
static void window(
	const char *text, gsize len, int col, const char **from, const char **to)
{
	const char *end = text + len, *p = text;
	int columns = 0;

	*from = text;
	for (int i = 1; i < col && p < end; i++)
		columns += cell(&p, end, NULL);
	while (columns > LINE_COLUMNS * 2 / 3)
		columns -= cell(from, end, NULL);
	p = *from;
	for (columns = 0; p < end && columns < LINE_COLUMNS;)
		columns += cell(&p, end, NULL);
	*to = p;
}

typedef struct printer {
	GString *out;
	int gutter;
	const diag *d;
} printer;

static void bar(printer *p, const char *rest)
{
	g_string_append_printf(p->out, "%*s |%s\n", p->gutter, "", rest);
}

static void underline(printer *p, const diag_place *at, char mark)
{
	gsize len;
	const char *text = diag_source_line(p->d->source, at->line, &len);
	const char *from, *to, *c = text;
	int before = 0, wide = 0;

	window(text, len, p->d->at.line == at->line ? p->d->at.col : at->col, &from, &to);
	if (from > text)
		before = 1;
	for (int i = 1; i < at->col && c < to; i++) {
		gboolean shown = c >= from;
		int columns = cell(&c, to, NULL);
		before += shown ? columns : 0;
	}
	for (int i = 0; i < at->span && c < to; i++)
		wide += cell(&c, to, NULL);
	g_string_append_printf(p->out, "%*s | %*s", p->gutter, "", before, "");
	for (int i = 0; i < MAX(wide, 1); i++)
		g_string_append_c(p->out, mark);
	if (at->label) {
		g_autofree char *label = text_escape(at->label, -1);
		g_string_append_printf(p->out, " %s", label);
	}
	g_string_append_c(p->out, '\n');
}

static void source_line(printer *p, const diag_place *at)
{
	gsize len;
	const char *line = diag_source_line(p->d->source, at->line, &len);
	g_autofree char *text = text_mask(line, len);
	const char *from, *to;

	window(text, len, at->col, &from, &to);
	g_string_append_printf(
		p->out, "%*d | %s", p->gutter, at->line, from > text ? "…" : "");
	for (const char *c = from; c < to;)
		cell(&c, to, p->out);
	g_string_append_printf(p->out, "%s\n", to < text + len ? "…" : "");
}

static void excerpt(printer *p)
{
	const diag_place *at = &p->d->at, *other = &p->d->second;
	const diag_place *first = at, *last = at;

	bar(p, "");
	if (other->line && (other->line < at->line ||
				   (other->line == at->line && other->col < at->col)))
		first = other;
	else if (other->line)
		last = other;
	source_line(p, first->line == at->line ? at : first);
	underline(p, first, first == at ? '^' : '-');
	if (first == last)
		return;
	if (last->line > first->line + 1)
		g_string_append_printf(p->out, "%*s …\n", p->gutter, "");
	if (last->line != first->line)
		source_line(p, last);
	underline(p, last, last == at ? '^' : '-');
}

static int digits(int n)
{
	int count = 1;

	while (n /= 10)
		count++;
	return count;
}

static void place_line(printer *p)
{
	const diag *d = p->d;
	g_autofree char *file = text_escape(diag_source_file(d->source), -1);

	g_string_append_printf(p->out, "%*s--> %s", p->gutter, "", file);
	if (d->at.line)
		g_string_append_printf(p->out, ":%d:%d", d->at.line, d->at.col);
	if (d->offset >= 0)
		g_string_append_printf(
			p->out, " (byte offset %" G_GINT64_FORMAT ")", d->offset);
	g_string_append_c(p->out, '\n');
	if (d->at.line)
		excerpt(p);
}

char *diag_text(const diag *d)
{
	GString *out = g_string_new(d->severity == DIAG_ERROR ? "error" : "warning");
	printer p = {out, MAX(2, digits(MAX(d->at.line, d->second.line))), d};
	g_autofree char *text = text_escape(d->text, -1);

	if (d->code)
		g_string_append_printf(out, "[%s]", d->code);
	g_string_append_printf(out, ": %s\n", text);
	if (d->source)
		place_line(&p);
	for (guint i = 0; i < d->remarks->len; i++) {
		g_autofree char *line = text_escape(g_ptr_array_index(d->remarks, i), -1);
		if (line[0] == ' ') {
			g_string_append_printf(out, "%s\n", line + 2);
			continue;
		}
		g_string_append_printf(out, "%*s = ", p.gutter, "");
		words_fold(out, line, p.gutter + 3, p.gutter + 3 + (int)strlen("note: "),
			NOTE_COLUMNS);
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}
