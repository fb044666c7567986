#include "cli/output_private.h"
#include <string.h>

/* Colours follow the forms of base/diag.h and base/error.h: red what is wrong,
 * blue the frame, cyan the way out. */
#define RED "\033[1;31m"
#define YELLOW "\033[1;33m"
#define BLUE "\033[34m"
#define CYAN "\033[36m"
#define BOLD "\033[1m"
#define OFF "\033[0m"

/* " 9 |   env:" or "   | ^^^ label": the length of the frame before the text,
 * 0 when it is another kind of line. */
static gsize frame_len(const char *line, gsize len)
{
	gsize bar = 0;

	while (bar < len && (line[bar] == ' ' || g_ascii_isdigit(line[bar])))
		bar++;
	return bar && bar < len && line[bar] == '|' ? bar + 1 : 0;
}

/* A code point where the locale is not UTF-8. In an excerpt it takes as many
 * columns as it had, so that carets stay below what they mean. */
static void fold_char(GString *out, gunichar c, gboolean excerpt)
{
	static const struct {
		gunichar c;
		const char *text;
	} known[] = {{0x2026, "..."}, {0x2013, "-"}, {0x2014, "-"}, {0x2192, "->"},
		{0xd7, "x"}};

	for (guint i = 0; !excerpt && i < G_N_ELEMENTS(known); i++) {
		if (known[i].c == c) {
			g_string_append(out, known[i].text);
			return;
		}
	}
	for (int i = text_columns(c); i > 0; i--)
		g_string_append_c(out, c == 0x2026 ? '~' : '?');
}

static char *fold(const char *text)
{
	GString *out = g_string_new(NULL);
	gboolean excerpt = FALSE;

	for (const char *p = text; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);
		if (p == text || p[-1] == '\n')
			excerpt = frame_len(p, strcspn(p, "\n")) > 0;
		if (c < 0x80)
			g_string_append_c(out, (char)c);
		else
			fold_char(out, c, excerpt);
	}
	return g_string_free(out, FALSE);
}

static void painted(GString *out, const char *color, const char *text, gsize len)
{
	g_string_append(out, color);
	g_string_append_len(out, text, (gssize)len);
	g_string_append(out, OFF);
}

/* The frame blue, carets and their label red. */
static gboolean dress_excerpt(GString *out, const char *line, gsize len)
{
	gsize frame = frame_len(line, len);

	if (!frame)
		return FALSE;
	painted(out, BLUE, line, frame);
	gsize mark = frame;
	while (mark < len && line[mark] == ' ')
		mark++;
	gboolean is_source = strcspn(line, "0123456789") < frame;
	if (!is_source && mark < len && line[mark] == '^')
		painted(out, RED, line + frame, len - frame);
	else if (!is_source && mark < len && line[mark] == '-')
		painted(out, BLUE, line + frame, len - frame);
	else
		g_string_append_len(out, line + frame, (gssize)(len - frame));
	return TRUE;
}

static gboolean dress_lead(
	GString *out, const char *line, gsize len, const char *lead, const char *color)
{
	gsize n = strlen(lead);

	if (len < n || strncmp(line, lead, n) != 0 || (n < len && !strchr("[:", line[n])))
		return FALSE;
	const char *colon = memchr(line, ':', len);
	gsize head = colon ? (gsize)(colon - line) + 1 : n;
	painted(out, color, line, head);
	painted(out, BOLD, line + head, len - head);
	return TRUE;
}

static gboolean dress_remark(GString *out, const char *line, gsize len)
{
	gsize at = strspn(line, " ");

	if (at < 2 || at >= len)
		return FALSE;
	if (strncmp(line + at, "--> ", 4) == 0) {
		painted(out, BLUE, line, at + 3);
		g_string_append_len(out, line + at + 3, (gssize)(len - at - 3));
		return TRUE;
	}
	if (strncmp(line + at, "= help:", 7) != 0 &&
		strncmp(line + at, "= note:", 7) != 0)
		return FALSE;
	painted(out, CYAN, line, at + 7);
	g_string_append_len(out, line + at + 7, (gssize)(len - at - 7));
	return TRUE;
}

static void dress_line(GString *out, const char *line, gsize len)
{
	if (dress_lead(out, line, len, "error", RED) ||
		dress_lead(out, line, len, "warning", YELLOW) ||
		dress_lead(out, line, len, "note", CYAN) ||
		dress_remark(out, line, len) || dress_excerpt(out, line, len))
		return;
	g_string_append_len(out, line, (gssize)len);
}

char *output_dress(const char *text, gboolean color, gboolean ascii)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	g_autofree char *folded = ascii ? fold(valid) : g_strdup(valid);

	if (!color)
		return g_steal_pointer(&folded);
	GString *out = g_string_new(NULL);
	for (const char *p = folded; *p;) {
		gsize len = strcspn(p, "\n");
		dress_line(out, p, len);
		p += len;
		if (*p) {
			g_string_append_c(out, '\n');
			p++;
		}
	}
	return g_string_free(out, FALSE);
}
