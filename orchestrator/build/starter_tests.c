#include "base/fs.h"
#include "build/starter_private.h"
#include "format/pep508.h"
#include "format/project_name.h"
#include "plan/recipe_fields.h"
#include <string.h>

#define IMPORTS_MAX 25

/* A module that a recipe takes, and no part of tests. */
static gboolean wanted_import(const char *module)
{
	static const char *const words[] = {
		"test", "tests", "testing", "conftest", "setup", "_build", NULL};
	g_auto(GStrv) parts = g_strsplit(module, ".", -1);

	if (check_import(module))
		return FALSE;
	for (char **p = parts; *p; p++)
		if (g_strv_contains(words, *p) || g_str_has_prefix(*p, "_test") ||
			g_str_has_prefix(*p, "test_") || g_str_has_suffix(*p, "tests"))
			return FALSE;
	return TRUE;
}

/* ---- what a module imports that only an extra of the wheel asks for ---- */

/* Is the file "src/pkg/mod" or "src/pkg/mod/__init__" that of the module "pkg/mod"? */
static gboolean is_file_of(const char *file, const char *path)
{
	g_autofree char *tail = g_strconcat("/", path, NULL);
	g_autofree char *stem = g_strconcat("/", file, NULL);
	char *init = strrchr(stem, '/');

	if (g_str_equal(init, "/__init__"))
		*init = '\0';
	return g_str_has_suffix(stem, tail);
}

static const json_t *imports_of_file(const json_t *facts, const char *path)
{
	const json_t *all = json_get_array(facts, "imports");

	for (gsize i = 0; i < json_array_size(all); i++) {
		const json_t *row = json_array_get(all, i);
		const char *file = json_get_string(row, "module");
		if (file && is_file_of(file, path))
			return json_get_array(row, "names");
	}
	return NULL;
}

/* The names that importing it imports of other projects, or NULL. A module of C has none
 * of its own: those of its packages count. */
static const json_t *imports_of(const json_t *facts, const char *module)
{
	g_autofree char *path = g_strdelimit(g_strdup(module), ".", '/');
	const json_t *found = imports_of_file(facts, path);
	char *slash;

	while (!found && (slash = strrchr(path, '/'))) {
		*slash = '\0';
		found = imports_of_file(facts, path);
	}
	return found;
}

static gboolean is_named(const json_t *names, const char *project)
{
	for (gsize i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		g_autofree char *normal = name ? project_name_normalize(name) : NULL;
		if (normal && g_str_equal(normal, project))
			return TRUE;
	}
	return FALSE;
}

/* Of the wheel's optional requirements those that the module imports: char *, sorted as
 * in the wheel. */
static GPtrArray *needs_of(
	const json_t *facts, const upstream_wheel *up, const char *module)
{
	GPtrArray *found = g_ptr_array_new();
	const json_t *names = up->file ? imports_of(facts, module) : NULL;

	for (guint i = 0; names && i < up->optional->len; i++) {
		char *text = g_ptr_array_index(up->optional, i);
		g_autoptr(pep508_requirement) r = pep508_parse(text, NULL);
		if (r && !check_requirement(text) && is_named(names, r->normalised))
			g_ptr_array_add(found, text);
	}
	return found;
}

static gboolean has_code(const upstream_wheel *up, const char *package)
{
	for (guint i = 0; i < up->extensions->len; i++)
		if (fs_is_below(g_ptr_array_index(up->extensions, i), package))
			return TRUE;
	return FALSE;
}

/* A package without machine code that is there for those who have something else, which
 * an extra brings only in part: what brings the rest cannot be told from its name. */
static gboolean is_add_on(
	const json_t *facts, const upstream_wheel *up, const char *module)
{
	const json_t *names = imports_of(facts, module);

	if (strchr(module, '.') || has_code(up, module))
		return FALSE;
	g_autoptr(GPtrArray) needs = needs_of(facts, up, module);
	for (gsize i = 0; needs->len && i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));
		g_autofree char *project = name ? project_name_normalize(name) : NULL;
		if (project && !g_ptr_array_find_with_equal_func(
				       up->asked, project, g_str_equal, NULL))
			return TRUE;
	}
	return FALSE;
}

static char *joined(const GPtrArray *list)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++)
		g_string_append_printf(
			text, "%s\n", (const char *)g_ptr_array_index(list, i));
	return g_string_free(text, FALSE);
}

/* ---- text ---- */

static void add_list(GString *out, const char *name, const char *why,
	const GPtrArray *list, const char *first)
{
	g_string_append_printf(out, "  %s %s: # guessed: %s\n", first, name, why);
	for (guint i = 0; i < list->len; i++) {
		g_string_append(out, "      - ");
		starter_quote(out, g_ptr_array_index(list, i));
		g_string_append_c(out, '\n');
	}
}

/* A test for each set of what is needed, that of nothing first. */
static void add_imports(GString *out, const json_t *facts, const upstream_wheel *up,
	const GPtrArray *names, const char *why)
{
	g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) needs =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);
	g_autoptr(GPtrArray) groups =
		g_ptr_array_new_with_free_func((GDestroyNotify)g_ptr_array_unref);

	g_ptr_array_add(keys, g_strdup(""));
	g_ptr_array_add(needs, g_ptr_array_new());
	g_ptr_array_add(groups, g_ptr_array_new());
	for (guint i = 0; i < names->len && i < IMPORTS_MAX; i++) {
		g_autoptr(GPtrArray) own = needs_of(facts, up, names->pdata[i]);
		g_autofree char *all = joined(own);
		guint at;
		if (!g_ptr_array_find_with_equal_func(keys, all, g_str_equal, &at)) {
			at = keys->len;
			g_ptr_array_add(keys, g_steal_pointer(&all));
			g_ptr_array_add(needs, g_steal_pointer(&own));
			g_ptr_array_add(groups, g_ptr_array_new());
		}
		g_ptr_array_add(g_ptr_array_index(groups, at), names->pdata[i]);
	}
	for (guint i = 0; i < groups->len; i++) {
		const GPtrArray *group = g_ptr_array_index(groups, i);
		const GPtrArray *wants = g_ptr_array_index(needs, i);
		if (group->len)
			add_list(out, "imports", why, group, "-");
		if (group->len && wants->len)
			add_list(out, "requirements",
				"they import them, and the wheel asks for them with an "
				"extra alone",
				wants, " ");
	}
}

void starter_tests(GString *out, const json_t *facts, const upstream_wheel *up)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const json_t *tops = json_get_array(facts, "tops");

	for (guint i = 0; up->file && i < up->modules->len; i++)
		if (wanted_import(g_ptr_array_index(up->modules, i)) &&
			!is_add_on(facts, up, g_ptr_array_index(up->modules, i)))
			g_ptr_array_add(names, g_ptr_array_index(up->modules, i));
	for (gsize i = 0; !up->file && i < json_array_size(tops); i++) {
		const char *name = json_string_value(json_array_get(tops, i));
		if (name && wanted_import(name))
			g_ptr_array_add(names, (gpointer)name);
	}
	if (names->len) {
		g_string_append(out, "tests:\n");
		add_imports(out, facts, up, names,
			up->file ? "the modules of upstream's wheel"
				 : "the packages of the source");
		return;
	}
	/* A wheel that nothing can be imported of: its programs start. */
	g_autoptr(GPtrArray) commands = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; up->programs && i < up->programs->len && i < IMPORTS_MAX; i++)
		g_ptr_array_add(commands, g_strconcat(g_ptr_array_index(up->programs, i),
						  " --version", NULL));
	if (commands->len) {
		g_string_append(out, "tests:\n");
		add_list(out, "commands", "the programs of upstream's wheel", commands,
			"-");
	}
}
