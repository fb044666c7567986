#include "base/diag.h"
#include <string.h>

struct diag_source {
	int refs;
	char *file;
	char *text;
	gsize len;
	GArray *starts; /* gsize: offset of each line */
};

/* A line ends with \n, \r\n or a lone \r, as in YAML. */
static void find_lines(diag_source *s)
{
	gsize at = 0;

	g_array_append_val(s->starts, at);
	for (gsize i = 0; i < s->len; i++) {
		if (s->text[i] == '\r' && i + 1 < s->len && s->text[i + 1] == '\n')
			continue;
		if (s->text[i] != '\n' && s->text[i] != '\r')
			continue;
		at = i + 1;
		g_array_append_val(s->starts, at);
	}
}

diag_source *diag_source_new(const char *file, const char *text, gsize len)
{
	diag_source *s = g_new0(diag_source, 1);

	s->refs = 1;
	s->file = g_strdup(file);
	s->text = g_malloc(len + 1);
	if (len)
		memcpy(s->text, text, len);
	s->text[len] = '\0';
	s->len = len;
	s->starts = g_array_new(FALSE, FALSE, sizeof(gsize));
	find_lines(s);
	return s;
}

diag_source *diag_source_ref(diag_source *s)
{
	g_atomic_int_inc(&s->refs);
	return s;
}

void diag_source_unref(diag_source *s)
{
	if (!s || !g_atomic_int_dec_and_test(&s->refs))
		return;
	g_free(s->file);
	g_free(s->text);
	g_array_unref(s->starts);
	g_free(s);
}

const char *diag_source_file(const diag_source *s)
{
	return s->file;
}

const char *diag_source_line(const diag_source *s, int n, gsize *len)
{
	*len = 0;
	if (n < 1 || (guint)n > s->starts->len)
		return "";
	gsize from = g_array_index(s->starts, gsize, n - 1);
	gsize to =
		(guint)n < s->starts->len ? g_array_index(s->starts, gsize, n) : s->len;
	while (to > from && (s->text[to - 1] == '\n' || s->text[to - 1] == '\r'))
		to--;
	*len = to - from;
	return s->text + from;
}

/* Bytes of the code point at p; an invalid byte counts as one. */
static gsize step(const char *p, gsize rest)
{
	gunichar c = g_utf8_get_char_validated(p, (gssize)rest);

	if (c == (gunichar)-1 || c == (gunichar)-2)
		return 1;
	return (gsize)(g_utf8_next_char(p) - p);
}

void diag_source_locate(const diag_source *s, gsize offset, int *line, int *col)
{
	guint low = 0, high = s->starts->len;

	offset = MIN(offset, s->len);
	while (high - low > 1) {
		guint middle = (low + high) / 2;
		if (g_array_index(s->starts, gsize, middle) <= offset)
			low = middle;
		else
			high = middle;
	}
	gsize at = g_array_index(s->starts, gsize, low);
	*line = (int)low + 1;
	*col = 1;
	while (at < offset) {
		at += step(s->text + at, s->len - at);
		(*col)++;
	}
}

const char *diag_source_at(const diag_source *s, int line, int col, gsize *rest)
{
	gsize len, at = 0;
	const char *text = diag_source_line(s, line, &len);

	*rest = 0;
	if (line < 1 || (guint)line > s->starts->len)
		return NULL;
	for (int i = 1; i < col; i++) {
		if (at >= len)
			return NULL;
		at += step(text + at, len - at);
	}
	*rest = s->len - (gsize)(text + at - s->text);
	return text + at;
}
