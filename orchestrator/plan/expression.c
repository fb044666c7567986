#include "plan/expression.h"
#include <string.h>

#define TEXT_MAX 500
#define DEPTH_MAX 32

typedef enum op {
	OP_VALUE,
	OP_NOT,
	OP_AND,
	OP_OR,
	OP_EQ,
	OP_NE,
	OP_LT,
	OP_LE,
	OP_GT,
	OP_GE
} op;

struct expression {
	op op;
	gboolean is_name; /* OP_VALUE: a name, else a text */
	char *text;
	gsize offset, len; /* in the source text */
	expression *left, *right;
};

typedef enum token_kind {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_TEXT,
	TOKEN_OPERATOR,
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_BAD
} token_kind;

typedef struct parser {
	const char *text;
	gsize at;
	token_kind kind; /* of the current token */
	gsize offset, len;
	int depth;
	expression_problem *problem;
} parser;

void expression_problem_clear(expression_problem *p)
{
	g_clear_pointer(&p->text, g_free);
}

void expression_free(expression *e)
{
	if (!e)
		return;
	expression_free(e->left);
	expression_free(e->right);
	g_free(e->text);
	g_free(e);
}

static void problem_set(expression_problem *p, gsize offset, gsize len, const char *fmt,
	...) G_GNUC_PRINTF(4, 5);

/* The first one stays. */
static void problem_set(
	expression_problem *p, gsize offset, gsize len, const char *fmt, ...)
{
	va_list ap;

	if (p->text)
		return;
	va_start(ap, fmt);
	p->text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	p->offset = offset;
	p->len = MAX(len, 1);
}

static gboolean is_name_char(char c)
{
	return g_ascii_isalnum(c) || c == '_' || c == '.';
}

static void next_quoted(parser *p, const char *from)
{
	const char *end = strchr(from + 1, *from);

	p->kind = end ? TOKEN_TEXT : TOKEN_BAD;
	p->len = end ? (gsize)(end - from) + 1 : strlen(from);
	if (!end)
		problem_set(p->problem, p->offset, 1, "this quote is never closed");
}

static void next(parser *p)
{
	const char *from = p->text + p->at;

	from += strspn(from, " \t\n");
	p->offset = (gsize)(from - p->text);
	p->len = 1;
	if (!*from) {
		p->kind = TOKEN_END;
		p->len = 0;
	} else if (*from == '"' || *from == '\'') {
		next_quoted(p, from);
	} else if (*from == '(' || *from == ')') {
		p->kind = *from == '(' ? TOKEN_OPEN : TOKEN_CLOSE;
	} else if (strchr("=!<>", *from)) {
		p->kind = TOKEN_OPERATOR;
		p->len = from[1] == '=' ? 2 : 1;
	} else if (is_name_char(*from)) {
		p->kind = TOKEN_NAME;
		for (p->len = 0; is_name_char(from[p->len]);)
			p->len++;
	} else {
		p->kind = TOKEN_BAD;
		problem_set(p->problem, p->offset, 1, "`%c` has no meaning here", *from);
	}
	p->at = p->offset + p->len;
}

static gboolean is_word(const parser *p, const char *word)
{
	return p->kind == TOKEN_NAME && p->len == strlen(word) &&
	       strncmp(p->text + p->offset, word, p->len) == 0;
}

static expression *node(op o, expression *left, expression *right)
{
	expression *e = g_new0(expression, 1);

	e->op = o;
	e->left = left;
	e->right = right;
	if (left) {
		const expression *last = right ? right : left;
		e->offset = left->offset;
		e->len = last->offset + last->len - left->offset;
	}
	return e;
}

static expression *condition(parser *p);

static expression *value(parser *p)
{
	gboolean quoted = p->kind == TOKEN_TEXT;
	const char *from = p->text + p->offset;

	if ((p->kind != TOKEN_NAME && !quoted) || is_word(p, "and") || is_word(p, "or")) {
		problem_set(p->problem, p->offset, p->len,
			p->kind == TOKEN_END ? "a value is missing at the end"
					     : "a value was expected here");
		return NULL;
	}
	expression *e = node(OP_VALUE, NULL, NULL);
	e->offset = p->offset;
	e->len = p->len;
	e->text = quoted ? g_strndup(from + 1, p->len - 2) : g_strndup(from, p->len);
	e->is_name = !quoted && (g_ascii_isalpha(*from) || *from == '_') &&
		     !is_word(p, "true") && !is_word(p, "false");
	next(p);
	return e;
}

static gboolean operator(const parser *p, op *out)
{
	static const struct {
		const char *text;
		op op;
	} table[] = {{"==", OP_EQ}, {"!=", OP_NE}, {"<=", OP_LE}, {">=", OP_GE},
		{"<", OP_LT}, {">", OP_GT}};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		if (p->len == strlen(table[i].text) &&
			strncmp(p->text + p->offset, table[i].text, p->len) == 0) {
			*out = table[i].op;
			return TRUE;
		}
	}
	problem_set(p->problem, p->offset, p->len, "use == to compare");
	return FALSE;
}

static expression *comparison(parser *p)
{
	g_autoptr(expression) left = value(p);
	op o;

	if (!left || p->kind != TOKEN_OPERATOR)
		return g_steal_pointer(&left);
	if (!operator(p, &o))
		return NULL;
	next(p);
	expression *right = value(p);
	return right ? node(o, g_steal_pointer(&left), right) : NULL;
}

static expression *factor(parser *p)
{
	gsize offset = p->offset;
	g_autoptr(expression) inner = NULL;

	if (p->depth >= DEPTH_MAX) {
		problem_set(
			p->problem, offset, 1, "nested deeper than %d levels", DEPTH_MAX);
		return NULL;
	}
	if (is_word(p, "not")) {
		next(p);
		p->depth++;
		inner = factor(p);
		p->depth--;
		return inner ? node(OP_NOT, g_steal_pointer(&inner), NULL) : NULL;
	}
	if (p->kind != TOKEN_OPEN)
		return comparison(p);
	next(p);
	p->depth++;
	inner = condition(p);
	p->depth--;
	if (!inner)
		return NULL;
	if (p->kind != TOKEN_CLOSE) {
		problem_set(p->problem, offset, 1, "this `(` is never closed");
		return NULL;
	}
	next(p);
	return g_steal_pointer(&inner);
}

static expression *chain(parser *p, const char *word, op o, expression *(*part)(parser *))
{
	g_autoptr(expression) left = part(p);

	while (left && is_word(p, word)) {
		next(p);
		expression *right = part(p);
		if (!right)
			return NULL;
		left = node(o, g_steal_pointer(&left), right);
	}
	return g_steal_pointer(&left);
}

static expression *and_term(parser *p)
{
	return chain(p, "and", OP_AND, factor);
}

static expression *condition(parser *p)
{
	return chain(p, "or", OP_OR, and_term);
}

expression *expression_parse(const char *text, expression_problem *problem)
{
	parser p = {.text = text, .problem = problem};

	*problem = (expression_problem){0};
	if (strlen(text) > TEXT_MAX) {
		problem_set(
			problem, 0, 1, "a condition may have %d characters", TEXT_MAX);
		return NULL;
	}
	next(&p);
	g_autoptr(expression) e = condition(&p);
	if (e && p.kind != TOKEN_END)
		problem_set(problem, p.offset, p.len,
			p.kind == TOKEN_CLOSE ? "this `)` was never opened"
					      : "`and` or `or` was expected here");
	return problem->text ? NULL : g_steal_pointer(&e);
}

/* Dotted numbers with an optional `t`; FALSE when text is something else. */
static gboolean is_dotted(const char *text)
{
	gboolean digit = FALSE;

	for (; *text; text++) {
		if (g_ascii_isdigit(*text))
			digit = TRUE;
		else if (*text == '.' && digit)
			digit = FALSE;
		else
			return *text == 't' && !text[1] && digit;
	}
	return digit;
}

static int compare_dotted(const char *a, const char *b)
{
	while (g_ascii_isdigit(*a) || g_ascii_isdigit(*b)) {
		guint64 x = g_ascii_strtoull(a, (char **)&a, 10);
		guint64 y = g_ascii_strtoull(b, (char **)&b, 10);
		if (x != y)
			return x < y ? -1 : 1;
		a += *a == '.';
		b += *b == '.';
	}
	return 0;
}

typedef struct evaluation {
	expression_lookup lookup;
	void *data;
	expression_problem *problem;
} evaluation;

/* FALSE when open or wrong; wrong sets the problem. */
static gboolean value_of(const evaluation *v, const expression *e, const char **out)
{
	*out = e->text;
	if (!e->is_name)
		return TRUE;
	*out = NULL;
	if (v->lookup(e->text, out, v->data) == NAME_UNKNOWN)
		problem_set(v->problem, e->offset, e->len, "there is no `%s`", e->text);
	return *out != NULL;
}

static gboolean orders(op o)
{
	return o == OP_LT || o == OP_LE || o == OP_GT || o == OP_GE;
}

static gboolean decide(op o, const char *a, const char *b)
{
	gboolean dotted = is_dotted(a) && is_dotted(b);
	int c = dotted ? compare_dotted(a, b) : strcmp(a, b) != 0;

	/* 3.13 and 3.13t are of one age and not the same. */
	if (dotted && !orders(o) && g_str_has_suffix(a, "t") != g_str_has_suffix(b, "t"))
		c = 1;
	switch (o) {
	case OP_EQ:
		return c == 0;
	case OP_NE:
		return c != 0;
	case OP_LT:
		return c < 0;
	case OP_LE:
		return c <= 0;
	case OP_GT:
		return c > 0;
	default:
		return c >= 0;
	}
}

static expression_result compare(const evaluation *v, const expression *e)
{
	const char *a, *b;
	gboolean known_a = value_of(v, e->left, &a), known_b = value_of(v, e->right, &b);

	if (orders(e->op)) {
		if (known_a && !is_dotted(a))
			problem_set(v->problem, e->left->offset, e->left->len,
				"`%s` is no version, it has no order", a);
		if (known_b && !is_dotted(b))
			problem_set(v->problem, e->right->offset, e->right->len,
				"`%s` is no version, it has no order", b);
	}
	if (v->problem->text)
		return EXPRESSION_ERROR;
	if (!known_a || !known_b)
		return EXPRESSION_OPEN;
	return decide(e->op, a, b) ? EXPRESSION_TRUE : EXPRESSION_FALSE;
}

static expression_result single(const evaluation *v, const expression *e)
{
	const char *text;

	if (!value_of(v, e, &text))
		return v->problem->text ? EXPRESSION_ERROR : EXPRESSION_OPEN;
	if (g_str_equal(text, "true"))
		return EXPRESSION_TRUE;
	if (g_str_equal(text, "false"))
		return EXPRESSION_FALSE;
	problem_set(
		v->problem, e->offset, e->len, "`%s` is neither true nor false", text);
	return EXPRESSION_ERROR;
}

static expression_result combine(op o, expression_result a, expression_result b)
{
	expression_result decides = o == OP_AND ? EXPRESSION_FALSE : EXPRESSION_TRUE;

	if (a == EXPRESSION_ERROR || b == EXPRESSION_ERROR)
		return EXPRESSION_ERROR;
	if (a == decides || b == decides)
		return decides;
	return a == EXPRESSION_OPEN ? a : b;
}

static expression_result eval(const evaluation *v, const expression *e)
{
	expression_result a;

	switch (e->op) {
	case OP_VALUE:
		return single(v, e);
	case OP_NOT:
		a = eval(v, e->left);
		return a == EXPRESSION_TRUE    ? EXPRESSION_FALSE
		       : a == EXPRESSION_FALSE ? EXPRESSION_TRUE
					       : a;
	case OP_AND:
	case OP_OR:
		a = eval(v, e->left);
		return combine(e->op, a, eval(v, e->right));
	default:
		return compare(v, e);
	}
}

expression_result expression_eval(const expression *e, expression_lookup lookup,
	void *data, expression_problem *problem)
{
	*problem = (expression_problem){0};
	return eval(&(evaluation){lookup, data, problem}, e);
}
