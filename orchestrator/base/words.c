#include "base/words.h"
#include "base/diag.h"
#include <string.h>

gboolean words_have(const char *words, const char *word)
{
	size_t len = strlen(word);

	if (!len)
		return FALSE;
	for (const char *p = words; (p = strstr(p, word)); p += len)
		if ((p == words || p[-1] == ' ') && (!p[len] || p[len] == ' '))
			return TRUE;
	return FALSE;
}

static int columns_of(const char *text, size_t len)
{
	int columns = 0;

	for (const char *p = text; p < text + len; p = g_utf8_next_char(p))
		columns += text_columns(g_utf8_get_char(p));
	return columns;
}

void words_fold(GString *out, const char *text, int column, int indent, int width)
{
	gboolean first = TRUE;

	for (const char *p = text; *p;) {
		size_t len = strcspn(p, " \n");
		int columns = columns_of(p, len);
		if (!first && column + 1 + columns > width) {
			g_string_append_printf(out, "\n%*s", indent, "");
			column = indent;
		} else if (!first) {
			g_string_append_c(out, ' ');
			column++;
		}
		g_string_append_len(out, p, (gssize)len);
		column += columns;
		first = FALSE;
		p += len;
		if (*p == '\n') {
			g_string_append_printf(out, "\n%*s", indent, "");
			column = indent;
			first = TRUE;
		}
		p += *p != '\0';
	}
}
