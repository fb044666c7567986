#include "base/error.h"
#include "format/pep440_parts.h"
#include <string.h>

typedef enum operator_kind {
	OP_COMPATIBLE, /* ~= */
	OP_ARBITRARY,  /* === */
	OP_EQUAL,
	OP_NOT_EQUAL,
	OP_LESS_EQUAL,
	OP_GREATER_EQUAL,
	OP_LESS,
	OP_GREATER
} operator_kind;

typedef struct clause {
	operator_kind op;
	gboolean prefix;	 /* ends in .* */
	char *text;		 /* right side as written */
	pep440_version *version; /* NULL for === */
} clause;

struct pep440_specifiers {
	GPtrArray *clauses; /* clause * */
};

static void clause_free(gpointer data)
{
	clause *c = data;

	g_free(c->text);
	pep440_version_free(c->version);
	g_free(c);
}

void pep440_specifiers_free(pep440_specifiers *s)
{
	if (!s)
		return;
	g_ptr_array_unref(s->clauses);
	g_free(s);
}

guint pep440_specifiers_count(const pep440_specifiers *s)
{
	return s->clauses->len;
}

static const char *parse_operator(const char *p, operator_kind *op)
{
	/* Longer before shorter. */
	static const struct {
		const char *text;
		operator_kind op;
	} table[] = {{"===", OP_ARBITRARY}, {"~=", OP_COMPATIBLE}, {"==", OP_EQUAL},
		{"!=", OP_NOT_EQUAL}, {"<=", OP_LESS_EQUAL}, {">=", OP_GREATER_EQUAL},
		{"<", OP_LESS}, {">", OP_GREATER}};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++)
		if (g_str_has_prefix(p, table[i].text)) {
			*op = table[i].op;
			return p + strlen(table[i].text);
		}
	return NULL;
}

static clause *clause_parse(const char *text)
{
	operator_kind op;
	const char *right = parse_operator(text, &op);

	if (!right)
		return NULL;
	clause *c = g_new0(clause, 1);
	c->op = op;
	c->text = g_strstrip(g_strdup(right));
	if (op == OP_ARBITRARY) {
		if (*c->text && !strpbrk(c->text, " \t;)"))
			return c;
		clause_free(c);
		return NULL;
	}
	g_autofree char *bare = g_strdup(c->text);
	gboolean equality = op == OP_EQUAL || op == OP_NOT_EQUAL;
	if (equality && g_str_has_suffix(bare, ".*")) {
		bare[strlen(bare) - 2] = '\0';
		c->prefix = TRUE;
	}
	c->version = pep440_version_parse(bare);
	const pep440_version *v = c->version;
	gboolean good = v && (!v->local || (equality && !c->prefix)) &&
			!(op == OP_COMPATIBLE && v->n < 2) &&
			!(c->prefix && (v->pre || v->post || v->dev));
	if (good)
		return c;
	clause_free(c);
	return NULL;
}

pep440_specifiers *pep440_specifiers_parse(const char *text, GError **err)
{
	g_autoptr(pep440_specifiers) s = g_new0(pep440_specifiers, 1);
	g_auto(GStrv) parts = g_strsplit(text, ",", -1);

	s->clauses = g_ptr_array_new_with_free_func(clause_free);
	for (char **part = parts; *part; part++) {
		g_strstrip(*part);
		if (!**part)
			continue;
		clause *c = clause_parse(*part);
		if (!c) {
			g_autofree char *quoted = text_escape(*part, -1);
			error_set(err, EXIT_INPUT, "X0241",
				"not a version specifier: `%s`", quoted);
			return NULL;
		}
		g_ptr_array_add(s->clauses, c);
	}
	return g_steal_pointer(&s);
}

/* The first `n` release numbers and the epoch agree. */
static gboolean same_prefix(const pep440_version *a, const pep440_version *b, guint n)
{
	if (a->epoch != b->epoch)
		return FALSE;
	for (guint i = 0; i < n; i++)
		if (pep440_version_release(a, i) != pep440_version_release(b, i))
			return FALSE;
	return TRUE;
}

static gboolean equal(const clause *c, const pep440_version *v)
{
	if (c->prefix)
		return same_prefix(v, c->version, c->version->n);
	return c->version->local ? pep440_version_compare(v, c->version) == 0
				 : pep440_compare_public(v, c->version) == 0;
}

/* <1.0 leaves out 1.0rc1 and 1.0.dev1, though they sort below; <1.0.post1
 * leaves out 1.0.post1.dev1. */
static gboolean less(const clause *c, const pep440_version *v)
{
	const pep440_version *limit = c->version;

	if (pep440_version_compare(v, limit) >= 0)
		return FALSE;
	if (pep440_version_is_prerelease(limit) || !pep440_version_is_prerelease(v) ||
		pep440_compare_base(v, limit) != 0)
		return TRUE;
	return limit->post && !(v->post && v->post_n == limit->post_n && !v->pre);
}

/* >1.0 leaves out 1.0.post1 and 1.0+local. */
static gboolean greater(const clause *c, const pep440_version *v)
{
	const pep440_version *limit = c->version;

	if (pep440_version_compare(v, limit) <= 0)
		return FALSE;
	if (v->local && pep440_compare_public(v, limit) == 0)
		return FALSE;
	gboolean same_pre = v->pre == limit->pre && (!v->pre || v->pre_n == limit->pre_n);
	return !(v->post && !limit->post && !limit->dev && same_pre &&
		 pep440_compare_base(v, limit) == 0);
}

static gboolean clause_match(const clause *c, const pep440_version *v)
{
	switch (c->op) {
	case OP_COMPATIBLE:
		return pep440_compare_public(v, c->version) >= 0 &&
		       same_prefix(v, c->version, c->version->n - 1);
	case OP_EQUAL:
		return equal(c, v);
	case OP_NOT_EQUAL:
		return !equal(c, v);
	case OP_LESS_EQUAL:
		return pep440_compare_public(v, c->version) <= 0;
	case OP_GREATER_EQUAL:
		return pep440_compare_public(v, c->version) >= 0;
	case OP_LESS:
		return less(c, v);
	case OP_GREATER:
		return greater(c, v);
	case OP_ARBITRARY:
		break;
	}
	return FALSE;
}

gboolean pep440_specifiers_match(const pep440_specifiers *s, const char *version)
{
	g_autoptr(pep440_version) v = pep440_version_parse(version);

	for (guint i = 0; i < s->clauses->len; i++) {
		const clause *c = g_ptr_array_index(s->clauses, i);
		gboolean ok = c->op == OP_ARBITRARY
				      ? g_ascii_strcasecmp(c->text, version) == 0
				      : v && clause_match(c, v);
		if (!ok)
			return FALSE;
	}
	return TRUE;
}

gboolean pep440_python_matches(const char *requires_python, const char *python)
{
	if (!requires_python)
		return TRUE;
	g_autoptr(pep440_specifiers) s = pep440_specifiers_parse(requires_python, NULL);
	return !s || pep440_specifiers_match(s, python);
}
