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

/* What a recipe of this kind has no use for; `what` as it is written. */
static diag *no_meaning(
	const recipe *r, diag_list *l, const yaml_node *at, const char *what)
{
	const yaml_node *kind = yaml_map_get(r->doc->root, "kind");
	diag *d = yaml_error(r->doc, l, at, "X0224",
		"`%s` has no meaning for a recipe of kind %s", what, kind->text);

	diag_second(d, kind->line, kind->col, yaml_span(r->doc, kind), "of this kind");
	return d;
}

/* A whole map that means nothing for this kind of recipe. */
static void not_for_kind(const recipe *r, diag_list *l, const char *name)
{
	const yaml_node *k = yaml_map_key(r->doc->root, name);

	if (k)
		no_meaning(r, l, k, name);
}

#define BY_GO "the go command builds it, and reads nothing of this"
#define FOR_BACKEND "this is for the PEP 517 backend of a wheel"

/* Keys of maps that all kinds have, which no builder of that kind reads. */
static const struct {
	recipe_kind kind;
	const char *map, *key, *why, *help;
} unread[] = {
	{RECIPE_GO_BINARY, "build", "script", BY_GO,
		"what has to be done before can be a patch of the source (`patches`)"},
	{RECIPE_GO_BINARY, "build", "options", BY_GO,
		"it is told by go.package, go.tags, go.ldflags and GOFLAGS in build.env"},
	{RECIPE_GO_BINARY, "build", "config_settings", FOR_BACKEND,
		"the go command is told by go.tags, go.ldflags and GOFLAGS in build.env"},
	{RECIPE_GO_BINARY, "requirements", "build", FOR_BACKEND,
		"Go modules come by go.mod; requirements.tools names programs of this "
		"machine"},
	{RECIPE_GO_BINARY, "toolchain", "rust", "crates are compiled for wheels alone",
		"leave it out"},
	{RECIPE_WHEEL, "build", "options",
		"these are arguments of a library's configure, cmake, meson or Configure",
		"settings of a wheel's backend are build.config_settings"},
	{RECIPE_LIBRARY, "build", "config_settings", FOR_BACKEND,
		"arguments of configure, cmake, meson or Configure are build.options"},
	{RECIPE_LIBRARY, "requirements", "build", FOR_BACKEND,
		"requirements.tools names programs of this machine, requirements.host "
		"libraries"},
	{RECIPE_LIBRARY, "toolchain", "rust", "crates are compiled for wheels alone",
		"leave it out"},
};

static void check_unread(const recipe *r, diag_list *l)
{
	for (gsize i = 0; i < G_N_ELEMENTS(unread); i++) {
		const yaml_node *map = yaml_map_get(r->doc->root, unread[i].map);
		const yaml_node *k = yaml_map_key(map, unread[i].key);
		if (!k || (int)unread[i].kind != r->kind)
			continue;
		g_autofree char *path =
			g_strdup_printf("%s.%s", unread[i].map, unread[i].key);
		diag *d = no_meaning(r, l, k, path);
		diag_note(d, "%s", unread[i].why);
		diag_help(d, "%s", unread[i].help);
	}
}

/* The go command of a recipe that is no Go program downloads modules, no more. */
static void check_go_unused(const recipe *r, diag_list *l)
{
	const yaml_node *toolchain = yaml_map_get(r->doc->root, "toolchain");
	const yaml_node *k = yaml_map_key(toolchain, "go");
	gboolean modules = r->kind == RECIPE_GO_BINARY;

	for (guint i = 0; r->sources && i < r->sources->len; i++) {
		const recipe_source *s = g_ptr_array_index(r->sources, i);
		modules = modules || s->kind == SOURCE_GOMOD;
	}
	if (!k || modules)
		return;
	diag *d = no_meaning(r, l, k, "toolchain.go");
	diag_note(d, "none of its sources is a Go module (gomod)");
	diag_help(d, "leave it out");
}

/* A library's build systems are no backends of wheels, and the other way round; a Go
 * program has none. */
static void check_backend(const recipe *r, diag_list *l)
{
	const yaml_node *build = yaml_map_get(r->doc->root, "build");
	const yaml_node *n = yaml_map_get(build, "backend");
	gboolean library = r->build.backend >= BACKEND_AUTOTOOLS;
	gboolean wheel = !library && r->build.backend != BACKEND_SCRIPT;
	diag *d;

	if (!n || r->build.backend == BACKEND_AUTO)
		return;
	if (r->kind == RECIPE_GO_BINARY) {
		d = no_meaning(r, l, yaml_map_key(build, "backend"), "build.backend");
		diag_note(d, BY_GO);
		diag_help(d, "leave it out");
		return;
	}
	if (!(r->kind == RECIPE_WHEEL ? library : wheel))
		return;
	g_autofree char *what = g_strdup_printf("backend: %s", n->text);
	d = no_meaning(r, l, n, what);
	if (r->kind == RECIPE_WHEEL) {
		diag_note(d, "that is the build system of a library");
		diag_help(d, "leave it out: the project's pyproject.toml names the "
			     "backend; or name commands in build.script");
	} else {
		diag_note(d, FOR_BACKEND);
		diag_help(d, "leave it out where the source shows what it is built by, "
			     "else name one of autotools, cmake, meson, openssl, script");
	}
}

static void check_kind(const recipe *r, diag_list *l)
{
	const yaml_node *kind = yaml_map_get(r->doc->root, "kind");

	if (!kind || kind->kind != YAML_SCALAR)
		return;
	if (r->kind == RECIPE_GO_BINARY) {
		not_for_kind(r, l, "python");
		not_for_kind(r, l, "wheel");
		not_for_kind(r, l, "library");
		not_for_kind(r, l, "cargo");
	} else if (r->kind == RECIPE_LIBRARY) {
		not_for_kind(r, l, "python");
		not_for_kind(r, l, "wheel");
		not_for_kind(r, l, "go");
		not_for_kind(r, l, "cargo");
	} else if (g_str_equal(kind->text, "wheel")) {
		not_for_kind(r, l, "go");
		not_for_kind(r, l, "library");
	} else {
		return;
	}
	check_unread(r, l);
	check_go_unused(r, l);
	check_backend(r, l);
}

static void check_build(const recipe *r, diag_list *l)
{
	const yaml_node *build = yaml_map_get(r->doc->root, "build");
	gboolean script = yaml_map_get(build, "script") != NULL;
	diag *d;

	if (r->kind == RECIPE_GO_BINARY) {
		/* has neither: check_kind */
	} else if (r->build.backend == BACKEND_SCRIPT && !script) {
		d = key_error(r, l, build, "backend", "X0224", "the script is missing");
		diag_help(d, "backend: script wants a list of commands in build.script");
	} else if (script && r->build.backend != BACKEND_SCRIPT &&
		   r->build.backend != BACKEND_AUTO) {
		d = key_error(r, l, build, "script", "X0224",
			"a script takes the place of the backend");
		diag_help(d, "remove build.backend or build.script");
	} else if (script && r->kind == RECIPE_LIBRARY &&
		   yaml_map_get(build, "options")) {
		d = key_error(r, l, build, "options", "X0224",
			"a script takes the place of what these are arguments of");
		diag_help(d, "write them in the commands of build.script");
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
