#include "cli/selection_overlay.h"
#include "base/error.h"
#include "build/overlay_choose.h"
#include "build/step_overlay.h"
#include "cli/selection_needs.h"

static item *find_item(const selection *s, const char *id)
{
	for (guint n = 0; n < s->items->len; n++) {
		item *i = g_ptr_array_index(s->items, n);
		if (g_str_equal(i->id, id))
			return i;
	}
	return NULL;
}

/* During a run the locks of those there are belong to its threads: then another copy,
 * which build/item_run.c reads again when it is its turn. */
static item_source *source_of(
	selection *s, const char *path, gboolean running, diag_list *l, GError **err)
{
	for (guint n = 0; !running && n < s->sources->len; n++) {
		item_source *known = g_ptr_array_index(s->sources, n);
		if (g_str_equal(known->recipe->path, path))
			return known;
	}
	item_source *source = item_source_load(path, l, err);
	if (source)
		g_ptr_array_add(s->sources, source);
	return source;
}

/* *found NULL: there is no such recipe. */
static gboolean pull_in(selection *s, const options *o, const item *asks,
	const locked_file *f, gboolean running, item **found, diag_list *l, GError **err)
{
	g_autofree char *path =
		overlay_recipe(asks->source->recipe, asks->platform->name, f);
	item_source *source = path ? source_of(s, path, running, l, err) : NULL;

	*found = NULL;
	if (!source)
		return !path;
	item *i = item_new(source, asks->platform, asks->python_tag);
	i->python = asks->python;
	i->implicit = TRUE;
	*found = i;
	return selection_add_item(s, o, i, l);
}

static gboolean reaches(const item *from, const item *to)
{
	for (guint n = 0; n < from->needs->len; n++) {
		const item *other = g_ptr_array_index(from->needs, n);
		if (other == to || reaches(other, to))
			return TRUE;
	}
	return FALSE;
}

static void connect(item *i, item *other)
{
	if (g_ptr_array_find(i->needs, other, NULL))
		return;
	if (other != i && !reaches(other, i)) {
		g_ptr_array_add(i->needs, other);
		return;
	}
	error_set(&i->error, EXIT_INPUT, "X0992", "%s and %s need each other's wheels",
		i->id, other->id);
	error_line(&i->error, "--> %s", i->source->recipe->path);
	error_line(&i->error, "--> %s", other->source->recipe->path);
	error_help(&i->error, "the locks take headers of each from the other's recipe; "
			      "`xorch explain X0992` says what to do");
	i->state = ITEM_FAILED;
}

static gboolean add_one(selection *s, const options *o, item *i, const locked_file *f,
	gboolean running, diag_list *l, GError **err)
{
	g_autofree char *id = overlay_item_id(i, f);
	item *other = find_item(s, id);

	if (!other && !selection_left_out(o, id)) {
		guint before = s->items->len;
		if (!pull_in(s, o, i, f, running, &other, l, err) ||
			!selection_add_needs(s, o, before, l, err))
			return FALSE;
	}
	if (other && other->state != ITEM_SKIPPED)
		connect(i, other);
	return TRUE;
}

gboolean selection_add_overlays(
	selection *s, const options *o, const item_source *of, diag_list *l, GError **err)
{
	guint first = s->items->len;

	for (guint n = 0; n < s->items->len; n++) {
		item *i = g_ptr_array_index(s->items, n);
		const GPtrArray *list;
		if ((of && n < first && i->source != of) || i->state != ITEM_PLANNED)
			continue;
		list = step_overlay_entries(i);
		for (guint k = 0; list && k < list->len; k++) {
			const locked_file *f = g_ptr_array_index(list, k);
			if (!f->file && !add_one(s, o, i, f, of != NULL, l, err))
				return FALSE;
		}
	}
	return TRUE;
}
