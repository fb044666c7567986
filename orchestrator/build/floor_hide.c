#include "build/floor_headers.h"
#include <string.h>

/* Takes declarations out of C library headers. No parser of C: glibc writes
 * its headers in one manner, a declaration begins with `extern` (or
 * `__extension__ extern`), an inline function with `__fortify_function` or one
 * of its kind, in the first column, and none has a preprocessor line inside
 * that matters here. What is not in this form is left alone. */

typedef struct statement {
	const char *begin, *end; /* end: behind the `;` or `}` */
	gboolean has_directive;	 /* a preprocessor line inside */
} statement;

/* Behind the comment or string at `p`, else `p`. */
static const char *skip_text(const char *p)
{
	const char *end;

	if (*p == '"') {
		for (p++; *p && *p != '"' && *p != '\n'; p++)
			if (*p == '\\' && p[1])
				p++;
		return *p == '"' ? p + 1 : p;
	}
	if (p[0] != '/' || p[1] != '*')
		return p;
	end = strstr(p + 2, "*/");
	return end ? end + 2 : p + strlen(p);
}

static gboolean begins_word(const char *p, const char *word)
{
	gsize n = strlen(word);

	return !strncmp(p, word, n) && !g_ascii_isalnum(p[n]) && p[n] != '_';
}

static gboolean begins_declaration(const char *p)
{
	if (begins_word(p, "extern")) /* not extern "C" { … } */
		return p[strlen("extern") + strspn(p + strlen("extern"), " \t")] != '"';
	return begins_word(p, "__extension__");
}

/* The few that lack `extern`: `int memfd_create (const char …`, told by a line
 * that has nothing but words and stars before its first bracket. */
static gboolean begins_plain(const char *p)
{
	static const char *const not_types[] = {"typedef", "static", "return", "struct",
		"union", "enum", "else", "do", "while", "if", "for", "switch", NULL};
	int words = 0;

	for (int i = 0; not_types[i]; i++)
		if (begins_word(p, not_types[i]))
			return FALSE;
	if (!g_ascii_isalpha(*p) && *p != '_')
		return FALSE;
	while (*p && *p != '(' && *p != '\n') {
		gboolean word = g_ascii_isalnum(*p) || *p == '_';
		if (!word && *p != ' ' && *p != '\t' && *p != '*')
			return FALSE;
		while (g_ascii_isalnum(*p) || *p == '_')
			p++;
		words += word;
		if (!word)
			p++;
	}
	return *p == '(' && words >= 2;
}

static gboolean begins_inline(const char *p)
{
	return begins_word(p, "__fortify_function") ||
	       begins_word(p, "__extern_inline") ||
	       begins_word(p, "__extern_always_inline") ||
	       begins_word(p, "__STDIO_INLINE");
}

/* __MATHCALL (name,, (arguments)), __MATHDECL (type, name,, (arguments)). */
static gboolean begins_math(const char *p)
{
	return g_str_has_prefix(p, "__MATHCALL") || g_str_has_prefix(p, "__MATHDECL");
}

/* The statement that begins at `p`: to a `;` outside of all brackets, or to
 * the `}` of a body. FALSE when the text ends before. */
static gboolean statement_read(const char *p, statement *out)
{
	int round = 0, curly = 0;

	*out = (statement){.begin = p};
	while (*p) {
		const char *after = skip_text(p);
		if (after != p) {
			p = after;
			continue;
		}
		if (*p == '#' && p[-1] == '\n')
			out->has_directive = TRUE;
		round += *p == '(' ? 1 : *p == ')' ? -1 : 0;
		curly += *p == '{' ? 1 : 0;
		if (*p == '}' && --curly == 0 && round == 0) {
			out->end = p + 1;
			return TRUE;
		}
		if (*p == ';' && round == 0 && curly == 0) {
			out->end = p + 1;
			return TRUE;
		}
		p++;
	}
	return FALSE;
}

/* Next identifier at or behind *p before `end`; new string or NULL. */
static char *next_word(const char **p, const char *end)
{
	const char *q = *p;

	while (q < end) {
		const char *after = skip_text(q);
		if (after != q) {
			q = after;
			continue;
		}
		if (g_ascii_isalpha(*q) || *q == '_')
			break;
		if (g_ascii_isdigit(*q)) { /* a number's letters are no word */
			while (q < end && (g_ascii_isalnum(*q) || *q == '_'))
				q++;
			continue;
		}
		q++;
	}
	if (q >= end)
		return NULL;
	const char *begin = q;
	while (q < end && (g_ascii_isalnum(*q) || *q == '_'))
		q++;
	*p = q;
	return g_strndup(begin, q - begin);
}

static gboolean next_is(const char *p, const char *end, char c)
{
	while (p < end && g_ascii_isspace(*p))
		p++;
	return p < end && *p == c;
}

/* The word before the second comma of two that follow each other, as only the name of
 * a mathematical function is; NULL for one with a suffix. */
static char *math_name(const statement *s)
{
	g_autofree char *text = g_strndup(s->begin, s->end - s->begin);
	char *end = strstr(text, ",,"), *begin = end;

	while (begin && begin > text && (g_ascii_isalnum(begin[-1]) || begin[-1] == '_'))
		begin--;
	return begin ? g_strndup(begin, end - begin) : NULL;
}

/* The name declared: the word before the first bracket, looked for inside it
 * when that word is one of glibc's macros. */
static char *declared_name(const statement *s)
{
	const char *p = s->begin;
	char *word;

	if (begins_math(p))
		return math_name(s);
	while ((word = next_word(&p, s->end))) {
		if (next_is(p, s->end, '(') && !g_str_has_prefix(word, "__REDIRECT") &&
			!g_str_has_prefix(word, "__NTH") &&
			strcmp(word, "__attribute__") &&
			!g_str_has_prefix(word, "__glibc_macro") &&
			!g_str_has_prefix(word, "__attribute"))
			return word;
		/* __REDIRECT (name, (arguments), other) */
		if (next_is(p, s->end, '(') && g_str_has_prefix(word, "__REDIRECT")) {
			g_free(word);
			return next_word(&p, s->end);
		}
		g_free(word);
	}
	return NULL;
}

/* The first word of the statement that the floor lacks, its own name aside. */
static char *lacking_word(const statement *s, GHashTable *lacking, const char *self)
{
	const char *p = s->begin;
	char *word;

	while ((word = next_word(&p, s->end))) {
		if (strcmp(word, self) && g_hash_table_contains(lacking, word))
			return word;
		g_free(word);
	}
	return NULL;
}

static gboolean redirects(const statement *s)
{
	g_autofree char *text = g_strndup(s->begin, s->end - s->begin);

	return strstr(text, "__REDIRECT") || strstr(text, "__asm__");
}

/* Redirected declarations that go. Of any other it would be a loss to find out.
 *  - functions that an older C library refused altogether: before 2.23 fts.h was an
 *    error with _FILE_OFFSET_BITS=64;
 *  - C23's variants, which no header asks for any more (build/floor_headers.c). */
static gboolean may_vanish(const char *name, const char *other)
{
	return g_str_has_prefix(name, "fts_") || g_str_has_prefix(other, "__isoc23_");
}

/* `__strlcpy_alias` for strlcpy: only the inline function of that name calls it, which
 * went by itself. */
static gboolean is_alias(const char *name, const char *other)
{
	g_autofree char *alias = g_strdup_printf("__%s_alias", other);

	return g_str_equal(name, alias);
}

static void append_lines(GString *out, const char *from, const char *to)
{
	for (; from < to; from++)
		if (*from == '\n')
			g_string_append_c(out, '\n');
}

/* The lacking name for which a statement goes, new string: the one it declares,
 * or the one it redirects to where that may vanish. NULL: it stays. */
static char *goes_for(const statement *s, gboolean body, GHashTable *lacking, char **leak)
{
	g_autofree char *name = declared_name(s);

	if (!name)
		return NULL;
	/* Reserved names are the headers' own: other inlines call them. */
	if (*name != '_' && !s->has_directive && g_hash_table_contains(lacking, name))
		return g_steal_pointer(&name);
	if (!body && !redirects(s))
		return NULL;
	g_autofree char *other = lacking_word(s, lacking, name);
	if (other && may_vanish(name, other))
		return g_steal_pointer(&other);
	if (other && !is_alias(name, other) && !*leak)
		*leak = g_strdup_printf("%s to %s", name, other);
	return NULL;
}

char *floor_headers_hide(
	const char *text, GHashTable *lacking, gboolean math, guint *hidden, char **leak)
{
	GString *out = g_string_new(NULL);
	gboolean line_start = TRUE;
	const char *p = text;
	guint before = *hidden;

	while (*p) {
		const char *after = skip_text(p);
		statement s;
		gboolean body = line_start && begins_inline(p);
		if (after != p) {
			g_string_append_len(out, p, after - p);
			p = after;
			line_start = FALSE;
			continue;
		}
		if (!(line_start && (body || begins_declaration(p) || begins_plain(p) ||
					    (math && begins_math(p)))) ||
			!statement_read(p, &s)) {
			line_start = *p == '\n';
			g_string_append_c(out, *p++);
			continue;
		}
		g_autofree char *name = goes_for(&s, body, lacking, leak);
		if (name) {
			g_string_append_printf(out, "/* %s: not in this floor */", name);
			append_lines(out, s.begin, s.end);
			(*hidden)++;
		} else {
			g_string_append_len(out, s.begin, s.end - s.begin);
		}
		line_start = FALSE;
		p = s.end;
	}
	return g_string_free(out, *hidden == before);
}
