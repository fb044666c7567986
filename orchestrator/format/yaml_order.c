#include "format/yaml_layout.h"
#include <string.h>

/* A key of the outermost map with its lines and those of the comments above it. */
typedef struct part {
	guint from, to; /* lines, `to` is not one of them */
	int rank;
} part;

/* A key that is not in the list stays behind the one it stood behind. */
static int rank_of(const char *key, const char *const *order, int before)
{
	for (int i = 0; order[i]; i++)
		if (g_str_equal(order[i], key))
			return i;
	return before;
}

/* Lines above a key that go with it: comments in its column and what is blank there. */
static guint begin_above(const yaml_layout *y, guint line)
{
	while (line > 0) {
		const yaml_line *above = yaml_layout_line(y, line - 1);
		if (!above->blank && !(above->comment && above->indent == 0))
			break;
		line--;
	}
	return line;
}

/* The comment on top of a file is the file's. The first key has of it what stands below
 * a blank line. */
static guint begin_first(const yaml_layout *y, guint line)
{
	guint top = begin_above(y, line), at = line;

	while (at > top && yaml_layout_line(y, at - 1)->comment)
		at--;
	for (guint i = top; i < at; i++)
		if (yaml_layout_line(y, i)->comment)
			return at;
	return line;
}

/* Comments below the last key, in its column, are the file's too. */
static guint end_last(const yaml_layout *y)
{
	guint at = begin_above(y, y->lines->len);

	while (at < y->lines->len && yaml_layout_line(y, at)->blank)
		at++;
	return at;
}

/* FALSE when the keys do not stand each on a line of its own. */
static gboolean find_parts(const yaml_layout *y, const char *const *order, GArray *parts)
{
	const yaml_node *root = y->doc->root;
	int rank = -1;

	for (guint i = 0; i < root->keys->len; i++) {
		const yaml_node *key = g_ptr_array_index(root->keys, i);
		guint line = (guint)key->line - 1;
		const yaml_line *at = yaml_layout_line(y, line);
		if (!at->code || at->indent || key->col != 1)
			return FALSE;
		rank = rank_of(key->text, order, rank);
		part p = {i ? begin_above(y, line) : begin_first(y, line), 0, rank};
		if (i)
			g_array_index(parts, part, i - 1).to = p.from;
		g_array_append_val(parts, p);
	}
	if (parts->len)
		g_array_index(parts, part, parts->len - 1).to = end_last(y);
	return parts->len > 0;
}

static int by_rank(gconstpointer a, gconstpointer b, gpointer data)
{
	const part *x = a, *y = b;

	(void)data;
	return x->rank != y->rank ? (x->rank > y->rank) - (x->rank < y->rank)
				  : (x->from > y->from) - (x->from < y->from);
}

static void add_lines(const yaml_layout *y, guint from, guint to, GString *out)
{
	for (guint i = from; i < to; i++) {
		const yaml_line *line = yaml_layout_line(y, i);
		g_string_append_len(
			out, y->text + line->from, (gssize)(line->to - line->from));
		g_string_append_c(out, '\n');
	}
}

/* A block that ends the file without a line end has none in its text: it must stay last.
 */
static gboolean ends_in_block(const yaml_layout *y)
{
	const yaml_token *t =
		y->tokens->len ? yaml_layout_token(y, y->tokens->len - 1) : NULL;

	if (!t || !t->block || y->text[y->len - 1] == '\n')
		return FALSE;
	gsize header = strcspn(y->text + t->from, " \n");
	return !memchr(y->text + t->from, '-', header);
}

char *yaml_layout_sort(const yaml_layout *y, const char *const *order)
{
	g_autoptr(GArray) parts = g_array_new(FALSE, TRUE, sizeof(part));
	GString *out = g_string_sized_new(y->len + 1);
	const yaml_node *root = y->doc->root;

	if (root->kind != YAML_MAP || yaml_layout_is_flow(y, root) || ends_in_block(y) ||
		!find_parts(y, order, parts)) {
		g_string_append_len(out, y->text, (gssize)y->len);
		return g_string_free(out, FALSE);
	}
	guint first = g_array_index(parts, part, 0).from;
	guint last = g_array_index(parts, part, parts->len - 1).to;
	g_array_sort_with_data(parts, by_rank, NULL);
	add_lines(y, 0, first, out);
	for (guint i = 0; i < parts->len; i++) {
		const part *p = &g_array_index(parts, part, i);
		add_lines(y, p->from, p->to, out);
	}
	add_lines(y, last, y->lines->len, out);
	return g_string_free(out, FALSE);
}
