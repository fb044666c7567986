#include "format/pep508.h"
#include "base/error.h"
#include "format/pep440.h"
#include "format/project_name.h"
#include <string.h>

void pep508_requirement_free(pep508_requirement *r)
{
	if (!r)
		return;
	g_free(r->name);
	g_free(r->normalised);
	g_strfreev(r->extras);
	g_free(r->specifiers);
	g_free(r->url);
	g_free(r->marker);
	g_free(r);
}

static const char *skip(const char *p)
{
	return p + strspn(p, " \t\r\n");
}

/* A name begins and ends with a letter or digit. */
static char *take_name(const char **p)
{
	const char *s = *p;
	size_t len = 0;

	while (g_ascii_isalnum(s[len]) || (s[len] && strchr("-_.", s[len])))
		len++;
	if (!len || !g_ascii_isalnum(s[0]) || !g_ascii_isalnum(s[len - 1]))
		return NULL;
	*p = s + len;
	return g_strndup(s, len);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* At "[": a comma-separated list up to "]". */
static const char *take_extras(pep508_requirement *r, const char **p)
{
	g_autoptr(GStrvBuilder) extras = g_strv_builder_new();
	const char *s = skip(*p + 1);

	while (*s != ']') {
		g_autofree char *extra = take_name(&s);
		if (!extra)
			return "an extra";
		g_autofree char *normalised = project_name_normalize(extra);
		g_strv_builder_add(extras, normalised);
		s = skip(s);
		if (*s == ',')
			s = skip(s + 1);
		else if (*s != ']')
			return "`,` or `]`";
	}
	g_strfreev(r->extras);
	r->extras = g_strv_builder_end(extras);
	qsort(r->extras, g_strv_length(r->extras), sizeof(char *), by_name);
	*p = s + 1;
	return NULL;
}

/* Version clauses up to the marker, with or without parentheses, respelt
 * without blanks. */
static const char *take_specifiers(pep508_requirement *r, const char **p, GError **err)
{
	const char *s = *p;
	gboolean parentheses = *s == '(';
	size_t len = strcspn(s, parentheses ? ")" : ";");

	if (parentheses && s[len] != ')')
		return "`)`";
	g_autofree char *text = g_strndup(s + parentheses, len - parentheses);
	g_autoptr(pep440_specifiers) parsed = pep440_specifiers_parse(text, err);
	if (!parsed)
		return "a version specifier";
	GString *out = g_string_new(NULL);
	for (const char *c = text; *c; c++)
		if (!g_ascii_isspace(*c))
			g_string_append_c(out, *c);
	g_free(r->specifiers);
	r->specifiers = g_string_free(out, FALSE);
	*p = s + len + parentheses;
	return NULL;
}

/* Reads everything; returns what was expected at *p, or NULL. */
static const char *read_all(pep508_requirement *r, const char **p, GError **err)
{
	const char *wrong;

	*p = skip(*p);
	r->name = take_name(p);
	if (!r->name)
		return "a name";
	r->normalised = project_name_normalize(r->name);
	*p = skip(*p);
	if (**p == '[' && (wrong = take_extras(r, p)))
		return wrong;
	*p = skip(*p);
	if (**p == '@') {
		*p = skip(*p + 1);
		/* A URL may hold a semicolon: the marker's has a blank before it. */
		size_t len = strcspn(*p, " \t\r\n");
		if (!len)
			return "a URL";
		r->url = g_strndup(*p, len);
		*p += len;
	} else if (**p && **p != ';') {
		if (!strchr("<>=!~(", **p))
			return "a version specifier";
		if ((wrong = take_specifiers(r, p, err)))
			return wrong;
	}
	*p = skip(*p);
	if (**p == ';') {
		gboolean ignored;
		r->marker = g_strstrip(g_strdup(*p + 1));
		if (!pep508_marker_evaluate(r->marker, NULL, &ignored, err))
			return "a marker";
		return NULL;
	}
	return **p ? "the end or `;`" : NULL;
}

pep508_requirement *pep508_parse(const char *text, GError **err)
{
	g_autoptr(pep508_requirement) r = g_new0(pep508_requirement, 1);
	g_autoptr(GError) cause = NULL;
	const char *p = text;

	r->extras = g_new0(char *, 1);
	r->specifiers = g_strdup("");
	const char *wrong = read_all(r, &p, &cause);
	if (!wrong)
		return g_steal_pointer(&r);
	g_autofree char *quoted = text_escape(text, -1);
	error_set(err, EXIT_INPUT, "X0240", "not a requirement: `%s`", quoted);
	if (cause)
		error_line(err, "%s", cause->message);
	else
		error_line(err, "expected %s at column %d", wrong, (int)(p - text) + 1);
	error_help(err, "write it as in \"cython>=3.1,<4; python_version < '3.13'\"");
	return NULL;
}

gboolean pep508_applies(const pep508_requirement *r, const pep508_environment *e)
{
	gboolean result = FALSE;

	if (!r->marker)
		return TRUE;
	return pep508_marker_evaluate(r->marker, e, &result, NULL) && result;
}

char *pep508_text(const pep508_requirement *r)
{
	GString *out = g_string_new(r->name);

	if (r->extras[0]) {
		g_autofree char *extras = g_strjoinv(",", r->extras);
		g_string_append_printf(out, "[%s]", extras);
	}
	if (r->url)
		g_string_append_printf(out, " @ %s", r->url);
	g_string_append(out, r->specifiers);
	return g_string_free(out, FALSE);
}
