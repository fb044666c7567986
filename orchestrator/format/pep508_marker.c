#include "base/error.h"
#include "format/pep440.h"
#include "format/pep508.h"
#include "format/project_name.h"
#include <stddef.h>
#include <string.h>

/* Recursive descent that evaluates as it reads:
 *	or := and ("or" and)*   and := term ("and" term)*
 *	term := "(" or ")" | value op value */
typedef struct marker_reader {
	const char *start, *p;
	const pep508_environment *env;
	const char *wrong; /* what was expected at p; NULL fine */
	int depth;
} marker_reader;

#define DEEPEST 50

typedef struct marker_value {
	char *text;
	gboolean version; /* a variable that holds a version */
	gboolean extra;	  /* names an extra: compared normalised */
} marker_value;

static const struct {
	const char *name;
	size_t offset;
	gboolean version;
} variables[] = {
#define FIELD(name, field, version)                                                      \
	{                                                                                \
		name, offsetof(pep508_environment, field), version                       \
	}
	FIELD("python_full_version", python_full_version, TRUE),
	FIELD("python_version", python_version, TRUE),
	FIELD("os_name", os_name, FALSE),
	FIELD("os.name", os_name, FALSE),
	FIELD("sys_platform", sys_platform, FALSE),
	FIELD("sys.platform", sys_platform, FALSE),
	FIELD("platform_release", platform_release, FALSE),
	FIELD("platform_system", platform_system, FALSE),
	FIELD("platform_version", platform_version, FALSE),
	FIELD("platform.version", platform_version, FALSE),
	FIELD("platform_machine", platform_machine, FALSE),
	FIELD("platform.machine", platform_machine, FALSE),
	FIELD("platform_python_implementation", platform_python_implementation, FALSE),
	FIELD("platform.python_implementation", platform_python_implementation, FALSE),
	FIELD("python_implementation", platform_python_implementation, FALSE),
	FIELD("implementation_name", implementation_name, FALSE),
	FIELD("implementation_version", implementation_version, TRUE),
	FIELD("extra", extra, FALSE),
#undef FIELD
};

static void skip(marker_reader *r)
{
	while (*r->p == ' ' || *r->p == '\t')
		r->p++;
}

static gboolean fail(marker_reader *r, const char *expected)
{
	if (!r->wrong)
		r->wrong = expected;
	return FALSE;
}

static gboolean word_char(char c)
{
	return g_ascii_isalnum(c) || c == '_' || c == '.';
}

static gboolean take_word(marker_reader *r, const char *word)
{
	size_t len = strlen(word);

	skip(r);
	if (strncmp(r->p, word, len) != 0 || word_char(r->p[len]))
		return FALSE;
	r->p += len;
	return TRUE;
}

static marker_value *read_value(marker_reader *r)
{
	skip(r);
	if (*r->p == '"' || *r->p == '\'') {
		const char *end = strchr(r->p + 1, *r->p);
		if (!end) {
			fail(r, "the closing quote");
			return NULL;
		}
		marker_value *v = g_new0(marker_value, 1);
		v->text = g_strndup(r->p + 1, (gsize)(end - r->p - 1));
		r->p = end + 1;
		return v;
	}
	size_t len = 0;
	while (word_char(r->p[len]))
		len++;
	for (guint i = 0; i < G_N_ELEMENTS(variables); i++) {
		if (strlen(variables[i].name) != len ||
			strncmp(variables[i].name, r->p, len) != 0)
			continue;
		marker_value *v = g_new0(marker_value, 1);
		const char *value =
			G_STRUCT_MEMBER(const char *, r->env, variables[i].offset);
		v->text = g_strdup(value ? value : "");
		v->version = variables[i].version;
		v->extra = g_str_equal(variables[i].name, "extra");
		r->p += len;
		return v;
	}
	fail(r, "a variable (python_version, platform_machine …) or a quoted string");
	return NULL;
}

static void value_free(marker_value *v)
{
	if (!v)
		return;
	g_free(v->text);
	g_free(v);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(marker_value, value_free)

static const char *read_operator(marker_reader *r)
{
	static const char *const symbols[] = {
		"===", "~=", "==", "!=", "<=", ">=", "<", ">", NULL};

	if (take_word(r, "in"))
		return "in";
	if (take_word(r, "not")) {
		if (take_word(r, "in"))
			return "not in";
		fail(r, "`in` after `not`");
		return NULL;
	}
	for (const char *const *s = symbols; *s; s++)
		if (g_str_has_prefix(r->p, *s)) {
			r->p += strlen(*s);
			return *s;
		}
	fail(r, "a comparison");
	return NULL;
}

/* Other text has no order: <= and >= are equality, < and > never hold. */
static gboolean compare_text(const char *a, const char *op, const char *b)
{
	if (g_str_equal(op, "!="))
		return strcmp(a, b) != 0;
	return op[1] == '=' && strcmp(a, b) == 0;
}

/* A right side that is a version compares as versions, else as text. */
static gboolean compare(const marker_value *a, const char *op, const marker_value *b)
{
	if (g_str_equal(op, "in"))
		return strstr(b->text, a->text) != NULL;
	if (g_str_equal(op, "not in"))
		return strstr(b->text, a->text) == NULL;
	if (a->extra || b->extra) {
		g_autofree char *x = project_name_normalize(a->text);
		g_autofree char *y = project_name_normalize(b->text);
		return compare_text(x, op, y);
	}
	g_autofree char *clause = g_strconcat(op, b->text, NULL);
	g_autoptr(pep440_specifiers) s = pep440_specifiers_parse(clause, NULL);
	g_autoptr(pep440_version) left = pep440_version_parse(a->text);
	if (s && pep440_specifiers_count(s) == 1 && left)
		return pep440_specifiers_match(s, a->text);
	return compare_text(a->text, op, b->text);
}

static gboolean read_or(marker_reader *r);

static gboolean read_term(marker_reader *r)
{
	skip(r);
	if (*r->p == '(') {
		if (++r->depth > DEEPEST)
			return fail(r, "fewer parentheses");
		r->p++;
		gboolean value = read_or(r);
		r->depth--;
		skip(r);
		if (r->wrong || *r->p != ')')
			return fail(r, "`)`");
		r->p++;
		return value;
	}
	g_autoptr(marker_value) a = read_value(r);
	skip(r);
	const char *op = a ? read_operator(r) : NULL;
	g_autoptr(marker_value) b = op ? read_value(r) : NULL;
	return b ? compare(a, op, b) : FALSE;
}

static gboolean read_and(marker_reader *r)
{
	gboolean value = read_term(r);

	while (!r->wrong && take_word(r, "and"))
		value = read_term(r) && value;
	return value;
}

static gboolean read_or(marker_reader *r)
{
	gboolean value = read_and(r);

	while (!r->wrong && take_word(r, "or"))
		value = read_and(r) || value;
	return value;
}

gboolean pep508_marker_evaluate(
	const char *marker, const pep508_environment *e, gboolean *result, GError **err)
{
	static const pep508_environment nothing;
	marker_reader r = {.start = marker, .p = marker, .env = e ? e : &nothing};
	gboolean value = read_or(&r);

	skip(&r);
	if (!r.wrong && *r.p)
		fail(&r, "`and`, `or` or the end");
	if (r.wrong) {
		g_autofree char *quoted = text_escape(marker, -1);
		return error_set(err, EXIT_INPUT, "X0240",
			"not an environment marker: `%s`: expected %s at column %d",
			quoted, r.wrong, (int)(r.p - r.start) + 1);
	}
	*result = value;
	return TRUE;
}
