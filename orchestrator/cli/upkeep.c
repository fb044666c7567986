#include "cli/upkeep.h"
#include "base/error.h"
#include "base/instant.h"
#include "build/python_select.h"
#include "cli/output.h"
#include "format/project_name.h"
#include <string.h>

#define FOLDER "recipes"
#define AT_A_TIME 8

static void upkeep_free(void *data)
{
	upkeep *u = data;

	recipe_free(u->recipe);
	g_free(u->asked);
	g_free(u->to);
	g_free(u->warning);
	release_choice_clear(&u->choice);
	release_find_clear(&u->find);
	g_clear_error(&u->error);
	g_free(u);
}

/* ---- which recipes ---- */

static gboolean is_path(const char *arg)
{
	return strchr(arg, '/') || g_str_has_suffix(arg, ".yaml") ||
	       g_str_has_suffix(arg, ".yml") || g_file_test(arg, G_FILE_TEST_EXISTS);
}

/* NAME@VERSION, FILE@VERSION: cuts the argument; NULL: it names none. */
static const char *cut_version(char *arg)
{
	char *at = strrchr(arg, '@');

	if (!at || at == arg || !at[1] || strchr(at, '/') ||
		g_file_test(arg, G_FILE_TEST_EXISTS))
		return NULL;
	*at = '\0';
	return at + 1;
}

static gboolean has_name(const recipe *r, const char *name)
{
	g_autofree char *normal = project_name_normalize(name);

	return g_str_equal(r->normalized, normal);
}

/* One argument's recipes; those of a name are all there are of it in recipes/. */
static gboolean read_one(
	const char *arg, const char *version, GPtrArray *rows, diag_list *l, GError **err)
{
	gboolean path = is_path(arg);
	const char *paths[] = {path ? arg : FOLDER, NULL};
	g_autoptr(GPtrArray) files = recipe_find(paths, l);
	guint before = rows->len;

	for (guint n = 0; files && n < files->len; n++) {
		g_autoptr(recipe) r = recipe_load(g_ptr_array_index(files, n), l);
		if (!r || (!path && !has_name(r, arg)))
			continue;
		upkeep *u = g_new0(upkeep, 1);
		u->recipe = g_steal_pointer(&r);
		u->asked = g_strdup(version);
		g_ptr_array_add(rows, u);
	}
	if (diag_list_errors(l))
		return TRUE;
	g_autofree char *shown = text_escape(arg, -1);
	if (rows->len == before) {
		error_set(err, EXIT_INPUT, "X0345", "there is no recipe of `%s` in %s",
			shown, FOLDER);
		error_help(err, "name the package, the recipe's file or its folder");
		return FALSE;
	}
	if (!version || rows->len == before + 1)
		return TRUE;
	error_set(err, EXIT_INPUT, "X0345",
		"`%s` is %u recipes, and one version is named", shown,
		rows->len - before);
	for (guint n = before; n < rows->len && n < before + 5; n++) {
		const upkeep *u = g_ptr_array_index(rows, n);
		error_line(err, "--> %s", u->recipe->path);
	}
	error_help(err, "name the file: FILE@%s", version);
	return FALSE;
}

/* A recipe that two arguments name. */
static void drop_doubles(GPtrArray *rows)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint n = 0; n < rows->len;) {
		const upkeep *u = g_ptr_array_index(rows, n);
		if (g_hash_table_add(seen, u->recipe->path))
			n++;
		else
			g_ptr_array_remove_index(rows, n);
	}
}

GPtrArray *upkeep_read(char **args, gboolean versions, GError **err)
{
	static char *usual[] = {(char *)FOLDER, NULL};
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(upkeep_free);
	gboolean ok = TRUE;

	for (char **arg = *args ? args : usual; ok && *arg; arg++) {
		g_autofree char *name = g_strdup(*arg);
		const char *version = versions ? cut_version(name) : NULL;
		ok = read_one(name, version, rows, l, err);
	}
	output_diags(l);
	if (!ok || diag_list_errors(l))
		return NULL;
	drop_doubles(rows);
	return g_steal_pointer(&rows);
}

/* ---- asking ---- */

typedef struct question {
	const options *o;
	const build_context *c;
	GPtrArray *pythons; /* char *: of recipes that name none; may be NULL */
	gint64 now;
	gboolean sources;
} question;

/* What --python says, else xorch.yaml, else what python3 names. */
static gboolean find_pythons(question *q, GError **err)
{
	const options *o = q->o;
	g_autoptr(GPtrArray) wanted = g_ptr_array_new();

	q->pythons = g_ptr_array_new_with_free_func(g_free);
	if (!o->pythons && o->project && o->project->pythons) {
		for (guint n = 0; n < o->project->pythons->len; n++)
			g_ptr_array_add(q->pythons,
				g_strdup(g_ptr_array_index(o->project->pythons, n)));
		return TRUE;
	}
	for (guint n = 0; o->pythons && n < o->pythons->len; n++)
		g_ptr_array_add(wanted, g_ptr_array_index(o->pythons, n));
	g_ptr_array_add(wanted, NULL);
	g_autoptr(GPtrArray) found = host_python_find_all(q->c->store, NULL);
	GError *problem = NULL;
	g_autoptr(GPtrArray) chosen = python_select(q->c->store, found,
		o->pythons ? (const char *const *)wanted->pdata : NULL, &problem);
	if (problem && o->pythons) {
		g_propagate_error(err, problem);
		return FALSE;
	}
	g_clear_error(&problem); /* none here: then any will do */
	for (guint n = 0; chosen && n < chosen->len; n++) {
		const host_python *p = g_ptr_array_index(chosen, n);
		g_ptr_array_add(q->pythons, g_strdup_printf("3.%u", p->minor));
	}
	return TRUE;
}

static release_wish wish_of(const question *q, const recipe *r)
{
	const project *p = q->o->project;
	const char *age = r->update.min_age ? r->update.min_age
			  : p		    ? p->minimum_age
					    : NULL;

	return (release_wish){.current = r->package.version,
		.prerelease = r->update.prerelease,
		.allow = r->update.allow,
		.pythons = r->kind != RECIPE_WHEEL ? NULL
			   : q->o->pythons	   ? q->pythons
			   : r->python.versions	   ? r->python.versions
						   : q->pythons,
		.now = q->now,
		.cut = q->c->cut,
		.min_age = age ? MAX(instant_span(age), 0) : 0};
}

/* A version that was named is not held back, but nobody should find out by its build. */
static void warn_of_rust(upkeep *u, const question *q)
{
	g_autofree char *rust = release_find_rust(&u->find, u->recipe, q->sources);
	release *r = u->taken;

	if (!rust || !u->find.list->ask_rust ||
		!u->find.list->ask_rust(r, u->find.list->data, NULL) ||
		!release_rust_is_newer(r->rust, rust))
		return;
	u->warning = g_strdup_printf(
		"%s wants Rust %s, there is %s", r->version, r->rust, rust);
}

/* The version that was named, whatever speaks against it, if there is one such. */
static void take_asked(upkeep *u, const question *q)
{
	const release_list *l = u->find.list;

	u->taken = l ? release_list_get(l, u->asked) : NULL;
	if (g_str_equal(u->asked, u->recipe->package.version)) {
		u->state = UPKEEP_CURRENT;
		return;
	}
	u->state = UPKEEP_UPDATE;
	u->to = g_strdup(u->asked);
	if (u->taken)
		warn_of_rust(u, q);
	if (u->taken || !l)
		return;
	u->state = UPKEEP_FAILED;
	error_set(&u->error, EXIT_INPUT, "X0346", "%s: there is no version %s",
		u->recipe->package.name, u->asked);
	g_autoptr(GString) list = g_string_new(NULL);
	for (guint n = 0; n < l->releases->len && n < 5; n++) {
		const release *r = g_ptr_array_index(l->releases, n);
		g_string_append_printf(list, "%s%s", n ? ", " : "", r->version);
	}
	if (list->len)
		error_note(&u->error, "the newest there are: %s", list->str);
}

static void take_newest(upkeep *u, const question *q)
{
	const recipe *r = u->recipe;
	release_wish wish = wish_of(q, r);
	g_autofree char *rust = NULL;

	if (!u->find.list) {
		u->state = UPKEEP_UNKNOWN;
		return;
	}
	wish.rust = rust = release_find_rust(&u->find, r, q->sources);
	if (!release_choose(u->find.list, &wish, &u->choice, &u->error)) {
		u->state = UPKEEP_FAILED;
		return;
	}
	u->state = u->choice.take   ? UPKEEP_UPDATE
		   : u->choice.held ? UPKEEP_HELD
				    : UPKEEP_CURRENT;
	if (!u->choice.take)
		return;
	u->taken = (release *)u->choice.take;
	u->to = g_strdup(u->taken->version);
}

static void ask_one(gpointer data, gpointer shared)
{
	upkeep *u = data;
	const question *q = shared;

	if (!u->asked && !u->recipe->update.enabled) {
		u->state = UPKEEP_OFF;
		return;
	}
	if (!release_find_all(q->c, u->recipe, &u->find, &u->error))
		u->state = UPKEEP_FAILED;
	else if (u->asked)
		take_asked(u, q);
	else
		take_newest(u, q);
}

gboolean upkeep_ask(const options *o, const build_context *c, const GPtrArray *rows,
	gboolean sources, GError **err)
{
	question q = {.o = o,
		.c = c,
		.now = g_get_real_time() / G_USEC_PER_SEC,
		.sources = sources};
	gboolean ok = find_pythons(&q, err);

	if (ok) {
		GThreadPool *pool =
			g_thread_pool_new(ask_one, &q, AT_A_TIME, FALSE, NULL);
		for (guint n = 0; n < rows->len; n++)
			g_thread_pool_push(pool, g_ptr_array_index(rows, n), NULL);
		g_thread_pool_free(pool, FALSE, TRUE);
	}
	g_ptr_array_unref(q.pythons);
	return ok;
}
