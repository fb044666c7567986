#include "format/yaml_layout.h"
#include <string.h>
#include <yaml.h>

void yaml_layout_free(yaml_layout *y)
{
	if (!y)
		return;
	yaml_doc_free(y->doc);
	g_array_unref(y->tokens);
	g_array_unref(y->lines);
	g_free(y);
}

yaml_line *yaml_layout_line(const yaml_layout *y, guint n)
{
	return &g_array_index(y->lines, yaml_line, n);
}

yaml_token *yaml_layout_token(const yaml_layout *y, guint n)
{
	return &g_array_index(y->tokens, yaml_token, n);
}

static void find_lines(yaml_layout *y)
{
	for (gsize from = 0; from < y->len;) {
		const char *end = memchr(y->text + from, '\n', y->len - from);
		gsize to = end ? (gsize)(end - y->text) : y->len;
		yaml_line line = {.from = from, .to = to, .inside = -1, .fresh = -1};
		g_array_append_val(y->lines, line);
		from = to + 1;
	}
}

static guint line_at(const yaml_layout *y, gsize offset)
{
	guint low = 0, high = y->lines->len;

	while (high - low > 1) {
		guint middle = (low + high) / 2;
		if (yaml_layout_line(y, middle)->from <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static gboolean mark_of(const yaml_token_t *t, yaml_mark *mark)
{
	switch (t->type) {
	case YAML_BLOCK_ENTRY_TOKEN:
		*mark = MARK_DASH;
		return TRUE;
	case YAML_KEY_TOKEN:
		*mark = MARK_QUESTION;
		return TRUE;
	case YAML_VALUE_TOKEN:
		*mark = MARK_COLON;
		return TRUE;
	case YAML_FLOW_ENTRY_TOKEN:
		*mark = MARK_COMMA;
		return TRUE;
	case YAML_FLOW_SEQUENCE_START_TOKEN:
	case YAML_FLOW_MAPPING_START_TOKEN:
		*mark = MARK_OPEN;
		return TRUE;
	case YAML_FLOW_SEQUENCE_END_TOKEN:
	case YAML_FLOW_MAPPING_END_TOKEN:
		*mark = MARK_CLOSE;
		return TRUE;
	case YAML_SCALAR_TOKEN:
		*mark = MARK_SCALAR;
		return TRUE;
	case YAML_VERSION_DIRECTIVE_TOKEN:
	case YAML_TAG_DIRECTIVE_TOKEN:
	case YAML_DOCUMENT_START_TOKEN:
	case YAML_DOCUMENT_END_TOKEN:
		*mark = MARK_OTHER;
		return TRUE;
	default:
		return FALSE;
	}
}

gboolean yaml_block_keeps(const char *header)
{
	return header[1] == '+' || (g_ascii_isdigit(header[1]) && header[2] == '+');
}

int yaml_block_digit(const char *header)
{
	if (g_ascii_isdigit(header[1]))
		return header[1] - '0';
	/* the text may end behind the first of them */
	return header[1] && g_ascii_isdigit(header[2]) ? header[2] - '0' : 0;
}

/* Blanks that the lines of a block begin with, as its first line that has text says. */
static gsize block_indent(const char *text, gsize from, gsize to)
{
	while (from < to) {
		gsize n = strspn(text + from, " ");
		if (from + n < to && text[from + n] != '\n')
			return n;
		const char *end = memchr(text + from, '\n', to - from);
		from = end ? (gsize)(end - text) + 1 : to;
	}
	return G_MAXSIZE; /* all of them are blank */
}

/* A block's token goes on to what follows it; the blank lines there are nobody's, unless
 * it keeps them. Blanks beyond the indentation are text. */
static void cut_block(const yaml_layout *y, yaml_token *t)
{
	const char *header = y->text + t->from;
	gsize body = t->from + strcspn(header, "\n");
	int digit = yaml_block_digit(header);

	t->to = MIN(t->to, y->len);
	gsize indent = digit ? (gsize)digit : block_indent(y->text, body + 1, t->to);
	if (yaml_block_keeps(header))
		return;
	t->to -= y->text[t->to - 1] == '\n';
	while (t->to > body) {
		gsize start = t->to;
		while (start > body + 1 && y->text[start - 1] == ' ')
			start--;
		if (y->text[start - 1] != '\n' || t->to - start > indent)
			break;
		t->to = start - 1;
	}
}

/* libyaml counts characters. */
static gsize byte_of(const yaml_layout *y, gsize *chars, gsize *bytes, gsize index)
{
	while (*chars < index && *bytes < y->len) {
		*bytes +=
			(gsize)(g_utf8_next_char(y->text + *bytes) - (y->text + *bytes));
		(*chars)++;
	}
	return *bytes;
}

static void find_tokens(yaml_layout *y)
{
	yaml_parser_t parser;
	yaml_token_t t;
	gsize chars = 0, bytes = 0;
	gboolean more = TRUE;

	if (!yaml_parser_initialize(&parser))
		g_error("out of memory");
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)y->text, y->len);
	while (more && yaml_parser_scan(&parser, &t)) {
		yaml_token n = {0};
		more = t.type != YAML_STREAM_END_TOKEN;
		if (mark_of(&t, &n.mark) && t.start_mark.index < t.end_mark.index) {
			n.from = byte_of(y, &chars, &bytes, t.start_mark.index);
			n.to = byte_of(y, &chars, &bytes, t.end_mark.index);
			n.block = n.mark == MARK_SCALAR && strchr("|>", y->text[n.from]);
			if (n.block)
				cut_block(y, &n);
			n.line = line_at(y, n.from);
			n.end = line_at(y, n.to - 1);
			g_array_append_val(y->tokens, n);
		}
		yaml_token_delete(&t);
	}
	yaml_parser_delete(&parser);
}

static void describe_lines(yaml_layout *y)
{
	guint next = 0;

	for (guint i = 0; i < y->lines->len; i++) {
		yaml_line *line = yaml_layout_line(y, i);
		const char *text = y->text + line->from;
		gsize len = line->to - line->from, at = 0;

		while (at < len && strchr(" \t", text[at]))
			at++;
		line->indent = (int)at;
		if (next && yaml_layout_token(y, next - 1)->end >= i)
			line->inside = (int)next - 1;
		line->first = next;
		while (next < y->tokens->len && yaml_layout_token(y, next)->line == i)
			next++;
		if (line->inside >= 0)
			continue;
		line->blank = at == len;
		line->comment = !line->blank && text[at] == '#';
		line->code = !line->blank && !line->comment;
	}
}

yaml_layout *yaml_layout_new(const char *file, const char *text, gsize len, diag_list *l)
{
	unsigned before = diag_list_errors(l);
	g_autoptr(yaml_doc) doc = yaml_parse(file, text, len, l);

	if (!doc || diag_list_errors(l) != before)
		return NULL;
	yaml_layout *y = g_new0(yaml_layout, 1);
	y->text = text;
	y->len = len;
	y->doc = g_steal_pointer(&doc);
	y->tokens = g_array_new(FALSE, FALSE, sizeof(yaml_token));
	y->lines = g_array_new(FALSE, FALSE, sizeof(yaml_line));
	find_lines(y);
	find_tokens(y);
	describe_lines(y);
	return y;
}

yaml_token *yaml_layout_token_of(const yaml_layout *y, const yaml_node *n)
{
	gsize rest;
	const char *at = diag_source_at(y->doc->source, n->line, n->col, &rest);
	gsize offset = y->len - rest;
	guint low = 0, high = y->tokens->len;

	while (at && low < high) {
		guint middle = (low + high) / 2;
		yaml_token *t = yaml_layout_token(y, middle);
		if (t->from == offset)
			return t;
		if (t->from < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

gboolean yaml_layout_is_flow(const yaml_layout *y, const yaml_node *n)
{
	const yaml_token *t = yaml_layout_token_of(y, n);

	return n->kind != YAML_SCALAR && t && t->mark == MARK_OPEN;
}

/* What stands between two tokens are blanks, line ends and comments; so it does after
 * the header of a block. */
static void add_comments(const yaml_layout *y, gsize from, gsize to, GPtrArray *all)
{
	while (from < to) {
		const char *at = memchr(y->text + from, '#', to - from);
		if (!at)
			return;
		const char *end = memchr(at, '\n', y->len - (gsize)(at - y->text));
		gsize stop = end ? (gsize)(end - y->text) : y->len;
		char *comment = g_strndup(at, stop - (gsize)(at - y->text));
		g_ptr_array_add(all, g_strchomp(comment));
		from = stop;
	}
}

GPtrArray *yaml_layout_comments(const yaml_layout *y)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	gsize at = 0;

	for (guint i = 0; i < y->tokens->len; i++) {
		const yaml_token *t = yaml_layout_token(y, i);
		add_comments(y, at, t->from, all);
		if (t->block)
			add_comments(y, t->from, yaml_layout_line(y, t->line)->to, all);
		at = t->to;
	}
	add_comments(y, at, y->len, all);
	return all;
}
