#include "cli/check_fix.h"
#include "base/error.h"
#include "base/fs.h"
#include "format/yaml_edit.h"
#include <string.h>

/* Scalars of a list that say the same make it wrong in another way. */
static gboolean stands_beside(
	const yaml_node *n, const yaml_node *scalar, const char *text)
{
	gboolean here = FALSE, same = FALSE;

	if (n->kind == YAML_SCALAR)
		return FALSE;
	const GPtrArray *parts = n->kind == YAML_SEQ ? n->items : n->values;
	for (guint i = 0; i < parts->len; i++) {
		const yaml_node *part = g_ptr_array_index(parts, i);
		if (stands_beside(part, scalar, text))
			return TRUE;
		here = here || part == scalar;
		same = same || (part != scalar && part->kind == YAML_SCALAR &&
				       g_str_equal(part->text, text));
	}
	return n->kind == YAML_SEQ && here && same;
}

static gboolean mend(yaml_edit *e, const diag *d)
{
	const yaml_doc *doc = yaml_edit_doc(e);
	const yaml_node *n = yaml_edit_at(e, d->at.line, d->at.col);

	if (!n || !g_str_equal(n->text, d->fix_from) ||
		stands_beside(doc->root, n, d->fix_to))
		return FALSE;
	if (g_str_equal(d->fix_from, d->fix_to))
		return !n->quoted && yaml_edit_quote(e, n, NULL);
	return yaml_edit_set(e, n, d->fix_to, NULL);
}

static char *sentence(const char *path, const diag *d)
{
	gboolean quotes = g_str_equal(d->fix_from, d->fix_to);
	g_autofree char *text = g_strdup_printf(
		quotes ? "%s:%d:%d: `%s` is now \"%s\"" : "%s:%d:%d: `%s` is now `%s`",
		path, d->at.line, d->at.col, d->fix_from, d->fix_to);

	return text_escape(text, -1);
}

gboolean check_fix(const char *path, diag_list *found, GPtrArray *fixed, GError **err)
{
	const GPtrArray *all = diag_list_sorted(found);
	g_autoptr(yaml_edit) e = NULL;
	g_autoptr(GPtrArray) said = g_ptr_array_new_with_free_func(g_free);

	if (g_str_equal(path, "-"))
		return TRUE;
	for (guint i = 0; i < all->len; i++) {
		const diag *d = g_ptr_array_index(all, i);
		if (!d->fix_to || !d->source ||
			!g_str_equal(diag_source_file(d->source), path))
			continue;
		if (!e) {
			g_autoptr(diag_list) unread = diag_list_new();
			g_autoptr(GString) text = yaml_read(path, unread);
			e = text ? yaml_edit_open(path, text->str, text->len, NULL)
				 : NULL;
		}
		if (!e)
			return TRUE; /* what is wrong with it has been reported */
		if (mend(e, d))
			g_ptr_array_add(said, sentence(path, d));
	}
	if (!said->len)
		return TRUE;
	g_autofree char *text = yaml_edit_text(e, NULL);
	if (!text) /* each by itself would do, together they do not */
		return TRUE;
	if (!fs_rewrite(path, text, strlen(text), err))
		return FALSE;
	g_ptr_array_extend_and_steal(fixed, g_steal_pointer(&said));
	return TRUE;
}
