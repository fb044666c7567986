#include "format/roff.h"
#include "base/words.h"
#include <string.h>

static void put(GString *out, gunichar c)
{
	static const struct {
		gunichar c;
		const char *text;
	} known[] = {{'\\', "\\e"}, {'-', "\\-"}, {'\'', "\\(aq"}, {'`', "\\(ga"},
		{'^', "\\(ha"}, {'~', "\\(ti"}, {'"', "\\(dq"}};

	for (guint n = 0; n < G_N_ELEMENTS(known); n++) {
		if (known[n].c == c) {
			g_string_append(out, known[n].text);
			return;
		}
	}
	if (c < 0x80)
		g_string_append_c(out, (char)c);
	else
		g_string_append_printf(out, "\\[u%04X]", c);
}

static void put_n(GString *out, const char *text, gsize len)
{
	for (const char *p = text; p < text + len; p = g_utf8_next_char(p))
		put(out, g_utf8_get_char(p));
}

void roff_text(GString *out, const char *text)
{
	put_n(out, text, strlen(text));
}

void roff_macro(GString *out, const char *name, ...)
{
	va_list ap;
	const char *word;

	g_string_append_printf(out, ".%s", name);
	va_start(ap, name);
	while ((word = va_arg(ap, const char *))) {
		g_string_append(out, " \"");
		roff_text(out, word);
		g_string_append_c(out, '"');
	}
	va_end(ap);
	g_string_append_c(out, '\n');
}

/* `words` bold. */
static void marked(GString *out, const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "`", -1);
	guint n = g_strv_length(parts);

	for (guint i = 0; i < n; i++) {
		gboolean bold = i % 2 && i + 1 < n;
		if (i % 2 && !bold)
			put(out, '`'); /* one without its other */
		g_string_append(out, bold ? "\\fB" : "");
		roff_text(out, parts[i]);
		g_string_append(out, bold ? "\\fR" : "");
	}
}

/* A point at its start would be a request; an apostrophe is escaped anyway. */
static void line(GString *out, const char *text)
{
	g_string_append_printf(out, "%s%s\n", *text == '.' ? "\\&" : "", text);
}

#define WIDTH 78

/* A sentence begins a line: the formatter sets the space before it. */
static void prose(GString *out, const char *text)
{
	g_autoptr(GString) whole = g_string_new(NULL);
	g_autoptr(GString) folded = g_string_new(NULL);

	marked(whole, text);
	g_strdelimit(whole->str, "\n", ' ');
	for (char *end = whole->str; (end = strchr(end, ' ')); end++)
		if (end > whole->str && end[-1] == '.')
			*end = '\n';
	words_fold(folded, whole->str, 0, 0, WIDTH);
	g_auto(GStrv) lines = g_strsplit(folded->str, "\n", -1);
	for (char **l = lines; *l; l++)
		if (**l)
			line(out, *l);
}

/* A part that is set as it is. */
static void verbatim(GString *out, const char *text)
{
	g_autoptr(GString) whole = g_string_new(NULL);

	marked(whole, text);
	g_auto(GStrv) lines = g_strsplit(whole->str, "\n", -1);
	g_string_append(out, ".nf\n");
	for (char **l = lines; *l; l++)
		line(out, *l);
	g_string_append(out, ".fi\n");
}

void roff_paragraphs(GString *out, const char *text, gboolean indented)
{
	g_auto(GStrv) parts = g_strsplit(text, "\n\n", -1);

	for (char **p = parts; *p; p++) {
		if (p != parts)
			g_string_append(out, indented ? ".IP\n" : ".PP\n");
		(g_str_has_prefix(*p, "  ") ? verbatim : prose)(out, *p);
	}
}
