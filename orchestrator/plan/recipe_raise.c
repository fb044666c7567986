#include "plan/recipe_raise.h"
#include "base/error.h"
#include "format/yaml_edit.h"
#include <string.h>

/* The scalar of the file at the place of a node of the expanded tree. */
static const yaml_node *node_at(const yaml_node *from, const yaml_node *place)
{
	const GPtrArray *below = from->kind == YAML_SEQ ? from->items : from->values;

	if (from->kind == YAML_SCALAR)
		return from->line == place->line && from->col == place->col ? from : NULL;
	for (guint i = 0; below && i < below->len; i++) {
		const yaml_node *found = node_at(g_ptr_array_index(below, i), place);
		if (found)
			return found;
	}
	return NULL;
}

/* A source's scalar as the file has it; NULL when it has none of that key. */
static const yaml_node *raw_of(
	const yaml_edit *e, const recipe_source *s, const char *name)
{
	const yaml_node *n = yaml_map_get(s->node, name);

	return n && n->kind == YAML_SCALAR ? node_at(yaml_edit_doc(e)->root, n) : NULL;
}

static gboolean is_expression(const yaml_node *n)
{
	return strstr(n->text, "${{") != NULL;
}

static gboolean refuse(
	const recipe *r, const yaml_node *at, const char *why, GError **err)
{
	error_set(err, EXIT_INPUT, "X0347", "%s cannot be raised in place",
		r->package.name);
	error_line(err, "--> %s:%d:%d", r->path, at ? at->line : 1, at ? at->col : 1);
	error_note(err, "%s", why);
	error_help(err, "change the recipe by hand, then run `xorch lock %s`", r->path);
	return FALSE;
}

static char *replaced(const char *text, const char *old, const char *new_text)
{
	g_auto(GStrv) parts = g_strsplit(text, old, -1);

	return g_strjoinv(new_text, parts);
}

/* A literal that holds the version gets the new one; *follows: it will be another text.
 */
static gboolean raise_literal(yaml_edit *e, const recipe *r, const yaml_node *n,
	const char *version, gboolean *follows, GError **err)
{
	if (is_expression(n)) {
		*follows = TRUE;
		return TRUE;
	}
	if (!strstr(n->text, r->package.version))
		return TRUE;
	g_autofree char *text = replaced(n->text, r->package.version, version);
	*follows = TRUE;
	return yaml_edit_set(e, n, text, err);
}

static gboolean raise_git(yaml_edit *e, const recipe *r, const recipe_source *s,
	const recipe_raise *raise, GError **err)
{
	const yaml_node *tag = raw_of(e, s, "tag"), *rev = raw_of(e, s, "rev");
	gboolean follows = FALSE, tagged = s == raise->tagged;

	if (rev) {
		if (tagged && raise->commit)
			return yaml_edit_set(e, rev, raise->commit, err);
		return refuse(r, rev, "which commit the version is, is not known", err);
	}
	if (!tag)
		return TRUE;
	if (tagged && raise->tag && !is_expression(tag))
		return yaml_edit_set(e, tag, raise->tag, err);
	return raise_literal(e, r, tag, raise->version, &follows, err) &&
	       (follows || refuse(r, tag, "its tag does not hold the version", err));
}

static gboolean raise_url(yaml_edit *e, const recipe *r, const recipe_source *s,
	const recipe_raise *raise, gboolean main_source, GError **err)
{
	const yaml_node *n = yaml_map_get(s->node, "url");
	const yaml_node *name = raw_of(e, s, "file_name");
	gboolean follows = FALSE, named = FALSE;

	for (guint i = 0; n && i < (n->kind == YAML_SEQ ? n->items->len : 1); i++) {
		const yaml_node *one =
			n->kind == YAML_SEQ ? g_ptr_array_index(n->items, i) : n;
		const yaml_node *raw = node_at(yaml_edit_doc(e)->root, one);
		if (raw && !raise_literal(e, r, raw, raise->version, &follows, err))
			return FALSE;
	}
	if (name && !raise_literal(e, r, name, raise->version, &named, err))
		return FALSE;
	return follows || !main_source
		       ? TRUE
		       : refuse(r, n, "its URL does not hold the version", err);
}

/* Sources without a version of their own follow the package's. */
static gboolean raise_sources(
	yaml_edit *e, const recipe *r, const recipe_raise *raise, GError **err)
{
	gboolean first = TRUE;

	for (guint i = 0; i < r->sources->len; i++) {
		const recipe_source *s = g_ptr_array_index(r->sources, i);
		if (s->version)
			continue;
		if (s->kind == SOURCE_GIT && !raise_git(e, r, s, raise, err))
			return FALSE;
		if (s->kind == SOURCE_URL && !raise_url(e, r, s, raise, first, err))
			return FALSE;
		first = FALSE;
	}
	return TRUE;
}

char *recipe_raise_text(const recipe *old, const char *text, gsize len,
	const recipe_raise *raise, GError **err)
{
	g_autoptr(yaml_edit) e = yaml_edit_open(old->path, text, len, err);
	/* It is a literal: no expression may stand there. */
	const yaml_node *version =
		e ? yaml_path(yaml_edit_doc(e)->root, "package.version") : NULL;

	if (!e)
		return NULL;
	if (!version || !yaml_edit_set(e, version, raise->version, err) ||
		!raise_sources(e, old, raise, err))
		return NULL;
	return yaml_edit_text(e, err);
}

static gboolean same_urls(const recipe_source *a, const recipe_source *b)
{
	if (!a->urls || !b->urls || a->urls->len != b->urls->len)
		return a->urls == b->urls;
	for (guint i = 0; i < a->urls->len; i++)
		if (!g_str_equal(
			    g_ptr_array_index(a->urls, i), g_ptr_array_index(b->urls, i)))
			return FALSE;
	return TRUE;
}

static gboolean changed(const recipe_source *now, const recipe_source *before)
{
	if (now->version || now->kind != before->kind)
		return FALSE;
	switch (now->kind) {
	case SOURCE_URL:
		return !same_urls(now, before);
	case SOURCE_GIT:
		return g_strcmp0(now->tag, before->tag) != 0;
	default:
		return TRUE;
	}
}

void recipe_raise_forget(recipe *new_recipe, const recipe *old)
{
	for (guint i = 0; i < new_recipe->sources->len && i < old->sources->len; i++) {
		recipe_source *s = g_ptr_array_index(new_recipe->sources, i);
		if (!changed(s, g_ptr_array_index(old->sources, i)))
			continue;
		g_clear_pointer(&s->sha256, g_free);
		g_clear_pointer(&s->h1, g_free);
		g_clear_pointer(&s->expected_commit, g_free);
	}
}

char *recipe_raise_hashes(const recipe *new_recipe, const char *text, gsize len,
	const GPtrArray *locked, GError **err)
{
	g_autoptr(yaml_edit) e = yaml_edit_open(new_recipe->path, text, len, err);

	for (guint i = 0; e && i < new_recipe->sources->len; i++) {
		const recipe_source *s = g_ptr_array_index(new_recipe->sources, i);
		const lock_source *l = g_ptr_array_index(locked, i);
		const struct {
			const char *key, *had, *has;
		} rows[] = {{"sha256", s->sha256, l ? l->file->sha256 : NULL},
			{"h1", s->h1, l ? l->h1 : NULL},
			{"expected_commit", s->expected_commit, l ? l->commit : NULL}};
		for (gsize n = 0; n < G_N_ELEMENTS(rows); n++) {
			const yaml_node *at =
				rows[n].had ? NULL : raw_of(e, s, rows[n].key);
			if (at && rows[n].has && !yaml_edit_set(e, at, rows[n].has, err))
				return NULL;
		}
	}
	return e ? yaml_edit_text(e, err) : NULL;
}
