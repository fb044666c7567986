#include "cli/selection_needs.h"
#include "cli/selection_settle.h"
#include "base/error.h"
#include "cli/choice.h"
#include "format/project_name.h"
#include <string.h>

#define RECIPES_DEFAULT "recipes"
#define PREFIX "recipe:"

static gboolean is_named(const recipe *r, const char *name)
{
	g_autofree char *normal = project_name_normalize(name);

	return g_str_equal(r->normalized, normal);
}

static item *find_item(const selection *s, const char *name, const platform *target)
{
	for (guint n = 0; n < s->items->len; n++) {
		item *i = g_ptr_array_index(s->items, n);
		if (i->source->recipe->kind == RECIPE_LIBRARY && i->platform == target &&
			is_named(i->source->recipe, name))
			return i;
	}
	return NULL;
}

static item_source *find_source(const GPtrArray *known, const char *name)
{
	for (guint n = 0; n < known->len; n++) {
		item_source *source = g_ptr_array_index(known, n);
		if (source->recipe->kind == RECIPE_LIBRARY &&
			is_named(source->recipe, name))
			return source;
	}
	return NULL;
}

/* NAME.yaml beside the recipe or in recipes/; NULL when there is none. */
static char *find_file(const recipe *asks, const char *name)
{
	g_autofree char *file = g_strconcat(name, ".yaml", NULL);
	g_autofree char *beside = g_build_filename(asks->dir, file, NULL);
	g_autofree char *common = g_build_filename(RECIPES_DEFAULT, file, NULL);

	if (g_file_test(beside, G_FILE_TEST_IS_REGULAR))
		return g_steal_pointer(&beside);
	return g_file_test(common, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&common)
							   : NULL;
}

char *library_recipe(const GPtrArray *known, const recipe *asks, const char *name)
{
	const item_source *source = find_source(known, name);

	return source ? g_strdup(source->recipe->path) : find_file(asks, name);
}

static void no_such_library(item *i, const char *name, const char *found)
{
	if (found)
		error_set(&i->error, EXIT_INPUT, "X0312", "%s is not a library", found);
	else
		error_set(&i->error, EXIT_INPUT, "X0312",
			"there is no recipe of a library %s", name);
	error_line(&i->error, "--> %s: %s%s", i->source->recipe->path, PREFIX, name);
	error_note(&i->error,
		"looked among the recipes given, for %s.yaml beside this one and in %s/",
		name, RECIPES_DEFAULT);
	error_help(&i->error, "a recipe of kind: library makes it");
	i->state = ITEM_FAILED;
}

static item_source *load_source(
	selection *s, item *i, const char *name, diag_list *l, GError **err)
{
	item_source *source = find_source(s->sources, name);
	guint at;

	if (!source && (source = find_source(s->unchanged, name))) {
		g_ptr_array_find(s->unchanged, source, &at);
		g_ptr_array_add(s->sources, g_ptr_array_steal_index(s->unchanged, at));
	}
	g_autofree char *file = source ? NULL : find_file(i->source->recipe, name);

	if (source)
		return source;
	if (!file) {
		no_such_library(i, name, NULL);
		return NULL;
	}
	source = item_source_load(file, l, err);
	if (source && source->recipe->kind == RECIPE_LIBRARY) {
		g_ptr_array_add(s->sources, source);
		return source;
	}
	if (source)
		no_such_library(i, name, file);
	item_source_free(source);
	return NULL;
}

static item *make_item(selection *s, const options *o, item_source *source,
	const item *asks, diag_list *l)
{
	const recipe *r = source->recipe;
	recipe_vars vars = {.target = asks->platform->name,
		.triple = asks->platform->triple,
		.python = ""};
	item *i = item_new(source, asks->platform, NULL);

	i->implicit = TRUE;
	selection_settle(s, o, i, asks->sysroot);
	i->recipe = recipe_resolve(r, &vars, l);
	g_ptr_array_add(s->items, i);
	if (i->recipe && i->recipe->skip_reason) {
		i->state = ITEM_SKIPPED;
		i->reason = g_strdup(i->recipe->skip_reason);
	}
	return i->recipe ? i : NULL;
}

static int floor_minor(const char *floor)
{
	const char *line = strchr(floor, '_');

	return line ? (int)g_ascii_strtoll(line + 1, NULL, 10) : 0;
}

static void check_floor(item *i, const item *library)
{
	if (floor_minor(library->floor) <= floor_minor(i->floor))
		return;
	error_set(&i->error, EXIT_INPUT, "X0314",
		"the library %s is built for manylinux %s, above the %s wanted here",
		library->source->recipe->package.name, library->floor, i->floor);
	error_line(&i->error, "--> %s", library->source->recipe->path);
	error_line(&i->error, "--> %s", i->source->recipe->path);
	error_help(&i->error,
		"lower toolchain.manylinux of the library or raise that of this recipe");
	i->state = ITEM_FAILED;
}

static gboolean add_one(selection *s, const options *o, item *i, const char *name,
	diag_list *l, GError **err)
{
	item *library = find_item(s, name, i->platform);

	if (!library) {
		item_source *source = load_source(s, i, name, l, err);
		if (!source)
			return i->state == ITEM_FAILED;
		library = make_item(s, o, source, i, l);
		if (!library)
			return FALSE;
	}
	if (library->state == ITEM_SKIPPED) {
		i->state = ITEM_SKIPPED;
		g_free(i->reason);
		i->reason = g_strdup_printf(
			"needs %s, which is skipped: %s", library->id, library->reason);
		return TRUE;
	}
	if (!g_ptr_array_find(i->needs, library, NULL))
		g_ptr_array_add(i->needs, library);
	check_floor(i, library);
	return TRUE;
}

/* Whether `i` is reached from itself. */
static gboolean reaches(const item *from, const item *i, GPtrArray *seen)
{
	for (guint n = 0; n < from->needs->len; n++) {
		item *other = g_ptr_array_index(from->needs, n);
		if (other == i)
			return TRUE;
		if (g_ptr_array_find(seen, other, NULL))
			continue;
		g_ptr_array_add(seen, other);
		if (reaches(other, i, seen))
			return TRUE;
	}
	return FALSE;
}

static void check_cycle(item *i)
{
	g_autoptr(GPtrArray) seen = g_ptr_array_new();

	if (!reaches(i, i, seen))
		return;
	error_set(&i->error, EXIT_INPUT, "X0313",
		"the library %s needs itself, by way of what it needs",
		i->source->recipe->package.name);
	error_line(&i->error, "--> %s", i->source->recipe->path);
	error_help(&i->error, "take one `recipe:` out of the circle");
	i->state = ITEM_FAILED;
	/* nothing may follow the circle */
	g_ptr_array_set_size(i->needs, 0);
}

/* What needs an item that cannot be built cannot be built either. */
static void check_needs(item *i)
{
	for (guint n = 0; n < i->needs->len && i->state == ITEM_PLANNED; n++) {
		item *other = g_ptr_array_index(i->needs, n);
		check_needs(other);
		if (other->state != ITEM_FAILED)
			continue;
		i->state = ITEM_FAILED;
		error_set(&i->error, EXIT_INPUT, "X0315",
			"needs %s, which cannot be built", other->id);
		error_line(&i->error, "--> %s", i->source->recipe->path);
	}
}

gboolean selection_add_needs(
	selection *s, const options *o, guint from, diag_list *l, GError **err)
{
	for (guint n = from; n < s->items->len; n++) {
		item *i = g_ptr_array_index(s->items, n);
		const GPtrArray *host = i->recipe ? i->recipe->requirements.host : NULL;
		for (guint k = 0; host && k < host->len; k++) {
			const char *text = g_ptr_array_index(host, k);
			if (i->state != ITEM_PLANNED || !g_str_has_prefix(text, PREFIX))
				continue;
			if (!add_one(s, o, i, text + strlen(PREFIX), l, err))
				return FALSE;
		}
	}
	for (guint n = from; n < s->items->len; n++)
		check_cycle(g_ptr_array_index(s->items, n));
	for (guint n = from; n < s->items->len; n++)
		check_needs(g_ptr_array_index(s->items, n));
	return TRUE;
}
