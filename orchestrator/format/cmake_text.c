#include "format/cmake_text.h"
#include <string.h>

#define COMMANDS_MAX 100000

static void command_free(gpointer data)
{
	cmake_command *c = data;

	g_free(c->name);
	g_ptr_array_unref(c->words);
	g_free(c);
}

/* `[==[`: how long it is, and its number of `=`; 0 where none begins. */
static gsize bracket_open(const char *at, guint *level)
{
	gsize n = at[0] == '[' ? strspn(at + 1, "=") : 0;

	*level = (guint)n;
	return at[0] == '[' && at[1 + n] == '[' ? n + 2 : 0;
}

/* Where the bracket that was opened is closed, or the end of the text. */
static const char *bracket_close(const char *at, guint level, const char **after)
{
	for (; *at; at++) {
		gsize n = at[0] == ']' ? strspn(at + 1, "=") : 0;
		if (at[0] == ']' && n == level && at[1 + n] == ']') {
			*after = at + n + 2;
			return at;
		}
	}
	*after = at;
	return at;
}

/* Behind a comment that begins at `#`. */
static const char *skip_comment(const char *at)
{
	guint level;
	gsize n = bracket_open(at + 1, &level);
	const char *after;

	if (!n)
		return at + strcspn(at, "\n");
	bracket_close(at + 1 + n, level, &after);
	return after;
}

/* One escape, `at` being behind the backslash. A reference to a variable stays escaped,
 * so that nobody takes it for one. */
static const char *take_escape(GString *out, const char *at)
{
	switch (*at) {
	case '\0':
		return at;
	case 'n':
		g_string_append_c(out, '\n');
		break;
	case 't':
		g_string_append_c(out, '\t');
		break;
	case 'r':
		g_string_append_c(out, '\r');
		break;
	case '\n': /* a line goes on */
		break;
	case '$':
		g_string_append(out, "\\$");
		break;
	default:
		g_string_append_c(out, *at);
	}
	return at + 1;
}

static const char *take_quoted(GString *out, const char *at)
{
	while (*at && *at != '"') {
		if (*at == '\\')
			at = take_escape(out, at + 1);
		else
			g_string_append_c(out, *at++);
	}
	return *at ? at + 1 : at;
}

static void add_word(cmake_command *c, GString *word)
{
	g_ptr_array_add(c->words, g_string_free(word, FALSE));
}

/* An argument without quotes: an unquoted `;` divides it. */
static const char *take_unquoted(cmake_command *c, const char *at)
{
	GString *word = g_string_new(NULL);

	while (*at && !strchr(" \t\r\n()#;", *at)) {
		if (*at == '\\')
			at = take_escape(word, at + 1);
		else if (*at == '"') /* -DX="a b" */
			at = take_quoted(word, at + 1);
		else
			g_string_append_c(word, *at++);
	}
	add_word(c, word);
	return at;
}

static const char *take_word(cmake_command *c, const char *at)
{
	guint level;
	gsize n = bracket_open(at, &level);
	const char *after;

	if (n) {
		at += n;
		at += *at == '\n';
		const char *end = bracket_close(at, level, &after);
		g_ptr_array_add(c->words, g_strndup(at, (gsize)(end - at)));
		return after;
	}
	if (*at == '"') {
		GString *word = g_string_new(NULL);
		at = take_quoted(word, at + 1);
		add_word(c, word);
		return at;
	}
	return take_unquoted(c, at);
}

/* Behind the parenthesis that ends it, or the end of the text. */
static const char *take_words(cmake_command *c, const char *at)
{
	guint depth = 1;

	while (*at) {
		if (*at == '#') {
			at = skip_comment(at);
		} else if (*at == '(' || *at == ')') {
			depth = *at == '(' ? depth + 1 : depth - 1;
			if (!depth)
				return at + 1;
			g_ptr_array_add(c->words, g_strndup(at, 1));
			at++;
		} else if (strchr(" \t\r\n;", *at)) {
			at++;
		} else {
			at = take_word(c, at);
		}
	}
	return at;
}

GPtrArray *cmake_text_parse(const char *text)
{
	const char *begin = text;
	GPtrArray *all = g_ptr_array_new_with_free_func(command_free);

	while (*text && all->len < COMMANDS_MAX) {
		gsize n = 0;
		if (*text == '#') {
			text = skip_comment(text);
			continue;
		}
		while (g_ascii_isalnum(text[n]) || text[n] == '_')
			n++;
		const char *open = text + n + strspn(text + n, " \t");
		if (!n || *open != '(') {
			text += n ? n : 1;
			continue;
		}
		cmake_command *c = g_new0(cmake_command, 1);
		c->at = (gsize)(text - begin);
		c->name = g_ascii_strdown(text, (gssize)n);
		c->words = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(all, c);
		text = take_words(c, open + 1);
	}
	return all;
}

char *cmake_text_prefix(const char *text, const char *const *names, const char *prefix)
{
	g_autoptr(GPtrArray) all = cmake_text_parse(text);
	g_autoptr(GString) out = g_string_new(NULL);
	gsize done = 0;

	for (guint n = 0; n < all->len; n++) {
		const cmake_command *c = g_ptr_array_index(all, n);
		if (!g_strv_contains(names, c->name))
			continue;
		g_string_append_len(out, text + done, (gssize)(c->at - done));
		g_string_append(out, prefix);
		done = c->at;
	}
	if (!done && !out->len)
		return NULL;
	g_string_append(out, text + done);
	return g_string_free(g_steal_pointer(&out), FALSE);
}
