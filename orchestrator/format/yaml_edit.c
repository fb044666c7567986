#include "format/yaml_edit.h"
#include "base/error.h"
#include <string.h>

struct yaml_edit {
	char *file, *text;
	gsize len;
	gsize skip; /* bytes of the byte order mark, which places do not count */
	yaml_doc *doc;
	GPtrArray *changes; /* change, in the order of the text */
};

typedef struct change {
	const yaml_node *node;
	gsize from, to;	 /* bytes of the text */
	char *value;	 /* as the tree will have it */
	char *form;	 /* as the text will have it */
	gboolean quotes; /* the same text in quotes */
} change;

static void change_free(gpointer data)
{
	change *c = data;

	g_free(c->value);
	g_free(c->form);
	g_free(c);
}

void yaml_edit_free(yaml_edit *e)
{
	if (!e)
		return;
	g_ptr_array_unref(e->changes);
	yaml_doc_free(e->doc);
	g_free(e->file);
	g_free(e->text);
	g_free(e);
}

yaml_edit *yaml_edit_open(const char *file, const char *text, gsize len, GError **err)
{
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(yaml_doc) doc = yaml_parse(file, text, len, l);

	if (!diag_list_to_error(l, err))
		return NULL;
	yaml_edit *e = g_new0(yaml_edit, 1);
	e->file = g_strdup(file);
	e->text = g_malloc(len + 1);
	memcpy(e->text, text, len);
	e->text[len] = '\0';
	e->len = len;
	e->skip = g_str_has_prefix(e->text, "\xef\xbb\xbf") ? 3 : 0;
	e->doc = g_steal_pointer(&doc);
	e->changes = g_ptr_array_new_with_free_func(change_free);
	return e;
}

const yaml_doc *yaml_edit_doc(const yaml_edit *e)
{
	return e->doc;
}

guint yaml_edit_count(const yaml_edit *e)
{
	return e->changes->len;
}

static gboolean offset_of(const yaml_edit *e, int line, int col, gsize *offset)
{
	gsize rest, all;
	const char *at = diag_source_at(e->doc->source, line, col, &rest);
	const char *first = diag_source_at(e->doc->source, 1, 1, &all);

	if (at)
		*offset = (gsize)(at - first) + e->skip;
	return at != NULL;
}

gboolean yaml_edit_span(const yaml_edit *e, const yaml_node *n, gsize *from, gsize *to)
{
	return offset_of(e, n->line, n->col, from) &&
	       offset_of(e, n->end_line, n->end_col, to) && *from <= *to;
}

static gboolean refuse(const yaml_edit *e, const yaml_node *at, GError **err,
	const char *fmt, ...) G_GNUC_PRINTF(4, 5);

static gboolean refuse(
	const yaml_edit *e, const yaml_node *at, GError **err, const char *fmt, ...)
{
	g_autoptr(diag_list) l = diag_list_new();
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *why = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	diag *d = yaml_error(e->doc, l, at, "X0230", "this cannot be changed in place");
	diag_label(d, "%s", why);
	diag_help(d, "change it by hand");
	return diag_list_to_error(l, err);
}

/* ---- forms of a scalar ---- */

static char *single_quoted(const char *value)
{
	g_auto(GStrv) parts = g_strsplit(value, "'", -1);
	g_autofree char *inside = g_strjoinv("''", parts);

	return g_strdup_printf("'%s'", inside);
}

/* yaml_quote leaves the quotes away where that is safe. */
static char *double_quoted(const char *value)
{
	char *form = yaml_quote(value);

	if (*form == '"')
		return form;
	g_free(form);
	return g_strdup_printf("\"%s\"", value);
}

/* A number stays a number, as 1.10 in `version: 1.10`; a word such as `no`, which other
 * readers take for something else, does not come out bare. */
static char *plain(const char *value)
{
	gsize n = strspn(value, "0123456789.");

	return n && !value[n] ? g_strdup(value) : yaml_quote(value);
}

static char *form_like(const yaml_edit *e, const change *c, const char *value)
{
	char first = c->from < c->to ? e->text[c->from] : '\0';

	if (first == '"')
		return double_quoted(value);
	if (first == '\'')
		return single_quoted(value);
	/* one boolean for another stays one */
	g_autofree char *form = yaml_boolean(c->node->text) && yaml_boolean(value)
					? g_strdup(value)
					: plain(value);
	gboolean apart = first || (c->from && strchr(" \t", e->text[c->from - 1]));
	return g_strconcat(apart ? "" : " ", form, NULL);
}

/* ---- proof ---- */

static const change *find(const GPtrArray *changes, const yaml_node *node)
{
	for (guint i = 0; i < changes->len; i++) {
		const change *c = g_ptr_array_index(changes, i);
		if (c->node == node)
			return c;
	}
	return NULL;
}

static gboolean as_meant(
	const yaml_node *old, const yaml_node *new, const GPtrArray *changes);

static gboolean lists_as_meant(
	const GPtrArray *old, const GPtrArray *new, const GPtrArray *changes)
{
	gboolean ok = old->len == new->len;

	for (guint i = 0; ok && i < old->len; i++)
		ok = as_meant(
			g_ptr_array_index(old, i), g_ptr_array_index(new, i), changes);
	return ok;
}

static gboolean as_meant(
	const yaml_node *old, const yaml_node *new, const GPtrArray *changes)
{
	if (old->kind != new->kind)
		return FALSE;
	if (old->kind == YAML_SEQ)
		return lists_as_meant(old->items, new->items, changes);
	if (old->kind == YAML_MAP)
		return lists_as_meant(old->keys, new->keys, changes) &&
		       lists_as_meant(old->values, new->values, changes);
	const change *c = find(changes, old);
	return g_str_equal(c ? c->value : old->text, new->text) &&
	       (c || old->quoted == new->quoted);
}

static int by_place(gconstpointer a, gconstpointer b)
{
	const change *x = *(change *const *)a, *y = *(change *const *)b;

	return (x->from > y->from) - (x->from < y->from);
}

/* The text with the changes; NULL when it does not say what they mean. */
static char *apply(const yaml_edit *e, GPtrArray *changes)
{
	g_autoptr(GString) out = g_string_sized_new(e->len + 64);
	g_autoptr(diag_list) l = diag_list_new();
	gsize at = 0;

	g_ptr_array_sort(changes, by_place);
	for (guint i = 0; i < changes->len; i++) {
		const change *c = g_ptr_array_index(changes, i);
		if (c->from < at)
			return NULL;
		g_string_append_len(out, e->text + at, (gssize)(c->from - at));
		g_string_append(out, c->form);
		at = c->to;
	}
	g_string_append_len(out, e->text + at, (gssize)(e->len - at));
	g_autoptr(yaml_doc) doc = yaml_parse(e->file, out->str, out->len, l);
	if (!doc || diag_list_errors(l) || !as_meant(e->doc->root, doc->root, changes))
		return NULL;
	return g_strndup(out->str, out->len);
}

static gboolean proven(const yaml_edit *e, const change *c)
{
	g_autoptr(GPtrArray) one = g_ptr_array_new();

	g_ptr_array_add(one, (gpointer)c);
	g_autofree char *text = apply(e, one);
	return text != NULL;
}

static void put(yaml_edit *e, change *c)
{
	for (guint i = 0; i < e->changes->len; i++) {
		const change *old = g_ptr_array_index(e->changes, i);
		if (old->node != c->node)
			continue;
		g_ptr_array_remove_index(e->changes, i);
		break;
	}
	if (g_str_equal(c->value, c->node->text) && !c->quotes)
		change_free(c);
	else
		g_ptr_array_add(e->changes, c);
}

static gboolean edit(yaml_edit *e, const yaml_node *n, const char *value, gboolean quotes,
	GError **err)
{
	if (n->kind != YAML_SCALAR)
		return refuse(e, n, err, "%s, not a string", yaml_kind_name(n->kind));
	change *c = g_new0(change, 1);
	c->node = n;
	c->value = g_strdup(value);
	if (!yaml_edit_span(e, n, &c->from, &c->to)) {
		change_free(c);
		return refuse(e, n, err, "its place is not known");
	}
	if (c->from < c->to && strchr("|>", e->text[c->from])) {
		change_free(c);
		return refuse(e, n, err, "a block of lines");
	}
	c->quotes = quotes;
	c->form = quotes ? double_quoted(value) : form_like(e, c, value);
	if (!proven(e, c)) {
		g_free(c->form);
		c->form = double_quoted(value);
	}
	if (!proven(e, c)) {
		g_autofree char *shown = text_escape(value, -1);
		change_free(c);
		return refuse(e, n, err, "the value `%s` cannot stand here", shown);
	}
	put(e, c);
	return TRUE;
}

gboolean yaml_edit_set(yaml_edit *e, const yaml_node *n, const char *value, GError **err)
{
	return edit(e, n, value, FALSE, err);
}

gboolean yaml_edit_quote(yaml_edit *e, const yaml_node *n, GError **err)
{
	return n->quoted || edit(e, n, n->text ? n->text : "", TRUE, err);
}

static const yaml_node *scalar_at(const yaml_node *n, int line, int col)
{
	const yaml_node *found = NULL;

	if (n->kind == YAML_SCALAR)
		return n->line == line && n->col == col ? n : NULL;
	const GPtrArray *parts = n->kind == YAML_SEQ ? n->items : n->values;
	for (guint i = 0; !found && i < parts->len; i++) {
		if (n->kind == YAML_MAP)
			found = scalar_at(g_ptr_array_index(n->keys, i), line, col);
		if (!found)
			found = scalar_at(g_ptr_array_index(parts, i), line, col);
	}
	return found;
}

const yaml_node *yaml_edit_at(const yaml_edit *e, int line, int col)
{
	return scalar_at(e->doc->root, line, col);
}

char *yaml_edit_text(const yaml_edit *e, GError **err)
{
	char *text = apply(e, e->changes);

	if (!text)
		refuse(e, ((change *)g_ptr_array_index(e->changes, 0))->node, err,
			"the changes do not go together");
	return text;
}

char *yaml_edit_value(const char *file, const char *text, gsize len, const char *path,
	const char *value, GError **err)
{
	g_autoptr(yaml_edit) e = yaml_edit_open(file, text, len, err);

	if (!e)
		return NULL;
	const yaml_node *n = yaml_path(e->doc->root, path);
	if (!n) {
		error_set(err, EXIT_INPUT, "X0230", "%s has no `%s`", file, path);
		return NULL;
	}
	return yaml_edit_set(e, n, value, err) ? yaml_edit_text(e, err) : NULL;
}
