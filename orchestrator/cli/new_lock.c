#include "base/error.h"
#include "build/overlay_choose.h"
#include "cli/build_items.h"
#include "cli/new.h"
#include "cli/output.h"
#include "cli/report.h"
#include <string.h>

/* Each round writes a recipe that was not there; what needs what is never deeper. */
#define ROUNDS_MAX 8

/* A build requirement that has no wheel for some targets. */
typedef struct lack {
	const locked_file *file; /* its name and version */
	const recipe *asks;	 /* the recipe is written beside this one */
	GPtrArray *targets;	 /* names, borrowed */
	gboolean has_recipe;
} lack;

typedef struct rounds {
	const options *o;
	const build_context *c;
	const host_python *python;
	selection all[ROUNDS_MAX];
	guint n;
	GPtrArray *items;	 /* item *: each one's last try */
	GPtrArray *paths, *only; /* of the next round: recipes, and the ids of items */
} rounds;

static void lack_free(void *data)
{
	lack *l = data;

	g_ptr_array_unref(l->targets);
	g_free(l);
}

gboolean new_mends(const item *i)
{
	return i->state == ITEM_FAILED && i->lacks && i->error &&
	       g_str_has_prefix(i->error->message, "[X0990]");
}

static lack *find_lack(const GPtrArray *lacks, const locked_file *f)
{
	for (guint n = 0; n < lacks->len; n++) {
		lack *l = g_ptr_array_index(lacks, n);
		if (g_str_equal(l->file->name, f->name) &&
			g_str_equal(l->file->version, f->version))
			return l;
	}
	return NULL;
}

static GPtrArray *collect(const selection *s)
{
	GPtrArray *lacks = g_ptr_array_new_with_free_func(lack_free);

	for (guint n = 0; n < s->items->len; n++) {
		const item *i = g_ptr_array_index(s->items, n);
		for (guint k = 0; i->lacks && k < i->lacks->len; k++) {
			const locked_file *f = g_ptr_array_index(i->lacks, k);
			lack *l = find_lack(lacks, f);
			gpointer target = (gpointer)i->platform->name;
			if (!l) {
				l = g_new0(lack, 1);
				*l = (lack){f, i->source->recipe, g_ptr_array_new(), 0};
				g_ptr_array_add(lacks, l);
			}
			if (!g_ptr_array_find(l->targets, target, NULL))
				g_ptr_array_add(l->targets, target);
		}
	}
	return lacks;
}

/* NAME.yaml beside the recipe that asks, or NAME-VERSION.yaml. */
static char *place_of(const lack *l)
{
	g_autofree char *file = g_strconcat(l->file->name, ".yaml", NULL);
	g_autofree char *longer =
		g_strdup_printf("%s-%s.yaml", l->file->name, l->file->version);
	g_autofree char *dir = g_path_get_dirname(l->asks->path);
	gboolean here = g_str_equal(dir, ".");
	char *path = here ? g_strdup(file) : g_build_filename(dir, file, NULL);

	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return path;
	g_free(path);
	return here ? g_strdup(longer) : g_build_filename(dir, longer, NULL);
}

/* "aarch64, armv7". New string. */
static char *targets_of(const lack *l)
{
	GString *out = g_string_new(NULL);

	for (guint n = 0; n < l->targets->len; n++)
		g_string_append_printf(out, "%s%s", n ? ", " : "",
			(char *)g_ptr_array_index(l->targets, n));
	return g_string_free(out, FALSE);
}

/* One of that version that is not for these targets: a second one could not be built in
 * the same run. */
static gboolean has_other(const lack *l)
{
	static const char *const names[] = {"aarch64", "armv7", "x86_64"};
	g_autofree char *targets = targets_of(l);

	for (guint n = 0; n < G_N_ELEMENTS(names); n++) {
		g_autofree char *path = overlay_recipe(l->asks, names[n], l->file);
		if (!path)
			continue;
		output_note("%s %s: %s is not for %s: add it to its targets",
			l->file->name, l->file->version, path, targets);
		return TRUE;
	}
	return FALSE;
}

/* FALSE with *err only when nothing more is to be done. */
static gboolean write_one(rounds *r, lack *l, GError **err)
{
	g_autofree char *path = place_of(l), *targets = targets_of(l);
	starter_request request = {.name = l->file->name,
		.version = l->file->version,
		.python = r->python,
		.crates = TRUE,
		.targets = l->targets};

	if (has_other(l))
		return TRUE;
	if (!new_without_wheel(r->o, r->c, &request, path, targets, &l->has_recipe, err))
		return FALSE;
	if (!l->has_recipe)
		return TRUE;
	output_note("%s: %s builds against %s %s, which has no wheel for %s", path,
		l->asks->package.name, l->file->name, l->file->version, targets);
	g_ptr_array_add(r->paths, g_steal_pointer(&path));
	return TRUE;
}

/* Whether all that the item lacks has a recipe now. */
static gboolean is_mended(const item *i, const GPtrArray *lacks)
{
	for (guint k = 0; k < i->lacks->len; k++)
		if (!find_lack(lacks, g_ptr_array_index(i->lacks, k))->has_recipe)
			return FALSE;
	return TRUE;
}

static void add_once(GPtrArray *list, const char *text)
{
	if (!g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL))
		g_ptr_array_add(list, g_strdup(text));
}

/* What of a round is to be done once more, and what comes new. */
static void sort_out(rounds *r, const selection *s, const GPtrArray *lacks)
{
	for (guint n = 0; n < s->items->len; n++) {
		item *i = g_ptr_array_index(s->items, n);
		gboolean again = new_mends(i) && is_mended(i, lacks);
		if (again) {
			add_once(r->paths, i->source->recipe->path);
			add_once(r->only, i->id);
		} else {
			g_ptr_array_add(r->items, i);
			if (new_mends(i))
				report_failure(i);
		}
		for (guint k = 0; i->lacks && k < i->lacks->len; k++) {
			const locked_file *f = g_ptr_array_index(i->lacks, k);
			g_autofree char *id = overlay_item_id(i, f);
			if (find_lack(lacks, f)->has_recipe)
				add_once(r->only, id);
		}
	}
}

static gboolean lock_round(rounds *r, int *code, GError **err)
{
	options more = *r->o;
	selection *s = &r->all[r->n++];
	g_autoptr(GPtrArray) paths = g_steal_pointer(&r->paths);
	g_autoptr(GPtrArray) only = g_steal_pointer(&r->only);

	more.out = NULL;
	more.quiet = more.renew = TRUE;
	more.lacks_untold = r->n < ROUNDS_MAX;
	more.only = only->len ? only : NULL;
	g_ptr_array_add(paths, NULL);
	r->paths = g_ptr_array_new_with_free_func(g_free);
	r->only = g_ptr_array_new_with_free_func(g_free);
	if (!selection_make(&more, r->c, (char **)paths->pdata, s, code, err) ||
		!build_items_lock(r->c, &more, s, err))
		return FALSE;
	g_autoptr(GPtrArray) lacks = collect(s);
	for (guint n = 0; more.lacks_untold && n < lacks->len; n++)
		if (!write_one(r, g_ptr_array_index(lacks, n), err))
			return FALSE;
	if (more.lacks_untold)
		sort_out(r, s, lacks);
	else
		for (guint n = 0; n < s->items->len; n++)
			g_ptr_array_add(r->items, g_ptr_array_index(s->items, n));
	return TRUE;
}

static void tell_unlocked(const rounds *r)
{
	for (guint n = 0; n < r->items->len; n++) {
		const item *i = g_ptr_array_index(r->items, n);
		if (i->state == ITEM_FAILED)
			output_note("%s is written, but not locked for %s",
				i->source->recipe->path, i->id);
	}
}

int new_lock(const options *o, const build_context *c, const host_python *python,
	const GPtrArray *paths, GError **err)
{
	int code = EXIT_INPUT;
	rounds r = {.o = o, .c = c, .python = python, .items = g_ptr_array_new()};
	gboolean ok = TRUE;

	r.paths = g_ptr_array_new_with_free_func(g_free);
	r.only = g_ptr_array_new_with_free_func(g_free);
	for (guint n = 0; n < paths->len; n++)
		add_once(r.paths, g_ptr_array_index(paths, n));
	while (ok && r.paths->len && r.n < ROUNDS_MAX)
		ok = lock_round(&r, &code, err);
	if (ok) {
		selection all = {.items = r.items};
		code = report_code(&all);
		tell_unlocked(&r);
		if (o->json)
			report_plan(&all, TRUE);
	} else if (err && *err) {
		error_note(err, "the recipe is written; its lock is not complete");
		code = output_exit_code(*err);
	}
	for (guint n = 0; n < r.n; n++)
		selection_clear(&r.all[n]);
	g_ptr_array_unref(r.items);
	g_ptr_array_unref(r.paths);
	g_ptr_array_unref(r.only);
	return code;
}
