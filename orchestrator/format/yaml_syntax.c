#include "format/yaml_syntax.h"
#include <string.h>

typedef struct rule {
	const char *context; /* part of libyaml's context, or NULL */
	const char *problem; /* part of its problem */
	const char *code;
	gboolean at_opener; /* the place is the context's, not the problem's */
	const char *text, *label, *help;
} rule;

static const rule rules[] = {
	{"scanning a quoted scalar", "unexpected end of stream", "X0210", TRUE,
		"this quote is never closed", "opened here", NULL},
	{"scanning a quoted scalar", "document indicator", "X0210", TRUE,
		"this quote is never closed", "opened here", NULL},
	{"flow sequence", "did not find expected ',' or ']'", "X0210", TRUE,
		"this `[` is never closed", "opened here",
		"close it with `]`, and put `,` between the items"},
	{"flow mapping", "did not find expected ',' or '}'", "X0210", TRUE,
		"this `{` is never closed", "opened here",
		"close it with `}`, and put `,` between the entries"},
	{NULL, "mapping values are not allowed", "X0206", FALSE,
		"a second `: ` in one value", "not allowed here",
		"put the value in quotes, or the inner key on a line of its own"},
	{NULL, "block sequence entries are not allowed", "X0206", FALSE,
		"a list cannot begin here", "not allowed here",
		"put the first `- ` on a line of its own"},
	{"scanning a simple key", "could not find expected ':'", "X0206", TRUE,
		"a `:` is missing after this key", "this is neither a key nor an item",
		NULL},
	{"block mapping", "did not find expected key", "X0206", FALSE,
		"this line stands at a depth that fits nothing above it",
		"neither a key of the map above nor inside it",
		"keys of one map begin in the same column"},
	{"block collection", "expected '-' indicator", "X0206", FALSE,
		"this line stands at a depth that fits nothing above it",
		"not an item of the list above",
		"items of one list begin with `- ` in the same column"},
	{NULL, "unknown escape character", "X0206", FALSE,
		"unknown escape in double quotes", NULL,
		"use single quotes, or write `\\\\` for a backslash"},
	{NULL, "hexdecimal number", "X0206", FALSE, "escape without its hex digits", NULL,
		"use single quotes, or write `\\\\` for a backslash"},
	{"anchor", "alphabetic or numeric", "X0206", TRUE,
		"a string cannot begin with `&` unless it is quoted", NULL,
		"put the value in quotes"},
	{"alias", "alphabetic or numeric", "X0206", TRUE,
		"a string cannot begin with `*` unless it is quoted", NULL,
		"put the value in quotes"},
	{NULL, "document start", "X0206", FALSE,
		"this does not belong to what stands above it", NULL,
		"keys of one map begin in the same column"},
	{NULL, "expected node content", "X0206", FALSE, "a value was expected here", NULL,
		NULL},
	{NULL, NULL, NULL, FALSE, NULL, NULL, NULL}};

static gboolean holds(const char *text, const char *part)
{
	return !part || (text && strstr(text, part));
}

static int line_of(const yaml_mark_t *m)
{
	return (int)m->line + 1;
}

static int col_of(const yaml_mark_t *m)
{
	return (int)m->column + 1;
}

static diag *tab_report(const yaml_parser_t *p, diag_source *s, diag_list *l)
{
	int line = line_of(&p->problem_mark);
	gsize len;
	const char *text = diag_source_line(s, line, &len);
	gsize blank = 0;

	while (blank < len && text[blank] == ' ')
		blank++;
	if (blank == len || text[blank] != '\t')
		return NULL;
	diag *d = diag_add(l, DIAG_ERROR, "X0211", s, line, (int)blank + 1, 1,
		"a tab indents this line; YAML takes only spaces");
	diag_label(d, "tab");
	diag_help(d, "replace each tab by two spaces");
	return d;
}

/* `[${{ x }}]` and `{a: ${{ x }}}`: the braces end a plain string there. */
static diag *expression_report(const yaml_parser_t *p, diag_source *s, diag_list *l)
{
	int line = line_of(&p->problem_mark), col = col_of(&p->problem_mark);
	gsize rest, n = 0;
	const char *at = col > 1 ? diag_source_at(s, line, col - 1, &rest) : NULL;

	if (!at || rest < 3 || strncmp(at, "${{", 3) != 0)
		return NULL;
	while (n < rest && at[n] != '\n' && !(n > 1 && strncmp(at + n - 2, "}}", 2) == 0))
		n++;
	diag *d = diag_add(l, DIAG_ERROR, "X0207", s, line, col - 1,
		(int)g_utf8_strlen(at, (gssize)n),
		"inside `[ ]` and `{ }` an expression needs quotes");
	diag_label(d, "write \"%.*s\"", (int)n, at);
	return d;
}

/* @ and ` are reserved by YAML, % begins a directive. */
static diag *reserved_report(const yaml_parser_t *p, diag_source *s, diag_list *l)
{
	int line = line_of(&p->problem_mark), col = col_of(&p->problem_mark);
	gsize rest;
	const char *at = diag_source_at(s, line, col, &rest);

	if (!holds(p->problem, "cannot start any token") || !at || !rest)
		return NULL;
	diag *d = diag_add(l, DIAG_ERROR, "X0206", s, line, col, 1,
		"a string cannot begin with `%c` unless it is quoted", *at);
	diag_help(d, "put the value in quotes");
	return d;
}

static void rule_report(
	const rule *r, const yaml_parser_t *p, diag_source *s, diag_list *l)
{
	const yaml_mark_t *at = r->at_opener ? &p->context_mark : &p->problem_mark;
	const yaml_mark_t *other = &p->problem_mark;
	diag *d = diag_add(
		l, DIAG_ERROR, r->code, s, line_of(at), col_of(at), 1, "%s", r->text);

	if (r->label)
		diag_label(d, "%s", r->label);
	if (r->at_opener && g_str_equal(r->code, "X0210") && p->context &&
		!strstr(p->context, "scanning"))
		diag_second(d, line_of(other), col_of(other), 1,
			"expected here at the latest");
	if (r->help)
		diag_help(d, "%s", r->help);
}

void yaml_syntax_report(const yaml_parser_t *p, diag_source *s, diag_list *l)
{
	if (p->error == YAML_READER_ERROR) { /* yaml_bytes_check let something through */
		diag_add(l, DIAG_ERROR, "X0214", s, 0, 0, 0, "%s", p->problem);
		return;
	}
	if (tab_report(p, s, l) || expression_report(p, s, l) || reserved_report(p, s, l))
		return;
	for (const rule *r = rules; r->problem; r++) {
		if (!holds(p->context, r->context) || !holds(p->problem, r->problem))
			continue;
		rule_report(r, p, s, l);
		return;
	}
	diag *d = diag_add(l, DIAG_ERROR, "X0206", s, line_of(&p->problem_mark),
		col_of(&p->problem_mark), 1, "%s", p->problem ? p->problem : "not YAML");
	if (p->context)
		diag_note(d, "%s", p->context);
}
