#include "plan/template.h"
#include "base/words.h"
#include <string.h>

#define STRING_MAX 65536
#define TOTAL_MAX (4 * 1024 * 1024)
#define CHAIN_MAX 64

/* Marks a context value that is being worked out: meeting it again is a cycle. */
static char in_progress[] = "";

static char *substitute(template_scope *s, const yaml_node *n);

static void value_free(gpointer value)
{
	if (value != in_progress)
		g_free(value);
}

void template_scope_init(template_scope *s, const yaml_doc *doc, diag_list *l,
	const template_name *builtin, const yaml_node *context)
{
	*s = (template_scope){.doc = doc, .l = l, .builtin = builtin, .context = context};
	s->values = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, value_free);
}

void template_scope_clear(template_scope *s)
{
	g_clear_pointer(&s->values, g_hash_table_unref);
}

/* Where the n-th `${{` of a string stands in the file; the node itself where it
 * cannot be found (an escape wrote it). */
static void place_of(
	const template_scope *s, const yaml_node *n, int nth, int *line, int *col)
{
	gsize rest, end_rest;
	const char *from = diag_source_at(s->doc->source, n->line, n->col, &rest);
	const char *end =
		diag_source_at(s->doc->source, n->end_line, n->end_col, &end_rest);

	*line = n->line;
	*col = n->col;
	if (!from)
		return;
	for (const char *p = from; (p = g_strstr_len(p, (gssize)rest, "${{")); p += 3) {
		if (end && p >= end)
			return;
		rest -= (gsize)(p - from) + 3;
		if (nth-- == 0) {
			gsize first_rest;
			const char *first =
				diag_source_at(s->doc->source, 1, 1, &first_rest);
			diag_source_locate(s->doc->source, (gsize)(p - first), line, col);
			return;
		}
		from = p + 3;
	}
}

static diag *error_at(template_scope *s, const yaml_node *n, int nth, int span,
	const char *code, const char *fmt, ...) G_GNUC_PRINTF(6, 7);

static diag *error_at(template_scope *s, const yaml_node *n, int nth, int span,
	const char *code, const char *fmt, ...)
{
	int line, col;
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	place_of(s, n, nth, &line, &col);
	return diag_add(
		s->l, DIAG_ERROR, code, s->doc->source, line, col, span, "%s", text);
}

static const template_name *builtin(const template_scope *s, const char *name)
{
	for (const template_name *b = s->builtin; b->name; b++)
		if (g_str_equal(b->name, name))
			return b;
	return NULL;
}

/* A value may use others, and those others, but not without end: a chain as long
 * as the file would be as deep on the stack. */
static const char *context_value(template_scope *s, const char *name, const yaml_node *n)
{
	gpointer key = yaml_map_key(s->context, name)->text;
	char *value;

	if (s->depth >= CHAIN_MAX) {
		yaml_error(s->doc, s->l, n, "X0221",
			"a chain of more than %d context values", CHAIN_MAX);
		return "";
	}
	s->depth++;
	g_hash_table_insert(s->values, key, in_progress);
	value = substitute(s, n);
	g_hash_table_insert(s->values, key, value);
	s->depth--;
	return value;
}

/* Sets *value to the text (borrowed), or NULL when it is open. NAME_UNKNOWN
 * also for a cycle, which has been reported then and *cycle is set. */
static expression_name find(
	template_scope *s, const char *name, const char **value, gboolean *cycle)
{
	const template_name *b = builtin(s, name);
	const yaml_node *n = s->context ? yaml_map_get(s->context, name) : NULL;

	*cycle = FALSE;
	*value = b ? b->value : NULL;
	if (b)
		return b->value ? NAME_KNOWN : NAME_OPEN;
	if (!n || n->kind != YAML_SCALAR)
		return NAME_UNKNOWN;
	const char *known = g_hash_table_lookup(s->values, name);
	if (!known)
		known = context_value(s, name, n);
	*cycle = known == in_progress;
	*value = known;
	if (*cycle)
		return NAME_UNKNOWN;
	return strstr(known, "${{") ? NAME_OPEN : NAME_KNOWN;
}

static void name_help(template_scope *s, diag *d, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (const template_name *b = s->builtin; b->name; b++)
		g_ptr_array_add(names, (gpointer)b->name);
	for (guint i = 0; s->context && i < s->context->keys->len; i++)
		g_ptr_array_add(names,
			((yaml_node *)g_ptr_array_index(s->context->keys, i))->text);
	g_ptr_array_add(names, NULL);
	const char *near = text_nearest(name, (const char *const *)names->pdata);
	g_autofree char *all = g_strjoinv(", ", (char **)names->pdata);
	if (near)
		diag_help(d, "did you mean `%s`?", near);
	diag_note(d, "names here: %s; more can be given under `context:`", all);
}

static void undefined(template_scope *s, const yaml_node *n, int nth, int span,
	const char *name, gboolean cycle)
{
	diag *d;

	if (cycle) {
		const yaml_node *key = yaml_map_key(s->context, name);
		d = error_at(s, n, nth, span, "X0221", "`%s` is made of itself", name);
		diag_label(d, "used here");
		diag_second(
			d, key->line, key->col, yaml_span(s->doc, key), "defined here");
		return;
	}
	d = error_at(s, n, nth, span, "X0220", "there is no `%s`", name);
	diag_label(d, "not defined");
	name_help(s, d, name);
}

/* Room for more bytes; FALSE after saying that there is none. */
static gboolean may_grow(template_scope *s, const yaml_node *n, gsize len)
{
	s->grown += len;
	if (len <= STRING_MAX && s->grown <= TOTAL_MAX)
		return TRUE;
	if (s->grown - len <= TOTAL_MAX)
		yaml_error(s->doc, s->l, n, "X0221",
			"the expressions in this string make it too long");
	return FALSE;
}

/* One expression, from its `${{`; returns what follows it. */
static const char *expression_one(
	template_scope *s, const yaml_node *n, int nth, const char *from, GString *out)
{
	const char *end = strstr(from, "}}"), *value;
	gboolean cycle;

	if (!end) {
		diag *d = error_at(s, n, nth, 3, "X0207", "`${{` without `}}`");
		diag_label(d, "opened here");
		g_string_append(out, from);
		return from + strlen(from);
	}
	g_autofree char *name = g_strndup(from + 3, (gsize)(end - from) - 3);
	g_strstrip(name);
	int span = (int)g_utf8_strlen(from, end + 2 - from);
	expression_name state = find(s, name, &value, &cycle);
	if (state == NAME_UNKNOWN)
		undefined(s, n, nth, span, name, cycle);
	if (state == NAME_UNKNOWN)
		g_string_append_len(out, from, end + 2 - from);
	else if (!value) /* however it is written, for who puts it in later */
		g_string_append_printf(out, "${{ %s }}", name);
	else
		g_string_append(out, value);
	return end + 2;
}

/* `{{ name }}` without the dollar is taken as text; that is hardly ever meant. */
static void lint_braces(template_scope *s, const yaml_node *n)
{
	for (const char *p = n->text; (p = strstr(p, "{{")); p += 2) {
		if ((p > n->text && p[-1] == '$') || !strstr(p, "}}"))
			continue;
		diag *d = yaml_warning(s->doc, s->l, n, "X0207",
			"`{{` without `$` is plain text, not a variable");
		diag_help(d, "write `${{ name }}` if a variable is meant");
		return;
	}
}

static char *substitute(template_scope *s, const yaml_node *n)
{
	g_autoptr(GString) out = g_string_new(NULL);
	const char *p = n->text, *at;
	int nth = 0;

	if (s->lint)
		lint_braces(s, n);
	while ((at = strstr(p, "${{"))) {
		g_string_append_len(out, p, at - p);
		p = expression_one(s, n, nth++, at, out);
		if (out->len > STRING_MAX)
			break;
	}
	g_string_append(out, p);
	if (nth && !may_grow(s, n, out->len))
		return g_strdup("");
	return g_strdup(out->str);
}

static expression_name lookup(const char *name, const char **value, void *data)
{
	gboolean cycle;
	expression_name state = find(data, name, value, &cycle);

	if (state == NAME_OPEN)
		*value = NULL;
	return state;
}

/* The caret goes inside the string where the file has it as it is. */
static void condition_problem(
	template_scope *s, const yaml_node *n, const expression_problem *p)
{
	gsize rest;
	const char *at = diag_source_at(s->doc->source, n->line, n->col, &rest);
	int skip = at && rest && (*at == '"' || *at == '\'');
	gsize len = strlen(n->text);
	gboolean verbatim =
		at && rest >= len + (gsize)skip && strncmp(at + skip, n->text, len) == 0;
	int before = (int)g_utf8_strlen(n->text, (gssize)p->offset);
	int span = (int)g_utf8_strlen(
		n->text + p->offset, (gssize)MIN(p->len, len - MIN(len, p->offset)));
	diag *d = diag_add(s->l, DIAG_ERROR, "X0219", s->doc->source, n->line,
		verbatim ? n->col + skip + before : n->col,
		verbatim ? span : yaml_span(s->doc, n), "the condition cannot be read");

	diag_label(d, "%s", p->text);
	if (strstr(p->text, "there is no"))
		diag_note(d, "a text needs quotes: target == \"armv7\"");
}

expression_result template_condition(template_scope *s, const yaml_node *n)
{
	g_auto(expression_problem) p = {0};
	expression_result result = EXPRESSION_ERROR;

	if (n->kind != YAML_SCALAR) {
		diag *d = yaml_error(s->doc, s->l, n, "X0203", "wrong type");
		diag_label(d, "wants a condition, found %s", yaml_kind_name(n->kind));
		return result;
	}
	g_autoptr(expression) e = expression_parse(n->text, &p);
	if (e)
		result = expression_eval(e, lookup, s, &p);
	if (p.text)
		condition_problem(s, n, &p);
	return result;
}

static yaml_node *copy(const yaml_node *n)
{
	yaml_node *c = yaml_node_new(n->kind, n);

	c->quoted = n->quoted;
	c->broken = n->broken;
	c->text = g_strdup(n->text);
	for (guint i = 0; n->kind == YAML_SEQ && i < n->items->len; i++)
		g_ptr_array_add(c->items, copy(g_ptr_array_index(n->items, i)));
	for (guint i = 0; n->kind == YAML_MAP && i < n->keys->len; i++) {
		g_ptr_array_add(c->keys, copy(g_ptr_array_index(n->keys, i)));
		g_ptr_array_add(c->values, copy(g_ptr_array_index(n->values, i)));
	}
	return c;
}

static yaml_node *expand(template_scope *s, const yaml_node *n);

static void splice(
	template_scope *s, yaml_node *list, const yaml_node *branch, gboolean maybe)
{
	g_autoptr(yaml_node) done = branch ? expand(s, branch) : NULL;

	if (!done)
		return;
	if (done->kind != YAML_SEQ) {
		done->maybe = maybe;
		g_ptr_array_add(list->items, g_steal_pointer(&done));
		return;
	}
	while (done->items->len) {
		yaml_node *item = g_ptr_array_steal_index(done->items, 0);
		item->maybe = maybe;
		g_ptr_array_add(list->items, item);
	}
}

static void conditional(template_scope *s, yaml_node *list, const yaml_node *n)
{
	expression_result r = template_condition(s, yaml_map_get(n, "if"));

	for (guint i = 0; i < n->keys->len; i++) {
		const yaml_node *k = g_ptr_array_index(n->keys, i);
		if (words_have("if then else", k->text))
			continue;
		diag *d =
			yaml_error(s->doc, s->l, k, "X0201", "unknown key `%s`", k->text);
		diag_label(d, "not a key of a conditional item");
		diag_note(d, "keys here: if, then, else");
	}
	gboolean maybe = r != EXPRESSION_FALSE && r != EXPRESSION_TRUE;
	if (r != EXPRESSION_FALSE)
		splice(s, list, yaml_map_get(n, "then"), maybe);
	if (r != EXPRESSION_TRUE)
		splice(s, list, yaml_map_get(n, "else"), maybe);
}

static yaml_node *expand_seq(template_scope *s, const yaml_node *n)
{
	yaml_node *out = yaml_node_new(YAML_SEQ, n);

	for (guint i = 0; i < n->items->len; i++) {
		const yaml_node *item = g_ptr_array_index(n->items, i);
		if (yaml_map_get(item, "if") && yaml_map_get(item, "then")) {
			out->maybe = TRUE;
			conditional(s, out, item);
			continue;
		}
		g_ptr_array_add(out->items, expand(s, item));
	}
	return out;
}

/* The context itself: each value worked out once, used or not. */
static yaml_node *expand_context(template_scope *s)
{
	yaml_node *out = copy(s->context);

	for (guint i = 0; i < out->keys->len; i++) {
		yaml_node *v = g_ptr_array_index(out->values, i);
		const char *name = ((yaml_node *)g_ptr_array_index(out->keys, i))->text;
		const char *value;
		gboolean cycle;
		find(s, name, &value, &cycle);
		if (v->kind != YAML_SCALAR || !value || !*v->text)
			continue;
		g_free(v->text);
		v->text = g_strdup(value);
	}
	return out;
}

static yaml_node *expand_map(template_scope *s, const yaml_node *n, const char *raw)
{
	yaml_node *out = yaml_node_new(YAML_MAP, n);

	for (guint i = 0; i < n->keys->len; i++) {
		const yaml_node *k = g_ptr_array_index(n->keys, i);
		const yaml_node *v = g_ptr_array_index(n->values, i);
		g_ptr_array_add(out->keys, copy(k));
		g_ptr_array_add(out->values, v == s->context ? expand_context(s)
					     : words_have(raw, k->text) ? copy(v)
									: expand(s, v));
	}
	return out;
}

static yaml_node *expand(template_scope *s, const yaml_node *n)
{
	if (n->kind == YAML_SEQ)
		return expand_seq(s, n);
	if (n->kind == YAML_MAP)
		return expand_map(s, n, "if");
	yaml_node *out = copy(n);
	if (strstr(n->text, "{{") && !n->broken) {
		g_free(out->text);
		out->text = substitute(s, n);
		out->quoted = TRUE; /* an empty value is a string, not a missing one */
	}
	return out;
}

yaml_node *template_expand(template_scope *s, const yaml_node *root, const char *raw)
{
	return root->kind == YAML_MAP ? expand_map(s, root, raw) : expand(s, root);
}
