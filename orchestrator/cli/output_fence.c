#include "cli/output_private.h"
#include <string.h>
#include <sys/random.h>

/* The runner trims lines before it looks for `::`, and finds the older `##[` anywhere. */
static gboolean holds_command(const char *text)
{
	if (strstr(text, "##["))
		return TRUE;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		while (*line && (g_ascii_isspace(*line) || (unsigned char)*line >= 0x80))
			line++;
		if (g_str_has_prefix(line, "::"))
			return TRUE;
	}
	return FALSE;
}

/* Nobody can guess the word that ends it. */
static char *new_word(void)
{
	unsigned char bytes[16];
	GString *word = g_string_new("xorch-");

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		g_error("no random bytes");
	for (gsize i = 0; i < sizeof bytes; i++)
		g_string_append_printf(word, "%02x", bytes[i]);
	return g_string_free(word, FALSE);
}

void output_command_text(GString *out, const char *text, const char *also)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);

	for (const char *p = valid; *p; p++) {
		if ((unsigned char)*p < 0x20 || *p == '%' || *p == 0x7f ||
			strchr(also, *p))
			g_string_append_printf(out, "%%%02X", (unsigned char)*p);
		else
			g_string_append_c(out, *p);
	}
}

char *output_fence(char *text)
{
	if (!holds_command(text))
		return text;
	g_autofree char *word = new_word();
	char *out = g_strdup_printf("::stop-commands::%s\n%s::%s::\n", word, text, word);

	g_free(text);
	return out;
}
