#include "format/yaml_layout.h"
#include <string.h>

#define STEP 2

/* A list or map in block form: where it stood and where it shall stand. */
typedef struct block {
	int indent, fresh;
	guint first, end; /* lines it begins on, and what follows it begins on */
} block;

typedef struct walker {
	yaml_layout *y;
	GArray *blocks; /* block, outer before inner */
} walker;

static gboolean begins_line(const yaml_layout *y, const yaml_token *t)
{
	const yaml_line *line = yaml_layout_line(y, t->line);

	return line->code && yaml_layout_token(y, line->first) == t;
}

static void set(yaml_layout *y, guint n, int fresh)
{
	yaml_line *line = yaml_layout_line(y, n);

	if (line->fresh < 0)
		line->fresh = fresh;
}

/* Lines of one value after its first keep their shape; none comes to the very edge, where
 * `---` would be no text any more. */
static void shift(yaml_layout *y, guint from, guint to, int by, int least)
{
	for (guint i = from; i <= to && i < y->lines->len; i++) {
		int indent = yaml_layout_line(y, i)->indent;
		int fresh = MAX(indent + by, least);
		set(y, i, fresh < STEP && (fresh > 0 || indent > 0) ? STEP : fresh);
	}
}

static gboolean is_empty(const yaml_layout *y, const yaml_line *line)
{
	return line->from + strspn(y->text + line->from, " ") >= line->to;
}

/* The lines of a block below its header, all by the same. What its indentation is, a
 * digit in the header says, else its first line. */
static void shift_block(yaml_layout *y, yaml_token *t, const block *in)
{
	const char *header = y->text + t->from;
	int digit = yaml_block_digit(header);
	int indent = digit ? in->indent + digit : G_MAXINT; /* no line with text */
	int fresh = in->fresh + (digit ? digit : STEP);

	for (guint i = t->end; !digit && i > t->line; i--)
		if (!is_empty(y, yaml_layout_line(y, i)))
			indent = (int)strspn(y->text + yaml_layout_line(y, i)->from, " ");
	for (guint i = t->end; i > t->line; i--) {
		yaml_line *line = yaml_layout_line(y, i);
		line->indent = (int)strspn(y->text + line->from, " ");
		gboolean empty = line->indent <= indent && is_empty(y, line);
		line->fresh = empty ? 0 : MAX(line->indent - indent, 0) + fresh;
		if (!empty || i < t->end || yaml_block_keeps(header))
			continue;
		line->inside = -1; /* blank lines below its text are nobody's */
		line->blank = TRUE;
		t->end--;
	}
}

/* Of the outermost value: none, unless the edge would make a marker of a text. */
static int edge(const yaml_layout *y, const yaml_node *n)
{
	guint parts = n->kind == YAML_MAP ? n->keys->len : 1;

	for (guint i = 0; i < parts; i++) {
		const yaml_token *t = yaml_layout_token_of(
			y, n->kind == YAML_MAP ? g_ptr_array_index(n->keys, i) : n);
		if (t && (g_str_has_prefix(y->text + t->from, "---") ||
				 g_str_has_prefix(y->text + t->from, "...")))
			return n->col - 1;
	}
	return 0;
}

static void walk(walker *w, const yaml_node *n, const block *in);

static guint last_line(const yaml_layout *y, const yaml_node *n)
{
	return MIN((guint)n->end_line - 1, y->lines->len - 1);
}

/* A scalar, or a list or map on brackets. */
static void walk_value(walker *w, const yaml_node *n, const block *in)
{
	yaml_layout *y = w->y;
	yaml_token *t = yaml_layout_token_of(y, n);
	int by = in->fresh - in->indent;

	if (!t || (n->kind == YAML_SCALAR && !n->quoted && !*n->text))
		return;
	if (begins_line(y, t)) {
		set(y, t->line, w->blocks->len ? in->fresh + STEP : edge(y, n));
		by = yaml_layout_line(y, t->line)->fresh -
		     yaml_layout_line(y, t->line)->indent;
	}
	if (t->block) {
		shift_block(y, t, in);
		return;
	}
	gboolean flow = t->mark == MARK_OPEN;
	shift(y, t->line + 1, flow ? last_line(y, n) : t->end, by,
		flow ? 0 : in->fresh + STEP);
}

/* `- ` of a list, `? ` and `: ` of a map of which they are written. */
static void place_marks(yaml_layout *y, const yaml_node *n, const block *b)
{
	for (guint i = b->first; i <= b->end && i < y->lines->len; i++) {
		const yaml_line *line = yaml_layout_line(y, i);
		if (!line->code || line->indent != b->indent ||
			line->first >= y->tokens->len)
			continue;
		yaml_mark mark = yaml_layout_token(y, line->first)->mark;
		gboolean own = n->kind == YAML_SEQ
				       ? mark == MARK_DASH
				       : mark == MARK_QUESTION || mark == MARK_COLON;
		if (own && (i < b->end || n->end_col - 1 > b->indent))
			set(y, i, b->fresh);
	}
}

static void walk_block(walker *w, const yaml_node *n, const block *in)
{
	yaml_layout *y = w->y;
	block b = {.indent = n->col - 1,
		.fresh = w->blocks->len ? in->fresh + STEP : edge(y, n),
		.first = (guint)n->line - 1,
		.end = (guint)n->end_line - 1};

	g_array_append_val(w->blocks, b);
	place_marks(y, n, &b);
	for (guint i = 0; n->kind == YAML_SEQ && i < n->items->len; i++)
		walk(w, g_ptr_array_index(n->items, i), &b);
	for (guint i = 0; n->kind == YAML_MAP && i < n->keys->len; i++) {
		const yaml_node *k = g_ptr_array_index(n->keys, i);
		const yaml_token *key = yaml_layout_token_of(y, k);
		if (k->col != n->col) /* below its `?` */
			walk_value(w, k, &b);
		else if (key && begins_line(y, key))
			set(y, key->line, b.fresh);
		walk(w, g_ptr_array_index(n->values, i), &b);
	}
}

static void walk(walker *w, const yaml_node *n, const block *in)
{
	if (n->kind == YAML_SCALAR || yaml_layout_is_flow(w->y, n))
		walk_value(w, n, in);
	else
		walk_block(w, n, in);
}

/* ---- comments ---- */

/* With the line below when they stand in its column, else with that of the lists and maps
 * open here which stand in theirs. */
static int comment_indent(
	const yaml_line *line, const yaml_line *below, const GPtrArray *open)
{
	int best = -1, fresh = 0;

	if (below && below->fresh >= 0 && below->indent <= line->indent) {
		best = below->indent;
		fresh = below->fresh;
	}
	for (guint i = 0; i < open->len; i++) {
		const block *b = g_ptr_array_index(open, i);
		if (b->indent > line->indent || b->indent <= best)
			continue;
		best = b->indent;
		fresh = b->fresh;
	}
	return fresh;
}

static void place_comments(const walker *w)
{
	yaml_layout *y = w->y;
	g_autoptr(GPtrArray) open = g_ptr_array_new();
	guint below = 0, seen = 0;

	for (guint i = 0; i < y->lines->len; i++) {
		yaml_line *line = yaml_layout_line(y, i);
		if (!line->comment || line->fresh >= 0)
			continue;
		for (below = MAX(below, i); below < y->lines->len; below++)
			if (yaml_layout_line(y, below)->code)
				break;
		for (; seen < w->blocks->len; seen++) {
			block *b = &g_array_index(w->blocks, block, seen);
			if (b->first >= i)
				break;
			while (open->len &&
				((block *)g_ptr_array_index(open, open->len - 1))->end <=
					b->first)
				g_ptr_array_set_size(open, (int)open->len - 1);
			g_ptr_array_add(open, b);
		}
		while (open->len &&
			((block *)g_ptr_array_index(open, open->len - 1))->end < i)
			g_ptr_array_set_size(open, (int)open->len - 1);
		line->fresh = comment_indent(line,
			below < y->lines->len ? yaml_layout_line(y, below) : NULL, open);
	}
}

/* ---- quotes ---- */

/* Its text if that may stand without quotes and is on one line; else NULL. */
static char *without_quotes(const yaml_layout *y, const yaml_node *n)
{
	const yaml_token *t = n->quoted ? yaml_layout_token_of(y, n) : NULL;

	if (!t || t->block || t->to - t->from != strlen(n->text) + 2 ||
		strncmp(y->text + t->from + 1, n->text, strlen(n->text)))
		return NULL; /* on several lines, or with escapes */
	char *form = yaml_quote(n->text);
	if (*form != '"')
		return form;
	g_free(form);
	return NULL;
}

static void unquote(yaml_layout *y, const yaml_node *n)
{
	g_autofree char *form = without_quotes(y, n);

	if (form)
		yaml_layout_token_of(y, n)->bare = TRUE;
}

/* Items of a list that need quotes keep them in the others: ["-s", "-w", "x"]. */
static gboolean all_without(const yaml_layout *y, const yaml_node *list)
{
	for (guint i = 0; i < list->items->len; i++) {
		const yaml_node *n = g_ptr_array_index(list->items, i);
		g_autofree char *form =
			n->kind == YAML_SCALAR ? without_quotes(y, n) : NULL;
		if (n->kind == YAML_SCALAR && n->quoted && !form)
			return FALSE;
	}
	return TRUE;
}

static void unquote_all(yaml_layout *y, const yaml_node *n)
{
	gboolean may = n->kind == YAML_SEQ && all_without(y, n);

	for (guint i = 0; n->kind == YAML_SEQ && i < n->items->len; i++) {
		const yaml_node *item = g_ptr_array_index(n->items, i);
		if (item->kind != YAML_SCALAR)
			unquote_all(y, item);
		else if (may)
			unquote(y, item);
	}
	for (guint i = 0; n->kind == YAML_MAP && i < n->keys->len; i++) {
		unquote(y, g_ptr_array_index(n->keys, i));
		unquote_all(y, g_ptr_array_index(n->values, i));
	}
	if (n->kind == YAML_SCALAR)
		unquote(y, n);
}

void yaml_layout_indent(yaml_layout *y)
{
	walker w = {y, g_array_new(FALSE, FALSE, sizeof(block))};
	const block outside = {0, 0, 0, 0};

	walk(&w, y->doc->root, &outside);
	place_comments(&w);
	g_array_unref(w.blocks);
	unquote_all(y, y->doc->root);
}
