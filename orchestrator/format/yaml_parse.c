#include "format/yaml.h"
#include "format/yaml_bytes.h"
#include "format/yaml_syntax.h"
#include <string.h>
#include <yaml.h>

/* libyaml is quadratic in the depth of nesting and expands nothing by itself,
 * so depth is counted here, on its events, and an alias is never followed. */
typedef struct builder {
	yaml_parser_t parser;
	yaml_doc *doc;
	diag_list *l;
	int depth;
} builder;

static yaml_node *build(builder *b, yaml_event_t *e);

/* The next event, to be freed with yaml_event_delete; FALSE after a report. */
static gboolean next(builder *b, yaml_event_t *e)
{
	if (yaml_parser_parse(&b->parser, e))
		return TRUE;
	yaml_syntax_report(&b->parser, b->doc->source, b->l);
	return FALSE;
}

static void set_end(yaml_node *n, const yaml_event_t *e)
{
	n->end_line = (int)e->end_mark.line + 1;
	n->end_col = (int)e->end_mark.column + 1;
}

static yaml_node *node_at(yaml_kind kind, const yaml_event_t *e)
{
	yaml_node *n = yaml_node_new(kind, NULL);

	n->line = (int)e->start_mark.line + 1;
	n->col = (int)e->start_mark.column + 1;
	set_end(n, e);
	return n;
}

static void refuse_anchor(builder *b, const yaml_event_t *e, const unsigned char *anchor)
{
	if (!anchor)
		return;
	diag *d = diag_add(b->l, DIAG_ERROR, "X0204", b->doc->source,
		(int)e->start_mark.line + 1, (int)e->start_mark.column + 1,
		(int)strlen((const char *)anchor) + 1, "anchors are not allowed");
	diag_help(d, "use `context:` for a value needed twice");
}

static void refuse_tag(builder *b, const yaml_event_t *e, const unsigned char *tag)
{
	int line = (int)e->start_mark.line + 1, col = (int)e->start_mark.column + 1,
	    n = 0;
	gsize rest;
	const char *at = diag_source_at(b->doc->source, line, col, &rest);

	while (at && (gsize)n < rest && at[n] > ' ')
		n++;
	diag *d = diag_add(b->l, DIAG_ERROR, "X0205", b->doc->source, line, col, n,
		"tags are not allowed (%s)", tag ? (const char *)tag : "!");
	diag_help(d, "remove it; quote the value when it must stay a string");
}

static yaml_node *alias(builder *b, const yaml_event_t *e)
{
	yaml_node *n = node_at(YAML_SCALAR, e);

	n->text = g_strdup_printf("*%s", e->data.alias.anchor);
	n->broken = TRUE;
	diag *d = yaml_error(b->doc, b->l, n, "X0204", "aliases are not allowed");
	diag_help(d, "use `context:` for a value needed twice, or put a string that "
		     "begins with `*` in quotes");
	return n;
}

/* Escapes such as "\0" bring in what yaml_bytes_check refuses in the open. */
static void check_value(builder *b, const yaml_node *n, gsize len)
{
	const unsigned char *p = (const unsigned char *)n->text;

	for (gsize i = 0; i < len; i++) {
		if (p[i] >= 0x20 ? p[i] != 0x7f : p[i] == '\n' || p[i] == '\t')
			continue;
		yaml_error(b->doc, b->l, n, "X0214",
			"control character (0x%02x) in a string", p[i]);
		return;
	}
}

static yaml_node *scalar(builder *b, const yaml_event_t *e)
{
	yaml_node *n = node_at(YAML_SCALAR, e);
	gboolean plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	n->text = g_strndup((const char *)e->data.scalar.value, e->data.scalar.length);
	n->quoted = !plain;
	refuse_anchor(b, e, e->data.scalar.anchor);
	if (e->data.scalar.tag || (plain && !e->data.scalar.plain_implicit))
		refuse_tag(b, e, e->data.scalar.tag);
	check_value(b, n, e->data.scalar.length);
	return n;
}

static gboolean enter(builder *b, const yaml_event_t *e)
{
	if (++b->depth <= YAML_DEPTH_MAX)
		return TRUE;
	diag_add(b->l, DIAG_ERROR, "X0208", b->doc->source, (int)e->start_mark.line + 1,
		(int)e->start_mark.column + 1, 1, "nested deeper than %d levels",
		YAML_DEPTH_MAX);
	return FALSE;
}

static yaml_node *sequence(builder *b, yaml_event_t *start)
{
	g_autoptr(yaml_node) n = node_at(YAML_SEQ, start);
	yaml_event_t e;

	refuse_anchor(b, start, start->data.sequence_start.anchor);
	if (start->data.sequence_start.tag)
		refuse_tag(b, start, start->data.sequence_start.tag);
	if (!enter(b, start))
		return NULL;
	while (next(b, &e)) {
		if (e.type == YAML_SEQUENCE_END_EVENT) {
			set_end(n, &e);
			yaml_event_delete(&e);
			b->depth--;
			return g_steal_pointer(&n);
		}
		yaml_node *item = build(b, &e);
		yaml_event_delete(&e);
		if (!item)
			return NULL;
		g_ptr_array_add(n->items, item);
	}
	return NULL;
}

/* `{{ n }}` reads as a map whose key is a map. Says what was meant, and
 * nothing else complains. */
static void braces(builder *b, yaml_node *n)
{
	gsize rest, from, len = 0;
	const char *at = diag_source_at(b->doc->source, n->line, n->col, &rest);
	const char *line = diag_source_line(b->doc->source, n->line, &from);

	while (at && at + len < line + from && strncmp(at + len, "}}", 2) != 0)
		len++;
	g_autofree char *name = at && len > 2 ? g_strndup(at + 2, len - 2) : g_strdup("");
	g_strstrip(name);
	diag *d = diag_add(b->l, DIAG_ERROR, "X0207", b->doc->source, n->line, n->col,
		at ? (int)g_utf8_strlen(at, (gssize)len) + 2 : 1,
		"`{{ … }}` is a nested map in YAML, not a variable");
	diag_label(d, "write `${{ %s }}`", name);
	n->kind = YAML_SCALAR;
	n->text = g_strdup(name);
	n->broken = TRUE;
	g_clear_pointer(&n->keys, g_ptr_array_unref);
	g_clear_pointer(&n->values, g_ptr_array_unref);
}

static void refuse_key(builder *b, const yaml_node *k)
{
	diag *d = yaml_error(b->doc, b->l, k, "X0206", "a key must be a string, not %s",
		yaml_kind_name(k->kind));
	diag_help(d, "write each key as `name: value`");
}

/* FALSE when this key is not to enter the map. */
static gboolean check_key(builder *b, GHashTable *seen, const yaml_node *k)
{
	const yaml_node *first = g_hash_table_lookup(seen, k->text);
	diag *d;

	if (!k->quoted && g_str_equal(k->text, "<<")) {
		d = yaml_error(b->doc, b->l, k, "X0204", "merge keys are not allowed");
		diag_help(d, "use `context:` for values needed twice");
	} else if (first) {
		d = yaml_error(b->doc, b->l, k, "X0202", "key `%s` given twice", k->text);
		diag_label(d, "again here");
		diag_second(d, first->line, first->col, yaml_span(b->doc, first),
			"first here");
		diag_help(d, "keep one; YAML readers disagree about which one wins");
	} else {
		g_hash_table_insert(seen, k->text, (gpointer)k);
		return TRUE;
	}
	return FALSE;
}

static yaml_node *mapping(builder *b, yaml_event_t *start)
{
	g_autoptr(yaml_node) n = node_at(YAML_MAP, start);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	gboolean is_braces = FALSE;
	yaml_event_t e;

	refuse_anchor(b, start, start->data.mapping_start.anchor);
	if (start->data.mapping_start.tag)
		refuse_tag(b, start, start->data.mapping_start.tag);
	if (!enter(b, start))
		return NULL;
	while (next(b, &e)) {
		if (e.type == YAML_MAPPING_END_EVENT) {
			set_end(n, &e);
			yaml_event_delete(&e);
			b->depth--;
			if (is_braces)
				braces(b, n);
			return g_steal_pointer(&n);
		}
		g_autoptr(yaml_node) k = build(b, &e);
		yaml_event_delete(&e);
		if (!k)
			return NULL;
		gboolean take = FALSE;
		if (k->kind == YAML_SCALAR)
			take = check_key(b, seen, k);
		else if (k->kind == YAML_MAP && k->line == n->line &&
			 k->col == n->col + 1)
			is_braces = TRUE;
		else
			refuse_key(b, k);
		if (!next(b, &e))
			return NULL;
		g_autoptr(yaml_node) v = build(b, &e);
		yaml_event_delete(&e);
		if (!v)
			return NULL;
		if (take) {
			g_ptr_array_add(n->keys, g_steal_pointer(&k));
			g_ptr_array_add(n->values, g_steal_pointer(&v));
		}
	}
	return NULL;
}

/* NULL after a report. */
static yaml_node *build(builder *b, yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return scalar(b, e);
	case YAML_SEQUENCE_START_EVENT:
		return sequence(b, e);
	case YAML_MAPPING_START_EVENT:
		return mapping(b, e);
	case YAML_ALIAS_EVENT:
		return alias(b, e);
	default:
		g_error("libyaml event %d where a node must be", e->type);
	}
}

static void no_document(builder *b)
{
	gsize len;
	const char *first = diag_source_line(b->doc->source, 1, &len);

	while (len && g_ascii_isspace(*first)) {
		first++;
		len--;
	}
	diag_add(b->l, DIAG_ERROR, "X0209", b->doc->source, 0, 0, 0,
		len ? "the file holds only comments" : "the file is empty");
}

static gboolean document(builder *b)
{
	yaml_event_t e;

	while (next(b, &e)) {
		yaml_event_type_t type = e.type;
		int line = (int)e.start_mark.line + 1;
		if (type == YAML_STREAM_END_EVENT && !b->doc->root)
			no_document(b);
		if (type == YAML_STREAM_START_EVENT ||
			type == YAML_DOCUMENT_START_EVENT ||
			type == YAML_DOCUMENT_END_EVENT ||
			type == YAML_STREAM_END_EVENT) {
			yaml_event_delete(&e);
			if (type == YAML_STREAM_END_EVENT)
				return b->doc->root != NULL;
			if (type != YAML_DOCUMENT_START_EVENT || !b->doc->root)
				continue;
			diag *d = diag_add(b->l, DIAG_ERROR, "X0209", b->doc->source,
				line, 1, 3, "a second document in one file");
			diag_label(d, "begins here");
			diag_help(d, "one file holds one document: split the file");
			return FALSE;
		}
		b->doc->root = build(b, &e);
		yaml_event_delete(&e);
		if (!b->doc->root)
			return FALSE;
	}
	return FALSE;
}

yaml_doc *yaml_parse(const char *file, const char *text, gsize len, diag_list *l)
{
	g_autoptr(yaml_doc) doc = g_new0(yaml_doc, 1);
	builder b = {.doc = doc, .l = l};

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	doc->source = diag_source_new(file, text, MIN(len, YAML_BYTES_MAX + 1));
	if (!yaml_bytes_check(doc->source, text, len, l))
		return NULL;
	if (!yaml_parser_initialize(&b.parser))
		g_error("out of memory");
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)text, len);
	gboolean ok = document(&b);
	yaml_parser_delete(&b.parser);
	return ok ? g_steal_pointer(&doc) : NULL;
}
