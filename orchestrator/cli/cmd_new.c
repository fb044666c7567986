#include "base/error.h"
#include "base/fs.h"
#include "build/python_select.h"
#include "build/starter.h"
#include "cli/common.h"
#include "cli/new.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "plan/recipe.h"
#include <string.h>

#define FOLDER "recipes"

/* The newest of those asked for, else what python3 names. */
static const host_python *choose_python(
	const options *o, const build_context *c, const GPtrArray *found, GError **err)
{
	g_autoptr(GPtrArray) wanted = g_ptr_array_new();

	for (guint i = 0; o->pythons && i < o->pythons->len; i++)
		g_ptr_array_add(wanted, g_ptr_array_index(o->pythons, i));
	g_ptr_array_add(wanted, NULL);
	g_autoptr(GPtrArray) chosen = python_select(c->store, found,
		wanted->len > 1 ? (const char *const *)wanted->pdata : NULL, err);
	if (!chosen)
		return NULL;
	if (!chosen->len) {
		error_set(err, EXIT_HOST, "X0830", "no Python was found");
		return NULL;
	}
	return g_ptr_array_index(chosen, chosen->len - 1);
}

/* What was written must be a recipe, without so much as a warning. */
static gboolean check_text(const char *path, const starter *s, GError **err)
{
	g_autoptr(diag_list) l = diag_list_new();
	g_autofree char *dir = g_path_get_dirname(path);
	g_autoptr(recipe) r = recipe_parse(path, dir, s->text, strlen(s->text), l);

	if (r && !diag_list_errors(l))
		return TRUE;
	g_autofree char *said = diag_list_text(l);
	error_set(err, EXIT_BUG, "X0983", "the recipe made for %s is not accepted",
		s->name);
	g_auto(GStrv) lines = g_strsplit(said, "\n", -1);
	for (char **line = lines; *line; line++)
		if (**line)
			error_line(err, "%s", *line);
	g_auto(GStrv) text = g_strsplit(s->text, "\n", -1);
	for (char **line = text; *line; line++)
		error_line(err, "| %s", *line);
	return FALSE;
}

static gboolean must_not_exist(const char *path, GError **err)
{
	if (!g_file_test(path, G_FILE_TEST_EXISTS) &&
		!g_file_test(path, G_FILE_TEST_IS_SYMLINK))
		return TRUE;
	error_set(err, EXIT_INPUT, "X0984", "%s exists already", path);
	error_help(err, "name another file: -o FILE");
	return FALSE;
}

char *new_default_path(const char *name)
{
	g_autofree char *file = g_strconcat(name, ".yaml", NULL);

	return g_build_filename(FOLDER, file, NULL);
}

gboolean new_write(const options *o, const starter *s, const char *path, GError **err)
{
	g_autofree char *dir = g_path_get_dirname(path);

	if (!must_not_exist(path, err) || !check_text(path, s, err) ||
		!fs_mkdir_p(dir, 0777, err) ||
		!fs_write_atomic(path, s->text, strlen(s->text), 0644, err))
		return FALSE;
	/* the document about the locks names it */
	if (!o->json || o->no_fetch)
		output_line("%s", path);
	for (guint i = 0; s->notes && i < s->notes->len && !o->quiet; i++)
		output_note("%s: %s", s->name, (char *)g_ptr_array_index(s->notes, i));
	return TRUE;
}

typedef gboolean (*maker)(
	const build_context *, const starter_request *, starter *, GError **);

/* NAME==VERSION, MODULE@VERSION, URL#TAG: cuts the argument. */
static char *cut_version(int from, char *arg)
{
	static const char *const marks[] = {"==", "#", "@"};
	char *at = strstr(arg, marks[from]);

	if (!at)
		return NULL;
	*at = '\0';
	return at + strlen(marks[from]);
}

static gboolean make_one(const options *o, const build_context *c,
	const host_python *python, const char *arg, GPtrArray *paths, GError **err)
{
	static const maker makers[] = {starter_pypi, starter_git, starter_gomod};
	g_autofree char *name = g_strdup(arg);
	starter_request r = {.python = python,
		.version = cut_version(o->from, name),
		.crates = !o->no_fetch};
	g_auto(starter) s = {0};

	r.name = name;
	if (o->out && !must_not_exist(o->out, err))
		return FALSE;
	if (!makers[o->from](c, &r, &s, err))
		return FALSE;
	char *path = o->out ? g_strdup(o->out) : new_default_path(s.name);
	g_ptr_array_add(paths, path);
	return new_write(o, &s, path, err);
}

int cmd_new(const options *o, char **args, GError **err)
{
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	gboolean ok = TRUE;
	build_context c;

	if (!args[0] == !o->requirements || (o->out && args[0] && args[1])) {
		error_set(err, EXIT_INPUT, "X0112",
			o->out ? "-o names one file, so one name is wanted"
			       : "either names or -r FILE are wanted");
		error_help(
			err, "xorch new NAME, xorch new -r requirements.txt --target T");
		return EXIT_INPUT;
	}
	if (!common_open(o, &c, err))
		return EXIT_HOST;
	g_autoptr(GPtrArray) found = host_python_find_all(c.store, NULL);
	const host_python *python = choose_python(o, &c, found, err);
	ok = python != NULL;
	for (; ok && *args; args++)
		ok = make_one(o, &c, python, *args, paths, err);
	if (ok && o->requirements)
		ok = new_from_requirements(o, &c, python, paths, err);
	int code = !ok				? EXIT_INPUT
		   : o->no_fetch || !paths->len ? EXIT_DONE
						: new_lock(o, &c, python, paths, err);
	common_close(&c);
	return code;
}
