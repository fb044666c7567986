#include "base/error.h"
#include "build/item.h"
#include "build/python_select.h"
#include "build/verify.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "format/elf.h"
#include "format/pep440.h"
#include "format/project_name.h"
#include "ship/binary.h"
#include <stdio.h>
#include <string.h>

#define RECIPES_DEFAULT "recipes"
#define OUT_DEFAULT "dist"

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean is_artefact(const char *path)
{
	char head[64];
	FILE *f;

	if (g_str_has_suffix(path, ".whl"))
		return TRUE;
	if (!g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) || !(f = fopen(path, "re")))
		return FALSE;
	size_t n = fread(head, 1, sizeof head, f);
	fclose(f);
	return elf_magic(head, n);
}

/* Files as they are; of a folder its wheels and programs. */
static gboolean collect(const options *o, char **args, GPtrArray *files, GError **err)
{
	const char *fallback[] = {o->out ? o->out : OUT_DEFAULT, NULL};
	const char *const *at = args[0] ? (const char *const *)args : fallback;

	for (; *at; at++) {
		const char *name;
		if (!g_file_test(*at, G_FILE_TEST_IS_DIR)) {
			g_ptr_array_add(files, g_strdup(*at));
			continue;
		}
		g_autoptr(GDir) dir = g_dir_open(*at, 0, NULL);
		g_autoptr(GPtrArray) found = g_ptr_array_new();
		while (dir && (name = g_dir_read_name(dir))) {
			char *path = g_build_filename(*at, name, NULL);
			if (name[0] != '.' && g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
				is_artefact(path))
				g_ptr_array_add(found, path);
			else
				g_free(path);
		}
		g_ptr_array_sort(found, by_text);
		for (guint i = 0; i < found->len; i++)
			g_ptr_array_add(files, found->pdata[i]);
	}
	if (files->len)
		return TRUE;
	error_set(
		err, EXIT_NOTHING, "X0960", "there is no wheel and no program in there");
	return FALSE;
}

/* ---- which recipe ---- */

/* All of --recipe or recipes/, loaded; mistakes are shown. */
static GPtrArray *load_recipes(const options *o, int *code)
{
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(GPtrArray) all =
		g_ptr_array_new_with_free_func((GDestroyNotify)recipe_free);
	const char *paths[] = {o->recipe ? o->recipe : RECIPES_DEFAULT, NULL};

	if (!o->recipe && !g_file_test(RECIPES_DEFAULT, G_FILE_TEST_IS_DIR))
		return g_steal_pointer(&all);
	g_autoptr(GPtrArray) files = recipe_find(paths, l);
	for (guint i = 0; files && i < files->len; i++) {
		recipe *r = recipe_load(g_ptr_array_index(files, i), l);
		if (r)
			g_ptr_array_add(all, r);
	}
	if (!diag_list_errors(l))
		return g_steal_pointer(&all);
	output_diags(l);
	*code = EXIT_INPUT;
	return NULL;
}

/* 1.0+g0123… of --snapshot is of the recipe of 1.0. */
static gboolean is_snapshot(const char *version, const recipe *r)
{
	const char *label = strstr(version, "+g");
	g_autofree char *plain =
		label ? g_strndup(version, (gsize)(label - version)) : NULL;

	return plain && pep440_equal(plain, r->package.version);
}

static gboolean is_of(const recipe *r, const char *file)
{
	g_autofree char *base = g_path_get_basename(file);
	g_autoptr(wheel_name) name =
		g_str_has_suffix(base, ".whl") ? wheel_name_parse(base, NULL) : NULL;

	if (name) {
		g_autofree char *normal = project_name_normalize(name->name);
		return r->kind == RECIPE_WHEEL && g_str_equal(normal, r->normalized) &&
		       (pep440_equal(name->version, r->package.version) ||
			       is_snapshot(name->version, r));
	}
	const platform *p = binary_name_platform(base);
	recipe_vars vars = {.target = p ? p->name : NULL,
		.triple = p ? p->triple : NULL,
		.python = ""};
	g_autofree char *program = recipe_program_name(r, &vars);
	return r->kind != RECIPE_WHEEL &&
	       binary_name_is(base, program, r->package.version);
}

static const recipe *recipe_of(const options *o, const GPtrArray *all, const char *file)
{
	if (o->recipe && all->len == 1)
		return g_ptr_array_index(all, 0);
	for (guint i = 0; i < all->len; i++)
		if (is_of(g_ptr_array_index(all, i), file))
			return g_ptr_array_index(all, i);
	return NULL;
}

/* ---- what came out ---- */

static json_t *check_json(const verify_check *c)
{
	json_t *j = json_object();

	json_object_set_new(j, "kind", json_string(c->kind));
	json_object_set_new(j, "subject", json_text(c->subject));
	json_object_set_new(j, "state", json_string(verify_state_name(c->state)));
	json_object_set_new(j, "detail", json_text(c->detail));
	json_object_set_new(j, "output", json_text(c->output));
	json_object_set_new(j, "seconds", json_real(c->seconds));
	return j;
}

static json_t *run_json(const verify_run *r)
{
	json_t *j = json_object(), *checks = json_array();

	for (guint i = 0; i < r->checks->len; i++)
		json_array_append_new(
			checks, check_json(g_ptr_array_index(r->checks, i)));
	json_object_set_new(j, "file", json_text(r->file));
	json_object_set_new(j, "state", json_string(verify_state_name(r->state)));
	json_object_set_new(j, "reason", json_text(r->reason));
	json_object_set_new(
		j, "target", r->platform ? json_string(r->platform->name) : json_null());
	json_object_set_new(j, "root", json_text(r->root));
	json_object_set_new(j, "python", json_text(r->python));
	json_object_set_new(j, "emulated", json_boolean(r->emulated));
	json_object_set_new(j, "recipe", json_text(r->recipe));
	json_object_set_new(j, "with", json_texts(r->with));
	json_object_set_new(j, "seconds", json_real(r->seconds));
	json_object_set_new(j, "checks", checks);
	return j;
}

/* What failed, for people. */
static void show_failures(const verify_run *r)
{
	for (guint i = 0; i < r->checks->len; i++) {
		const verify_check *c = g_ptr_array_index(r->checks, i);
		g_autoptr(GString) text = g_string_new(NULL);
		g_autofree char *subject = text_escape(c->subject, -1);
		if (c->state == VERIFY_PASSED || c->state == VERIFY_SKIPPED)
			continue;
		g_string_append_printf(text, "%s: %s %s\n  --> %s in %s%s\n",
			c->state == VERIFY_FAILED ? "error[X0962]" : "note", c->kind,
			c->state == VERIFY_FAILED ? "failed" : "not run", r->file,
			r->root, r->emulated ? " under qemu-user" : "");
		g_string_append_printf(text, "  %s\n", subject);
		if (c->detail)
			g_string_append_printf(text, "  %s\n", c->detail);
		g_auto(GStrv) lines = g_strsplit(c->output ? c->output : "", "\n", -1);
		for (char **l = lines; *l; l++)
			g_string_append_printf(text, "   | %s\n", *l);
		output_people(text->str);
	}
}

static void show_run(const verify_run *r)
{
	guint count[4] = {0};
	g_autofree char *base = g_path_get_basename(r->file);
	g_autofree char *seconds = text_seconds(r->seconds);
	g_autoptr(GString) line = g_string_new(NULL);

	show_failures(r);
	for (guint i = 0; i < r->checks->len; i++)
		count[((verify_check *)g_ptr_array_index(r->checks, i))->state]++;
	g_string_append_printf(line, "%-7s  %s", verify_state_name(r->state), base);
	if (r->root)
		g_string_append_printf(
			line, "  %s%s", r->root, r->emulated ? " (qemu)" : "");
	for (int s = VERIFY_PASSED; s <= VERIFY_SKIPPED; s++)
		if (count[s])
			g_string_append_printf(
				line, "  %u %s", count[s], verify_state_name(s));
	if (r->checks->len)
		g_string_append_printf(line, "  %s", seconds);
	if (r->reason)
		g_string_append_printf(line, "  %s", r->reason);
	output_line("%s", line->str);
}

/* 0 when something passed and nothing failed; see the help. */
static int settle(const options *o, const GPtrArray *runs)
{
	gboolean seen[4] = {FALSE};

	for (guint i = 0; i < runs->len; i++) {
		const verify_run *r = g_ptr_array_index(runs, i);
		seen[r->state] = TRUE;
		for (guint n = 0; n < r->checks->len; n++)
			if (((verify_check *)g_ptr_array_index(r->checks, n))->state ==
				VERIFY_NOT_RUN)
				seen[VERIFY_NOT_RUN] = TRUE;
	}
	if (seen[VERIFY_FAILED] || (o->strict && seen[VERIFY_NOT_RUN]))
		return EXIT_BUILD;
	return seen[VERIFY_PASSED] || o->allow_empty ? EXIT_DONE : EXIT_NOTHING;
}

static int show(const options *o, const GPtrArray *runs)
{
	int code = settle(o, runs);
	json_t *files = json_array();

	for (guint i = 0; i < runs->len; i++) {
		if (o->json)
			json_array_append_new(
				files, run_json(g_ptr_array_index(runs, i)));
		else
			show_run(g_ptr_array_index(runs, i));
	}
	if (o->json)
		output_json(json_pack(
			"{s:i, s:i, s:o}", "v", 1, "exit", code, "files", files));
	else
		json_decref(files);
	return code;
}

/* --find-links, else the output folder; and where the file itself lies. */
static GPtrArray *folders_for(const options *o, const char *file)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; o->find_links && i < o->find_links->len; i++)
		g_ptr_array_add(all, g_strdup(g_ptr_array_index(o->find_links, i)));
	if (!all->len)
		g_ptr_array_add(all, g_strdup(o->out ? o->out : OUT_DEFAULT));
	g_ptr_array_add(all, g_path_get_dirname(file));
	return all;
}

/* "cp311" and "3.11" -> "3.11"; NULL stands for all. */
static gboolean wanted_pythons(const options *o, GPtrArray **out, GError **err)
{
	*out = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; o->pythons && i < o->pythons->len; i++) {
		const char *text = g_ptr_array_index(o->pythons, i);
		if (g_str_equal(text, "all")) {
			g_ptr_array_set_size(*out, 0);
			return TRUE;
		}
		g_autofree char *tag = python_tag_parse(text, err);
		if (!tag)
			return FALSE;
		g_ptr_array_add(*out, item_python_version(tag));
	}
	return TRUE;
}

static gboolean verify_all(const options *o, const build_context *c,
	const GPtrArray *files, const GPtrArray *recipes, GPtrArray *runs, GError **err)
{
	g_autoptr(GPtrArray) pythons = NULL;

	if (!wanted_pythons(o, &pythons, err))
		return FALSE;
	for (guint i = 0; i < files->len; i++) {
		const char *file = g_ptr_array_index(files, i);
		g_autoptr(GPtrArray) folders = folders_for(o, file);
		verify_spec spec = {.file = file,
			.recipe = recipe_of(o, recipes, file),
			.command = o->command,
			.folders = folders,
			.pythons = pythons,
			.timeout_s = (double)o->timeout};
		if (!verify_file(c, &spec, runs, err))
			return FALSE;
	}
	return TRUE;
}

int cmd_verify(const options *o, char **args, GError **err)
{
	g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) runs =
		g_ptr_array_new_with_free_func((GDestroyNotify)verify_run_free);
	int code = EXIT_INPUT;
	build_context c;

	if (!collect(o, args, files, err))
		return EXIT_NOTHING;
	g_autoptr(GPtrArray) recipes = load_recipes(o, &code);
	if (!recipes || !common_open(o, &c, err))
		return code;
	gboolean ok = verify_all(o, &c, files, recipes, runs, err);
	common_close(&c);
	return ok ? show(o, runs) : EXIT_INPUT;
}
