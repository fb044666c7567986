#include "plan/recipe_check.h"
#include "base/words.h"
#include "plan/recipe_fields.h"
#include <string.h>

static const char *const kind_keys[] = {"pypi", "url", "git", "gomod", "path", "debsrc"};

static diag *key_error(const recipe *r, diag_list *l, const yaml_node *map,
	const char *name, const char *code, const char *text)
{
	const yaml_node *at = yaml_map_key(map, name);

	return yaml_error(r->doc, l, at ? at : map, code, "%s", text);
}

/* Which of the six it is; FALSE after a report. */
static gboolean source_kind_of(const recipe *r, recipe_source *s, diag_list *l)
{
	const char *first = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(kind_keys); i++) {
		const yaml_node *k = yaml_map_key(s->node, kind_keys[i]);
		if (!k)
			continue;
		if (first) {
			const yaml_node *f = yaml_map_key(s->node, first);
			diag *d = yaml_error(r->doc, l, k, "X0223",
				"a source is one thing: `%s` or `%s`", first,
				kind_keys[i]);
			diag_second(
				d, f->line, f->col, yaml_span(r->doc, f), "given here");
			diag_help(d, "for two sources write a list");
			return FALSE;
		}
		first = kind_keys[i];
		s->kind = (source_kind)i;
	}
	if (first)
		return TRUE;
	diag *d = yaml_error(r->doc, l, s->node, "X0223",
		"the source does not say where it comes from");
	diag_help(d, "give one of: pypi, url, git, gomod, path, debsrc");
	return FALSE;
}

static void source_keys_fit(const recipe *r, const recipe_source *s, diag_list *l)
{
	const yaml_node *n = s->node;

	for (guint i = 0; i < n->keys->len; i++) {
		const yaml_node *k = g_ptr_array_index(n->keys, i);
		if (words_have(source_keys[s->kind], k->text))
			continue;
		gboolean exists = FALSE;
		for (guint j = 0; j < G_N_ELEMENTS(source_keys); j++)
			exists = exists || words_have(source_keys[j], k->text);
		if (!exists)
			continue; /* unknown altogether: the binder has said it */
		diag *d = yaml_error(r->doc, l, k, "X0223",
			"`%s` has no meaning for a source from %s", k->text,
			kind_keys[s->kind]);
		g_auto(GStrv) keys = g_strsplit(source_keys[s->kind], " ", -1);
		g_autofree char *all = g_strjoinv(", ", keys);
		diag_note(d, "keys of such a source: %s", all);
	}
}

static void source_git(const recipe *r, const recipe_source *s, diag_list *l)
{
	const yaml_node *n = s->node;
	diag *d = NULL;

	if (yaml_map_get(n, "rev") && yaml_map_get(n, "tag"))
		d = key_error(
			r, l, n, "tag", "X0223", "`rev` and `tag` exclude each other");
	else if (!yaml_map_get(n, "rev") && !yaml_map_get(n, "tag"))
		d = key_error(r, l, n, "git", "X0223", "the source names no commit");
	else if (yaml_map_get(n, "rev") && yaml_map_get(n, "expected_commit"))
		d = key_error(r, l, n, "expected_commit", "X0223",
			"`expected_commit` belongs to `tag`; `rev` is the commit itself");
	if (d)
		diag_help(
			d, "give rev: COMMIT, or tag: NAME with expected_commit: COMMIT");
}

static void check_sources(recipe *r, diag_list *l)
{
	for (guint i = 0; r->sources && i < r->sources->len; i++) {
		recipe_source *s = g_ptr_array_index(r->sources, i);
		if (!s->node || !source_kind_of(r, s, l))
			continue;
		source_keys_fit(r, s, l);
		if (s->kind == SOURCE_GIT)
			source_git(r, s, l);
	}
	if (r->sources && r->sources->len > 50)
		yaml_error(r->doc, l, yaml_map_get(r->doc->root, "source"), "X0213",
			"a recipe may have 50 sources");
}

/* A whole map that means nothing for this kind of recipe. */
static void not_for_kind(
	const recipe *r, diag_list *l, const char *name, const char *kind)
{
	const yaml_node *k = yaml_map_key(r->doc->root, name);

	if (!k)
		return;
	diag *d = yaml_error(r->doc, l, k, "X0224",
		"`%s` has no meaning for a recipe of kind %s", name, kind);
	const yaml_node *kind_node = yaml_map_get(r->doc->root, "kind");
	diag_second(d, kind_node->line, kind_node->col, yaml_span(r->doc, kind_node),
		"of this kind");
}

static void check_kind(const recipe *r, diag_list *l)
{
	const yaml_node *kind = yaml_map_get(r->doc->root, "kind");

	if (!kind || kind->kind != YAML_SCALAR)
		return;
	if (r->kind == RECIPE_GO_BINARY) {
		not_for_kind(r, l, "python", "go-binary");
		not_for_kind(r, l, "wheel", "go-binary");
		not_for_kind(r, l, "library", "go-binary");
		not_for_kind(r, l, "cargo", "go-binary");
	} else if (r->kind == RECIPE_LIBRARY) {
		not_for_kind(r, l, "python", "library");
		not_for_kind(r, l, "wheel", "library");
		not_for_kind(r, l, "go", "library");
	} else if (g_str_equal(kind->text, "wheel")) {
		not_for_kind(r, l, "go", "wheel");
		not_for_kind(r, l, "library", "wheel");
	}
}

static void check_build(const recipe *r, diag_list *l)
{
	const yaml_node *build = yaml_map_get(r->doc->root, "build");
	gboolean script = yaml_map_get(build, "script") != NULL;
	diag *d;

	if (r->build.backend == BACKEND_SCRIPT && !script) {
		d = key_error(r, l, build, "backend", "X0224", "the script is missing");
		diag_help(d, "backend: script wants a list of commands in build.script");
	} else if (script && r->build.backend != BACKEND_SCRIPT &&
		   r->build.backend != BACKEND_AUTO) {
		d = key_error(r, l, build, "script", "X0224",
			"a script takes the place of the backend");
		diag_help(d, "remove build.backend or build.script");
	}
	if (r->build.network) {
		d = yaml_warning(r->doc, l, yaml_map_key(build, "network"), "X0225",
			"this build may use the network");
		diag_note(d,
			"what it fetches is neither locked nor verified, and two builds "
			"may differ");
	}
}

/* What says which recipe this is holds no expression, so nobody would replace one. */
static void check_settled(const recipe *r, diag_list *l)
{
	static const char *const paths[] = {
		"schema_version", "kind", "package.name", "package.version"};

	for (guint i = 0; i < G_N_ELEMENTS(paths); i++) {
		const yaml_node *n = yaml_path(r->doc->root, paths[i]);
		if (!n || n->kind != YAML_SCALAR || !strstr(n->text, "${{"))
			continue;
		diag *d = yaml_error(
			r->doc, l, n, "X0213", "`%s` is not allowed here", n->text);
		diag_label(d, "no expression here: it says which recipe this is");
	}
}

void recipe_check(recipe *r, diag_list *l)
{
	check_settled(r, l);
	check_sources(r, l);
	check_kind(r, l);
	check_build(r, l);
}

void recipe_check_conditions(const recipe *r, template_scope *scope)
{
	for (guint i = 0; r->sources && i < r->sources->len; i++) {
		const recipe_source *s = g_ptr_array_index(r->sources, i);
		if (s->condition)
			template_condition(scope, yaml_map_get(s->node, "if"));
	}
	for (guint i = 0; r->build.skip && i < r->build.skip->len; i++) {
		const recipe_skip *s = g_ptr_array_index(r->build.skip, i);
		if (s->condition)
			template_condition(scope, yaml_map_get(s->node, "if"));
	}
}
