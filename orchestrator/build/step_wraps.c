#include "build/step_wraps.h"
#include "build/pipeline_private.h"
#include "build/wraps.h"
#include "plan/lock_wraps.h"
#include <string.h>

char *step_wraps_project(const item *i, const char *source)
{
	const recipe_source *first = g_ptr_array_index(i->recipe->sources, 0);

	return first->subdirectory ? g_build_filename(source, first->subdirectory, NULL)
				   : g_strdup(source);
}

gboolean step_wraps_lock(
	pipeline *p, item *i, const char *source, const GPtrArray *files, GError **err)
{
	g_autofree char *project = step_wraps_project(i, source);

	for (guint n = 0; n < files->len; n++) {
		const locked_file *f = g_ptr_array_index(files, n);
		if (g_str_equal(f->name, "meson") || g_str_equal(f->name, "meson-python"))
			return wraps_lock(p, i, project, err);
	}
	return TRUE;
}

static gboolean add_to_key(pipeline *p, item *i, key *k, GError **err)
{
	const GPtrArray *wraps = i->source->lock->wraps;

	(void)p;
	(void)err;
	for (guint n = 0; wraps && n < wraps->len; n++) {
		const locked_wrap *w = g_ptr_array_index(wraps, n);
		g_autofree char *name =
			g_strdup_printf("subproject %s", locked_wrap_place(w));
		g_autofree char *value = g_strndup(w->sha256 ? w->sha256 : w->tree, 16);
		key_add(k, name, value);
	}
	return TRUE;
}

static gboolean fetch(pipeline *p, item *i, GError **err)
{
	return wraps_fetch(p->ctx, i, err);
}

static gboolean prepare(pipeline *p, step_site *site, step_extras *x, GError **err)
{
	g_autofree char *project = step_wraps_project(site->item, site->source);

	(void)x;
	return wraps_place(p->ctx, site->item, project, err);
}

const step_part step_wraps = {
	.name = "wraps", .add_to_key = add_to_key, .fetch = fetch, .prepare = prepare};
