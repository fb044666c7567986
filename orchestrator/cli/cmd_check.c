#include "base/diag.h"
#include "base/error.h"
#include "build/item.h"
#include "cli/annotations.h"
#include "cli/changed.h"
#include "cli/check_fix.h"
#include "cli/output.h"
#include "cli/report_file.h"
#include "cli/verbs.h"
#include "plan/lock_check.h"
#include "plan/platform.h"
#include "plan/project.h"
#include "plan/recipe.h"
#include <string.h>

#define FIX_ROUNDS 8

/* Mistakes that only show once the expressions have their values. */
static void check_resolved(const recipe *r, diag_list *l)
{
	static const char *const any[] = {"3.9", "3.13", NULL};
	unsigned versions = r->python.versions ? r->python.versions->len : 2;

	for (guint i = 0; i < r->targets->len; i++) {
		const char *target = g_ptr_array_index(r->targets, i);
		const platform *p = platform_by_name(target);
		for (guint j = 0; p && j < versions; j++) {
			const char *python =
				r->python.versions
					? g_ptr_array_index(r->python.versions, j)
					: any[j];
			recipe_vars vars = {.target = target,
				.triple = p->triple,
				.python = r->kind == RECIPE_WHEEL ? python : ""};
			unsigned before = diag_list_errors(l);
			recipe_free(recipe_resolve(r, &vars, l));
			if (diag_list_errors(l) != before)
				return; /* the next combination would say the same */
		}
	}
}

static void check_lock(const recipe *r, diag_list *l)
{
	g_autofree char *path = recipe_lock_path(r->path);
	g_autoptr(recipe_lock) lock = recipe_lock_read(path, l);

	if (lock)
		lock_check_recipe(r, lock, l);
}

static void check_sysroot(const char *path, diag_list *l)
{
	g_autoptr(sysroot_def) def = sysroot_def_read(path, l);

	if (!def)
		return;
	g_autofree char *lock_path = catalog_lock_path(path);
	g_autoptr(package_lock) lock = package_lock_read(lock_path, def->name, l);
	if (lock)
		lock_check_sysroot(def, lock, l);
}

static void check_toolchain(const char *path, diag_list *l)
{
	g_autoptr(toolchain_def) def = toolchain_def_read(path, l);

	if (!def)
		return;
	g_autofree char *lock_path = catalog_lock_path(path);
	g_autoptr(package_lock) lock = package_lock_read(lock_path, def->name, l);
	if (lock)
		lock_check_toolchain(def, lock, platform_by_name("x86_64"), l);
}

static void check_recipe(const char *path, diag_list *l)
{
	g_autoptr(recipe) r = recipe_load(path, l);

	if (!r)
		return;
	if (!g_str_equal(path, "-"))
		check_lock(r, l);
	/* Its warnings have been given; a resolve repeats them. */
	g_autoptr(diag_list) resolved = diag_list_new();
	check_resolved(r, resolved);
	if (diag_list_errors(resolved))
		diag_list_take(l, resolved);
}

/* ---- --changed-since ---- */

/* A recipe that cannot be read is checked in any case: the check says why. */
static void ask_about(changed_since *c, const char *path, GPtrArray *sources)
{
	if (definition_kind_of(path) != DEFINITION_RECIPE) {
		changed_since_definition(c, path);
		return;
	}
	g_autoptr(diag_list) problems = diag_list_new();
	item_source *s = item_source_load(path, problems, NULL);
	if (s)
		g_ptr_array_add(sources, s);
	else
		changed_since_unreadable(c, path);
}

/* Leaves the changed ones in `files`. */
static gboolean keep_changed(
	const options *o, GPtrArray *files, changed_since **out, GError **err)
{
	g_autoptr(GPtrArray) sources =
		g_ptr_array_new_with_free_func((GDestroyNotify)item_source_free);
	changed_since *c =
		changed_since_new(o, files->len ? g_ptr_array_index(files, 0) : ".", err);
	guint asked = files->len;

	*out = c;
	for (guint i = 0; c && i < files->len; i++)
		ask_about(c, g_ptr_array_index(files, i), sources);
	if (!c)
		return FALSE;
	changed_since_recipes(c, sources);
	if (!changed_since_ask(c, err))
		return FALSE;
	for (guint i = 0; i < files->len;)
		if (changed_since_reasons(c, g_ptr_array_index(files, i)))
			i++;
		else
			g_ptr_array_remove_index(files, i);
	changed_since_tell(c, o, files, asked, "files");
	return TRUE;
}

static json_t *changed_json(const changed_since *c, const GPtrArray *files)
{
	json_t *all = json_object();

	for (guint i = 0; i < files->len; i++) {
		const char *path = g_ptr_array_index(files, i);
		g_autofree char *valid = g_utf8_make_valid(path, -1);
		json_object_set_new(
			all, valid, json_texts(changed_since_reasons(c, path)));
	}
	return all;
}

static void tell_fixed(const GPtrArray *fixed)
{
	for (guint i = 0; i < fixed->len; i++)
		output_note("%s", (char *)g_ptr_array_index(fixed, i));
}

static void report_json(diag_list *l, const GPtrArray *files, const changed_since *c,
	const GPtrArray *fixed, int exit_code)
{
	const GPtrArray *all = diag_list_sorted(l);
	json_t *diags = json_array();

	for (guint i = 0; i < all->len; i++)
		json_array_append_new(diags, output_diag_json(g_ptr_array_index(all, i)));
	json_t *root = json_pack("{s:i, s:i, s:o, s:o}", "v", 1, "exit", exit_code,
		"files", json_texts(files), "diagnostics", diags);
	if (c && files)
		json_object_set_new(root, "changed", changed_json(c, files));
	if (fixed)
		json_object_set_new(root, "fixed", json_texts(fixed));
	output_json(root);
}

static void check_file(const char *path, diag_list *l)
{
	switch (definition_kind_of(path)) {
	case DEFINITION_SYSROOT:
		check_sysroot(path, l);
		break;
	case DEFINITION_TOOLCHAIN:
		check_toolchain(path, l);
		break;
	case DEFINITION_PROJECT:
		project_free(project_load(path, TRUE, l));
		break;
	case DEFINITION_RECIPE:
		check_recipe(path, l);
	}
}

static char *counted(unsigned n, const char *what)
{
	return g_strdup_printf("%u %s%s", n, what, n == 1 ? "" : "s");
}

static void summary(const diag_list *l, const GPtrArray *files)
{
	g_autofree char *recipes = counted(files ? files->len : 0, "file");
	g_autofree char *errors = counted(diag_list_errors(l), "error");
	g_autofree char *warnings = counted(diag_list_warnings(l), "warning");

	if (diag_list_errors(l) || diag_list_warnings(l))
		output_people("\n");
	output_note("%s checked: %s, %s", recipes, errors, warnings);
}

/* GitHub reads them from either stream. */
static void annotate(diag_list *l)
{
	g_autofree char *text = annotations_text(l);

	if (*text)
		output_commands(text);
}

/* What counts for all recipes is checked with any of them. */
static void add_project(GPtrArray *files)
{
	g_autofree char *path = project_file();
	g_autofree char *cwd = g_get_current_dir();
	g_autofree char *here = g_build_filename(cwd, PROJECT_FILE, NULL);

	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return;
	for (guint i = 0; i < files->len; i++) {
		g_autofree char *other =
			g_canonicalize_filename(g_ptr_array_index(files, i), NULL);
		if (g_str_equal(other, path))
			return;
	}
	g_ptr_array_insert(
		files, 0, g_strdup(g_str_equal(path, here) ? PROJECT_FILE : path));
}

/* With --fix, until nothing is left that can be mended: a key put right brings up what
 * stands below it. FALSE when the file could not be written. */
static gboolean check_and_fix(
	const options *o, const char *path, diag_list *l, GPtrArray *fixed, GError **err)
{
	for (int rounds = 0;; rounds++) {
		g_autoptr(diag_list) found = diag_list_new();
		guint before = fixed->len;
		check_file(path, found);
		if (o->fix && rounds < FIX_ROUNDS && !check_fix(path, found, fixed, err))
			return FALSE;
		if (fixed->len > before)
			continue;
		diag_list_take(l, found);
		return TRUE;
	}
}

static int check_all(const options *o, GPtrArray *files, diag_list *l, GError **err)
{
	g_autoptr(changed_since) changed = NULL;
	g_autoptr(GPtrArray) fixed = g_ptr_array_new_with_free_func(g_free);

	if (files && o->changed_since && !keep_changed(o, files, &changed, err))
		return EXIT_INPUT;
	for (guint i = 0; files && i < files->len; i++)
		if (!check_and_fix(o, g_ptr_array_index(files, i), l, fixed, err))
			return EXIT_HOST;
	if (!report_files_of_diags(l, files, o, err))
		return EXIT_HOST;
	gboolean bad = diag_list_errors(l) || (o->strict && diag_list_warnings(l));
	if (!o->quiet)
		tell_fixed(fixed);
	output_diags(l);
	if (output_on_github())
		annotate(l);
	if (!o->quiet)
		summary(l, files);
	if (o->json)
		report_json(l, files, changed, o->fix ? fixed : NULL,
			bad ? EXIT_INPUT : EXIT_DONE);
	return bad ? EXIT_INPUT : EXIT_DONE;
}

int cmd_check(const options *o, char **args, GError **err)
{
	static const char *const here[] = {".", NULL};
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(GPtrArray) files =
		definition_find(*args ? (const char *const *)args : here, l);
	/* One that is wrong is among the files. */
	g_autoptr(project) p = project_load_all(o->config, NULL);
	options mine = *o;

	if (!report_files_check(o, err))
		return EXIT_INPUT;
	mine.project = p;
	if (files)
		add_project(files);
	return check_all(&mine, files, l, err);
}
