#include "plan/recipe.h"
#include "plan/recipe_check.h"
#include "plan/recipe_fields.h"
#include "plan/template.h"
#include "format/project_name.h"
#include <string.h>

#define SCHEMA_VERSION 1

void recipe_free(recipe *r)
{
	if (!r)
		return;
	yaml_bind_clear(&recipe_binding, r);
	g_free(r->path);
	g_free(r->dir);
	g_free(r->normalized);
	g_free(r->skip_reason);
	yaml_node_free(r->tree);
	yaml_doc_free(r->doc);
	g_free(r);
}

const char *manylinux_floor(const GPtrArray *list, const char *target)
{
	for (guint i = 0; list && i < list->len; i++) {
		const bind_pair *p = g_ptr_array_index(list, i);
		if (!*p->name || g_str_equal(p->name, target))
			return p->value;
	}
	return NULL;
}

const char *recipe_floor(const recipe *r, const char *target)
{
	const char *own = manylinux_floor(r->toolchain.manylinux, target);

	return own ? own : RECIPE_FLOOR_DEFAULT;
}

const char *recipe_source_version(const recipe *r, const recipe_source *s)
{
	return s->version ? s->version : r->package.version;
}

gboolean recipe_has_source(const recipe *r, source_kind kind)
{
	for (guint n = 0; r->sources && n < r->sources->len; n++) {
		const recipe_source *s = g_ptr_array_index(r->sources, n);
		if (s->kind == kind)
			return TRUE;
	}
	return FALSE;
}

char *recipe_source_place(const recipe *r, const recipe_source *s)
{
	return g_strdup_printf("%s:%d:%d", r->path, s->node->line, s->node->col);
}

static void set_defaults(recipe *r)
{
	if (!r->targets) {
		r->targets = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(r->targets, g_strdup("aarch64"));
		g_ptr_array_add(r->targets, g_strdup("armv7"));
	}
	r->normalized = project_name_normalize(r->package.name ? r->package.name : "");
	for (guint i = 0; r->sources && i < r->sources->len; i++) {
		recipe_source *s = g_ptr_array_index(r->sources, i);
		for (char *p = s->sha256; p && *p; p++)
			*p = g_ascii_tolower(*p);
	}
}

static const char *scalar_text(const yaml_node *root, const char *path)
{
	const yaml_node *n = yaml_path(root, path);

	return n && n->kind == YAML_SCALAR ? n->text : NULL;
}

enum { NAMES = 8 };

/* Names every expression may use; a NULL value is open. */
static void builtin_names(
	template_name names[NAMES], const yaml_node *root, const recipe_vars *v)
{
	const template_name all[NAMES] = {{"name", scalar_text(root, "package.name")},
		{"version", scalar_text(root, "package.version")}, {"target", v->target},
		{"triple", v->triple}, {"python", v->python},
		{"host.sysroot", v->host_sysroot},
		{"host.pkg_config_wrapper", v->host_pkg_config}, {0}};

	memcpy(names, all, sizeof all);
}

static const yaml_node *context_of(const yaml_node *root)
{
	const yaml_node *context = yaml_map_get(root, "context");

	return context && context->kind == YAML_MAP ? context : NULL;
}

/* Top-level keys without expressions: they say what the recipe is. */
#define RAW "schema_version package kind extra"

static gboolean schema_fits(const yaml_doc *doc, diag_list *l)
{
	const yaml_node *n = yaml_map_get(doc->root, "schema_version");
	gint64 version;

	if (!n || n->kind != YAML_SCALAR ||
		!g_ascii_string_to_signed(
			n->text, 10, G_MININT64, G_MAXINT64, &version, NULL))
		return TRUE; /* the binder says it */
	if (version == SCHEMA_VERSION)
		return TRUE;
	diag *d = yaml_error(doc, l, n, "X0226",
		"schema_version %s is not known to xorch %s", n->text, XORCH_VERSION);
	diag_label(d, "wants %d", SCHEMA_VERSION);
	if (version > SCHEMA_VERSION)
		diag_help(d, "this recipe was written for a newer xorch");
	return FALSE;
}

static void lint_version(const recipe *r, diag_list *l)
{
	const yaml_node *n = yaml_path(r->doc->root, "package.version");
	char *end;

	if (!n || n->kind != YAML_SCALAR || n->quoted || !*n->text)
		return;
	g_ascii_strtod(n->text, &end);
	if (*end)
		return;
	diag *d = yaml_warning(r->doc, l, n, "X0218", "this version is not in quotes");
	diag_label(d, "write \"%s\"", n->text);
	diag_fix(d, n->text, n->text);
	diag_note(d, "xorch reads %s, other YAML readers a number (1.10 becomes 1.1)",
		n->text);
}

/* Takes doc. NULL when an error was added. */
static recipe *load(yaml_doc *doc, const char *path, const char *dir, diag_list *l)
{
	g_autoptr(recipe) r = g_new0(recipe, 1);
	unsigned before = diag_list_errors(l);
	template_name names[NAMES];
	g_auto(template_scope) scope = {0};

	if (!schema_fits(doc, l)) {
		yaml_doc_free(doc);
		return NULL;
	}
	builtin_names(names, doc->root, &(recipe_vars){0});
	template_scope_init(&scope, doc, l, names, context_of(doc->root));
	scope.lint = TRUE;
	g_autoptr(yaml_node) tree = template_expand(&scope, doc->root, RAW);
	yaml_bind(&(binder){doc, l, TRUE}, tree, &recipe_binding, r);
	r->path = g_strdup(path);
	r->dir = g_strdup(dir);
	r->doc = doc;
	r->tree = g_steal_pointer(&tree);
	set_defaults(r);
	lint_version(r, l);
	recipe_check(r, l);
	recipe_check_conditions(r, &scope);
	recipe_check_files(r, l);
	return diag_list_errors(l) == before ? g_steal_pointer(&r) : NULL;
}

recipe *recipe_parse(
	const char *file, const char *dir, const char *text, gsize len, diag_list *l)
{
	unsigned before = diag_list_errors(l);
	yaml_doc *doc = yaml_parse(file, text, len, l);

	if (!doc)
		return NULL;
	g_autoptr(recipe) r = load(doc, file, dir, l);
	return diag_list_errors(l) == before ? g_steal_pointer(&r) : NULL;
}

recipe *recipe_load(const char *path, diag_list *l)
{
	unsigned before = diag_list_errors(l);
	yaml_doc *doc = yaml_load(path, l);
	g_autofree char *dir = g_path_get_dirname(path); /* "." for "-" */

	if (!doc)
		return NULL;
	g_autoptr(recipe) r = load(doc, diag_source_file(doc->source), dir, l);
	return diag_list_errors(l) == before ? g_steal_pointer(&r) : NULL;
}

static void source_drop(GPtrArray *sources, guint i)
{
	/* Its strings belong to the binding: let the binding free them. */
	GPtrArray *one = g_ptr_array_new();
	recipe holder = {.sources = one};

	g_ptr_array_add(one, g_ptr_array_remove_index(sources, i));
	yaml_bind_clear(&recipe_binding, &holder);
}

static void choose_sources(recipe *r, template_scope *scope)
{
	for (guint i = 0; r->sources && i < r->sources->len;) {
		recipe_source *s = g_ptr_array_index(r->sources, i);
		if (s->condition &&
			template_condition(scope, yaml_map_get(s->node, "if")) ==
				EXPRESSION_FALSE)
			source_drop(r->sources, i);
		else
			i++;
	}
}

static void choose_skip(recipe *r, template_scope *scope)
{
	for (guint i = 0; r->build.skip && i < r->build.skip->len; i++) {
		const recipe_skip *s = g_ptr_array_index(r->build.skip, i);
		if (s->condition &&
			template_condition(scope, yaml_map_get(s->node, "if")) ==
				EXPRESSION_TRUE) {
			r->skip_reason = g_strdup(s->reason);
			return;
		}
	}
}

recipe *recipe_resolve(const recipe *from, const recipe_vars *v, diag_list *l)
{
	g_autoptr(recipe) r = g_new0(recipe, 1);
	unsigned before = diag_list_errors(l);
	template_name names[NAMES];
	g_auto(template_scope) scope = {0};
	gboolean open = !v->target || !v->triple || !v->python || !v->host_sysroot ||
			!v->host_pkg_config;

	builtin_names(names, from->doc->root, v);
	template_scope_init(&scope, from->doc, l, names, context_of(from->doc->root));
	yaml_doc *doc = g_new0(yaml_doc, 1);
	doc->source = diag_source_ref(from->doc->source);
	doc->root = template_expand(&scope, from->doc->root, RAW);
	yaml_bind(&(binder){doc, l, open}, doc->root, &recipe_binding, r);
	r->doc = doc;
	r->path = g_strdup(from->path);
	r->dir = g_strdup(from->dir);
	set_defaults(r);
	recipe_check(r, l);
	choose_sources(r, &scope);
	choose_skip(r, &scope);
	if (!r->skip_reason && r->sources && !r->sources->len)
		yaml_error(r->doc, l, yaml_map_get(r->doc->root, "source"), "X0223",
			"no source is left for %s",
			v->target ? v->target : "this target");
	return diag_list_errors(l) == before ? g_steal_pointer(&r) : NULL;
}

char *recipe_program_name(const recipe *r, const recipe_vars *v)
{
	const char *said = r->go.output ? r->go.output : r->package.name;

	if (!v || !strstr(said, "${{"))
		return g_path_get_basename(said);
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(recipe) own = recipe_resolve(r, v, l);
	return g_path_get_basename(own ? own->go.output : said);
}

/* Paths that choose what is built but change nothing in it. */
static gboolean is_choice(const char *path)
{
	static const char *const left_out[] = {"about", "update", "extra", "tests",
		"targets", "context", "schema_version", "python.versions", "build.skip",
		"build.timeout", "build.silent_timeout", "build.memory", "build.jobs",
		"build.exclusive", NULL};

	for (int i = 0; left_out[i]; i++) {
		size_t len = strlen(left_out[i]);
		if (strncmp(path, left_out[i], len) == 0 &&
			(!path[len] || path[len] == '.' || path[len] == '['))
			return TRUE;
	}
	return FALSE;
}

static void add_node(const yaml_node *n, const char *path, key *k)
{
	if (is_choice(path))
		return;
	if (n->kind == YAML_SCALAR) {
		g_autofree char *name = g_strconcat("recipe ", path, NULL);
		key_add(k, name, n->text);
		return;
	}
	const GPtrArray *parts = n->kind == YAML_SEQ ? n->items : n->values;
	for (guint i = 0; i < parts->len; i++) {
		g_autofree char *below =
			n->kind == YAML_SEQ
				? g_strdup_printf("%s[%u]", path, i)
				: g_strdup_printf("%s%s%s", path, *path ? "." : "",
					  ((yaml_node *)g_ptr_array_index(n->keys, i))
						  ->text);
		add_node(g_ptr_array_index(parts, i), below, k);
	}
}

/* Outermost keys by the table, so that formatting a recipe builds nothing anew; those
 * below by the file's own order: two recipes that differ in it are different recipes,
 * which costs a rebuild and hides nothing. */
void recipe_add_to_key(const recipe *r, key *k)
{
	const yaml_node *root = r->tree ? r->tree : r->doc->root;

	for (const bind_field *f = recipe_binding.fields; f->key; f++) {
		const yaml_node *n = yaml_map_get(root, f->key);
		if (n)
			add_node(n, f->key, k);
	}
}

void recipe_set_env(recipe *r, const char *name, const char *value)
{
	bind_pair_set(&r->build.env, name, value);
}
