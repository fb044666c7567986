#include "build/step_wraps.h"
#include "build/cmake_fetches.h"
#include "build/pipeline_private.h"
#include "build/subproject.h"
#include "build/wraps.h"
#include "plan/lock_wraps.h"
#include <string.h>

char *step_wraps_project(const item *i, const char *source)
{
	const recipe_source *first = g_ptr_array_index(i->recipe->sources, 0);

	return first->subdirectory ? g_build_filename(source, first->subdirectory, NULL)
				   : g_strdup(source);
}

static gboolean has(const GPtrArray *files, const char *const *names)
{
	for (guint n = 0; n < files->len; n++) {
		const locked_file *f = g_ptr_array_index(files, n);
		if (g_strv_contains(names, f->name))
			return TRUE;
	}
	return FALSE;
}

gboolean step_wraps_lock(
	pipeline *p, item *i, const char *source, const GPtrArray *files, GError **err)
{
	static const char *const meson[] = {"meson", "meson-python", NULL};
	static const char *const cmake[] = {
		"cmake", "scikit-build", "scikit-build-core", NULL};
	g_autofree char *project = step_wraps_project(i, source);
	g_autoptr(GPtrArray) locked =
		g_ptr_array_new_with_free_func((GDestroyNotify)locked_wrap_free);
	gboolean wraps = has(files, meson), fetches = has(files, cmake);

	if (!wraps && !fetches)
		return TRUE;
	if ((wraps && !wraps_lock(p, i, project, locked, err)) ||
		(fetches && !cmake_fetches_lock(p, i, project, locked, err)))
		return FALSE;
	recipe_lock_put_wraps(i->source->lock, locked, FALSE);
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
	const recipe_lock *lock = i->source->lock;

	for (guint n = 0; lock->wraps && n < lock->wraps->len; n++)
		if (!subproject_fetch(
			    p->ctx, lock->path, g_ptr_array_index(lock->wraps, n), err))
			return FALSE;
	return TRUE;
}

static gboolean prepare(pipeline *p, step_site *site, step_extras *x, GError **err)
{
	g_autofree char *project = step_wraps_project(site->item, site->source);

	return wraps_place(p->ctx, site->item, project, err) &&
	       cmake_fetches_place(p->ctx, site, x, err);
}

const step_part step_wraps = {
	.name = "wraps", .add_to_key = add_to_key, .fetch = fetch, .prepare = prepare};
