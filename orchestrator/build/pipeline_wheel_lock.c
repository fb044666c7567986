#include "build/pipeline_wheel.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/builder_wheel.h"
#include "build/fetch.h"
#include "build/overlay_choose.h"
#include "build/pipeline_library.h"
#include "build/pipeline_private.h"
#include "build/python_env.h"
#include "build/python_resolve.h"
#include "build/python_step.h"
#include "build/source.h"
#include "build/step_autotools.h"
#include "build/step_cmake.h"
#include "build/step_wraps.h"
#include "plan/lock_cut.h"
#include "plan/pins.h"
#include <string.h>

static gboolean same_list(const GPtrArray *locked, const GPtrArray *now)
{
	guint n = now ? now->len : 0;

	if (locked->len != n)
		return FALSE;
	for (guint at = 0; at < n; at++)
		if (!g_str_equal(
			    g_ptr_array_index(locked, at), g_ptr_array_index(now, at)))
			return FALSE;
	return TRUE;
}

/* A section that is there must have been made for this recipe (H06). */
static gboolean section_fits(
	const pipeline *p, const item *i, const lock_environment *e, GError **err)
{
	gboolean same = same_list(e->recipe_requires, i->recipe->requirements.build);

	if (same && pins_hold(p->ctx->pins, e, err))
		return TRUE;
	if (!same)
		error_set(err, EXIT_LOCK, "X0408",
			"requirements.build changed since the lock was written");
	error_note(err, "%s: section %s, %s", i->source->lock->path, i->python_tag,
		i->platform->name);
	item_help_lock(err, i);
	return FALSE;
}

typedef struct asked {
	pipeline *p;
	item *i;
	char *dir, *source;
	python_project project;
	python_markers markers;
} asked;

static void asked_clear(asked *a)
{
	if (a->dir)
		fs_remove_tree(a->dir, NULL);
	g_free(a->dir);
	g_free(a->source);
	python_project_clear(&a->project);
	python_markers_clear(&a->markers);
}

static GStrv top_level(asked *a, char **hook, GError **err)
{
	const GPtrArray *own = a->i->recipe->requirements.build;
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	for (guint n = 0; own && n < own->len; n++)
		g_ptr_array_add(list, g_ptr_array_index(own, n));
	g_ptr_array_add(list, NULL);
	const python_requires lists[] = {
		{(const char *const *)a->project.requires, "pyproject.toml"},
		{(const char *const *)list->pdata, a->i->source->recipe->path},
		{(const char *const *)hook, "get_requires_for_build_wheel"},
		{NULL, NULL}};
	return python_requirements(lists, &a->markers, err);
}

static GPtrArray *resolve(asked *a, GStrv requires, GError **err)
{
	return python_resolve(a->p->ctx, &a->p->uv, a->i->python,
		(const char *const *) requires, a->i->source->recipe->path, err);
}

/* What the backend itself asks for, under the target's identity, in the sandbox. */
static GStrv ask_backend(asked *a, const GPtrArray *files, GError **err)
{
	item *i = a->i;
	cross_request request;
	g_auto(cross) c = {0};
	g_auto(python_target) target = {0};
	g_autofree char *env_key = NULL;
	g_autofree char *env = NULL;
	g_autofree char *out = g_build_filename(a->dir, "out", NULL);
	g_autofree char *log = pipeline_lock_log(a->p, i, err);
	const sandbox_info *info = sandbox_choose(a->p->options.level, err);
	gboolean bare = !i->has_libraries;

	if (!log || !info || !fs_mkdir_p(out, 0755, err) ||
		!(bare ? pipeline_cross_bare : pipeline_cross_request)(
			a->p, i, &request, err) ||
		!cross_prepare(a->p->ctx, &request, &c, err) ||
		!pipeline_target(a->p, i, &c, TRUE, &target, err))
		return NULL;
	env = python_env_prepare(a->p->ctx, &a->p->uv, i->python, files,
		i->source->lock->path, &env_key, err);
	if (!env)
		return NULL;
	/* A setup.py may well run configure or cmake while it is only asked. */
	static const step_part *const parts[] = {&step_cmake, &step_autotools, NULL};
	g_autofree char *scratch = g_build_filename(a->dir, "scratch", NULL);
	step_site site = {.item = a->i,
		.cross = &c,
		.target = &target,
		.project = &a->project,
		.env = env,
		.source = a->source,
		.scratch = scratch,
		.level = info->level};
	g_auto(step_extras) extras = {0};
	step_extras_init(&extras);
	if (!fs_mkdir_p(scratch, 0755, err) ||
		!step_parts_prepare(parts, a->p, &site, &extras, err))
		return NULL;
	const recipe_source *first = g_ptr_array_index(i->recipe->sources, 0);
	const recipe *r = i->recipe;
	python_step s = {.base = {.ctx = a->p->ctx,
				 .platform = i->platform,
				 .floor = i->floor,
				 .cross = &c,
				 .source = a->source,
				 .out = out,
				 .variables = r->build.env,
				 .source_date_epoch = 315532800, /* 1980, as in zip */
				 .jobs = a->p->ctx->jobs,
				 .level = info->level,
				 .timeout_s = r->build.timeout,
				 .silent_timeout_s = r->build.silent_timeout,
				 .memory_limit = r->build.memory,
				 .log_path = log,
				 .item = i->id,
				 .scratch = scratch},
		.python = i->python,
		.target = &target,
		.env = env,
		.subdirectory = first->subdirectory,
		.project = &a->project,
		.extras = &extras,
		.config_settings = r->build.config_settings};
	GError *problem = NULL;
	g_auto(GStrv) asked_for = python_step_requires(&s, &problem);
	if (asked_for)
		return step_cmake_requires(&a->project, asked_for);
	i->asks_libraries =
		bare && pipeline_has_libraries(i) && problem->code == EXIT_BUILD;
	g_propagate_error(err, problem);
	return NULL;
}

gboolean wheel_project_read(
	pipeline *p, const item *i, const char *source, python_project *out, GError **err)
{
	g_autofree char *toml = g_build_filename(source, "pyproject.toml", NULL);
	g_autofree char *setup = g_build_filename(source, "setup.py", NULL);

	*out = (python_project){0};
	if (builder_wheel_is_script(i->recipe) &&
		!g_file_test(toml, G_FILE_TEST_EXISTS) &&
		!g_file_test(setup, G_FILE_TEST_EXISTS)) {
		out->backend = g_strdup("");
		return TRUE;
	}
	return python_project_read(p->ctx, i->python, source, out, err);
}

static lock_environment *make_section(asked *a, GError **err)
{
	pipeline *p = a->p;
	item *i = a->i;
	g_autoptr(GPtrArray) blobs =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = p->ctx->offline};
	const sandbox_info *info = sandbox_choose(p->options.level, err);

	if (!info || !source_fetch(p->ctx, i, blobs, err) ||
		!fetch_blobs(p->ctx->store, blobs, &options, err))
		return NULL;
	a->dir = store_temp_dir(p->ctx->store, err);
	if (!a->dir)
		return NULL;
	a->source = g_build_filename(a->dir, "src", NULL);
	if (!source_unpack(p->ctx, i, a->source, info->level, err) ||
		!wheel_project_read(p, i, a->source, &a->project, err))
		return NULL;
	python_markers_init(&a->markers, i->python, i->platform);
	g_auto(GStrv) requires = top_level(a, NULL, err);
	g_autoptr(GPtrArray) files = requires ? resolve(a, requires, err) : NULL;
	g_auto(GStrv) hook = !files ? NULL
			     : builder_wheel_is_script(i->recipe)
				     ? g_new0(char *, 1)
				     : ask_backend(a, files, err);
	if (!hook)
		return NULL;
	g_auto(GStrv) all = top_level(a, hook, err);
	if (!all)
		return NULL;
	if (!g_strv_equal((const char *const *)all, (const char *const *) requires)) {
		g_ptr_array_unref(files);
		files = resolve(a, all, err);
		if (!files)
			return NULL;
	}
	if (!step_wraps_lock(p, i, a->source, files, err))
		return NULL;
	GPtrArray *overlay = overlay_choose(p, i, files, err);
	if (!overlay)
		return NULL;
	lock_environment *e = lock_environment_new(i->python_tag, i->platform->name);
	g_ptr_array_unref(e->overlay);
	e->overlay = overlay;
	for (char **r = all; *r; r++)
		g_ptr_array_add(e->requires, g_strdup(*r));
	const GPtrArray *own = i->recipe->requirements.build;
	for (guint n = 0; own && n < own->len; n++)
		g_ptr_array_add(e->recipe_requires, g_strdup(g_ptr_array_index(own, n)));
	g_ptr_array_unref(e->packages);
	e->packages = g_steal_pointer(&files);
	return e;
}

static gboolean lock_environment_of(pipeline *p, item *i, GError **err)
{
	recipe_lock *lock = i->source->lock;
	lock_environment *e =
		recipe_lock_environment(lock, i->python_tag, i->platform->name);

	if (e && !p->options.upgrade) {
		if (section_fits(p, i, e, err))
			return TRUE;
		if (!p->options.renew)
			return FALSE;
		g_clear_error(err);
	}
	if (p->ctx->locked) {
		error_set(err, EXIT_LOCK, "X0407",
			"the build requirements for %s on %s are not locked",
			i->python_tag, i->platform->name);
		error_note(err,
			i->source->lock_text ? "%s has no such section"
					     : "there is no %s",
			lock->path);
		item_help_lock(err, i);
		return FALSE;
	}
	if (!pipeline_uv(p, err))
		return FALSE;
	gint64 begun = event_step_begin(i->id, "lock");
	asked a = {.p = p, .i = i};
	e = make_section(&a, err);
	asked_clear(&a);
	event_step_end(i->id, "lock", begun, e || i->asks_libraries);
	if (i->asks_libraries) {
		g_clear_error(err);
		event_log(EVENT_INFO, i->id,
			"its backend is asked again with the libraries at hand");
		return TRUE;
	}
	if (!e)
		return FALSE;
	lock_cut_add(lock, p->ctx->cut);
	recipe_lock_set_environment(lock, e);
	return TRUE;
}

gboolean wheel_lock(pipeline *p, item *i, GError **err)
{
	item_check_python(i);
	if (i->state == ITEM_SKIPPED)
		return TRUE;
	return lock_environment_of(p, i, err);
}
