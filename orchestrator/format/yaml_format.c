#include "format/yaml_format.h"
#include "base/error.h"
#include "format/yaml_layout.h"
#include <string.h>

/* ---- one line ---- */

static gboolean is_blank(const char *text, gsize from, gsize to)
{
	for (; from < to; from++)
		if (text[from] != ' ' && text[from] != '\t')
			return FALSE;
	return TRUE;
}

static void add(GString *out, const yaml_layout *y, gsize from, gsize to)
{
	g_string_append_len(out, y->text + from, (gssize)(to - from));
}

/* The part of a scalar up to a line's end. A backslash there makes a blank count. */
static void add_cut(GString *out, const yaml_layout *y, gsize from, gsize to)
{
	gsize end = to;

	while (end > from && strchr(" \t", y->text[end - 1]))
		end--;
	add(out, y, from, end > from && y->text[end - 1] == '\\' ? to : end);
}

static void add_scalar(GString *out, const yaml_layout *y, const yaml_token *t)
{
	const yaml_line *line = yaml_layout_line(y, t->line);

	if (t->bare)
		add(out, y, t->from + 1, t->to - 1);
	else if (t->block || t->end == t->line)
		add(out, y, t->from, MIN(t->to, line->to));
	else
		add_cut(out, y, t->from, line->to);
}

/* What comes between two tokens on one line; NULL: as it is. */
static const char *gap(const yaml_token *before, const yaml_token *after)
{
	if (before->mark == MARK_OTHER || after->mark == MARK_OTHER)
		return NULL;
	if (after->mark == MARK_COMMA || after->mark == MARK_CLOSE)
		return before->mark == MARK_COLON ? " " : "";
	if (after->mark == MARK_COLON)
		return before->mark == MARK_SCALAR || before->mark == MARK_CLOSE ? ""
										 : NULL;
	if (before->mark == MARK_OPEN)
		return "";
	return " ";
}

/* From the end of the last token: blanks, or blanks and a comment. */
static void add_rest(GString *out, const yaml_layout *y, gsize from, gsize to)
{
	gsize at = from;

	while (at < to && strchr(" \t", y->text[at]))
		at++;
	if (at < to && (at == from || memchr(y->text + from, '\t', at - from)))
		g_string_append_c(out, ' ');
	else if (at < to)
		add(out, y, from, at);
	add_cut(out, y, at, to);
}

/* The tokens that begin on a line, from the one at `first`, and what follows them. */
static void add_tokens(
	GString *out, const yaml_layout *y, guint n, guint first, gsize from)
{
	const yaml_line *line = yaml_layout_line(y, n);
	const yaml_token *before = first ? yaml_layout_token(y, first - 1) : NULL;

	if (before && before->end != n)
		before = NULL;
	for (guint i = first; i < y->tokens->len; i++) {
		const yaml_token *t = yaml_layout_token(y, i);
		if (t->line != n)
			break;
		const char *between = before ? gap(before, t) : "";
		if (between)
			g_string_append(out, between);
		else
			add(out, y, from, t->from);
		add_scalar(out, y, t);
		from = MIN(t->to, line->to);
		before = t;
	}
	add_rest(out, y, from, line->to);
}

static void add_line(GString *out, const yaml_layout *y, guint n)
{
	const yaml_line *line = yaml_layout_line(y, n);
	const yaml_token *t =
		line->inside >= 0 ? yaml_layout_token(y, (guint)line->inside) : NULL;
	gsize from = line->from + (gsize)line->indent;
	gboolean empty = is_blank(y->text, line->from, line->to) && !(t && t->block);
	int indent = empty ? 0 : line->fresh < 0 ? line->indent : line->fresh;

	g_string_append_printf(out, "%*s", indent, "");
	if (empty) {
		/* its blanks are nobody's */
	} else if (t && t->block) {
		add(out, y, from, line->to);
	} else if (t && t->end > n) {
		add_cut(out, y, from, line->to);
	} else if (t) {
		add(out, y, from, t->to);
		add_tokens(out, y, n, line->first, t->to);
	} else if (line->comment) {
		add_cut(out, y, from, line->to);
	} else {
		add_tokens(out, y, n, line->first, from);
	}
	g_string_append_c(out, '\n');
}

/* ---- the text ---- */

/* Blank lines are kept for the next line that is none; those at either end go. */
static char *put_together(const yaml_layout *y)
{
	GString *out = g_string_sized_new(y->len + 64);
	gboolean blank = FALSE;

	for (guint i = 0; i < y->lines->len; i++) {
		if (yaml_layout_line(y, i)->blank) {
			blank = out->len > 0;
			continue;
		}
		if (blank)
			g_string_append_c(out, '\n');
		blank = FALSE;
		add_line(out, y, i);
	}
	return g_string_free(out, FALSE);
}

/* \n alone ends a line, and there is no byte order mark. */
static char *plain_text(const char *text, gsize len)
{
	GString *out = g_string_sized_new(len + 1);
	gsize at = len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	for (; at < len; at++) {
		if (text[at] != '\r')
			g_string_append_c(out, text[at]);
		else if (at + 1 == len || text[at + 1] != '\n')
			g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}

/* ---- proof ---- */

static gboolean lists_same(const GPtrArray *a, const GPtrArray *b)
{
	gboolean same = a->len == b->len;

	for (guint i = 0; same && i < a->len; i++)
		same = yaml_same(g_ptr_array_index(a, i), g_ptr_array_index(b, i), FALSE);
	return same;
}

gboolean yaml_same(const yaml_node *a, const yaml_node *b, gboolean any_order)
{
	if (a->kind != b->kind)
		return FALSE;
	if (a->kind == YAML_SEQ)
		return lists_same(a->items, b->items);
	if (a->kind == YAML_SCALAR) /* nothing at all is not the empty string */
		return g_str_equal(a->text, b->text) &&
		       (*a->text || a->quoted == b->quoted);
	if (!any_order)
		return lists_same(a->keys, b->keys) && lists_same(a->values, b->values);
	gboolean same = a->keys->len == b->keys->len;
	for (guint i = 0; same && i < a->keys->len; i++) {
		const yaml_node *key = g_ptr_array_index(a->keys, i);
		const yaml_node *other = yaml_map_get(b, key->text);
		same = other && yaml_same(g_ptr_array_index(a->values, i), other, FALSE);
	}
	return same;
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean comments_same(const yaml_layout *a, const yaml_layout *b)
{
	g_autoptr(GPtrArray) x = yaml_layout_comments(a), y = yaml_layout_comments(b);
	gboolean same = x->len == y->len;

	g_ptr_array_sort(x, by_text);
	g_ptr_array_sort(y, by_text);
	for (guint i = 0; same && i < x->len; i++)
		same = g_str_equal(x->pdata[i], y->pdata[i]);
	return same;
}

static gboolean is_proven(const char *file, const yaml_layout *before, const char *text)
{
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(yaml_layout) after = yaml_layout_new(file, text, strlen(text), l);

	return after && yaml_same(before->doc->root, after->doc->root, TRUE) &&
	       comments_same(before, after);
}

/* A block that ends the file has the line end in its text, or not. */
static char *without_line_end(char *text)
{
	gsize len = strlen(text);

	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	return text;
}

char *yaml_format(const char *file, const char *text, gsize len, const char *const *order,
	GError **err)
{
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(yaml_doc) given = yaml_parse(file, text, len, l); /* with its places */

	if (!diag_list_to_error(l, err))
		return NULL;
	g_autofree char *plain = plain_text(text, len);
	g_autoptr(yaml_layout) before = yaml_layout_new(file, plain, strlen(plain), l);
	g_autofree char *sorted =
		before ? order ? yaml_layout_sort(before, order) : g_strdup(plain) : NULL;
	g_autoptr(yaml_layout) y =
		sorted ? yaml_layout_new(file, sorted, strlen(sorted), l) : NULL;
	g_autofree char *out = NULL;
	if (y) {
		yaml_layout_indent(y);
		out = put_together(y);
	}
	gboolean same = before && yaml_same(given->root, before->doc->root, FALSE);
	if (out && same &&
		(is_proven(file, before, out) ||
			is_proven(file, before, without_line_end(out))))
		return g_steal_pointer(&out);
	error_set(err, EXIT_INPUT, "X0231", "%s cannot be formatted", file);
	error_line(err, "what came out would not say the same; the file was left alone");
	error_help(err, "this is a mistake of xorch: please report it with the file");
	return NULL;
}
