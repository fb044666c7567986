#include "build/pipeline_wheel.h"
#include "base/error.h"
#include "base/fault.h"
#include "build/build_log.h"
#include "build/builder_wheel.h"
#include "build/floor.h"
#include "build/object_check.h"
#include "build/pipeline_graft.h"
#include "build/pipeline_abi3.h"
#include "build/pipeline_parts.h"
#include "build/pipeline_private.h"
#include "build/pipeline_step.h"
#include "build/python_env.h"
#include "build/python_resolve.h"
#include "build/script_variables.h"
#include "build/source.h"
#include "build/step_autotools.h"
#include "build/step_bindgen.h"
#include "build/step_ccache.h"
#include "build/step_cmake.h"
#include "build/step_extras.h"
#include "build/step_meson.h"
#include "build/step_overlay.h"
#include "build/step_rust.h"
#include "build/step_wraps.h"
#include "plan/arm_feature.h"

/* The builder of `kind: wheel`: a PEP 517 build in three environments. */

/* What adds to a build step, one row a backend or kind of input. */
static const step_part *const parts[] = {&step_rust, &step_cmake, &step_meson,
	&step_wraps, &step_autotools, &step_overlay, &step_bindgen, &step_ccache, NULL};

static void add_requirements(key *k, const lock_environment *e)
{
	for (guint n = 0; n < e->packages->len; n++) {
		const locked_file *f = g_ptr_array_index(e->packages, n);
		g_autofree char *name = g_strdup_printf("requirement %s", f->name);
		g_autofree char *value =
			g_strdup_printf("%s %.16s", f->version, f->sha256);
		key_add(k, name, value);
	}
}

static gboolean wheel_add_to_key(pipeline *p, item *i, key *k, GError **err)
{
	g_auto(cross) c = {0};
	g_auto(python_target) target = {0};
	cross_request request;
	const lock_environment *e = recipe_lock_environment(
		i->source->lock, i->python_tag, i->platform->name);

	if (!e) {
		error_set(
			err, EXIT_LOCK, "X0407", "the build requirements are not locked");
		error_note(err, "%s has no section for %s on %s", i->source->lock->path,
			i->python_tag, i->platform->name);
		item_help_lock(err, i);
		return FALSE;
	}
	if (!pipeline_cross_request(p, i, &request, err) ||
		!cross_describe(p->ctx, &request, &c, err) ||
		!pipeline_target(p, i, &c, FALSE, &target, err) ||
		!pipeline_uv_described(p, err)) /* a plan fetches nothing */
		return FALSE;
	add_requirements(k, e);
	key_add(k, "compilers", c.key);
	key_add(k, "target headers", target.key);
	g_autofree char *env = python_env_key(&p->uv, i->python, e->packages);
	key_add(k, "build environment", env);
	if (!pipeline_graft_check(p, i, err) || !pipeline_graft_add_to_key(p, i, k, err))
		return FALSE;
	pipeline_parts_add_to_key(i, k);
	return step_parts_add_to_key(parts, p, i, k, err);
}

static gboolean wheel_lock_all(pipeline *p, item *i, GError **err)
{
	if (!wheel_lock(p, i, err))
		return FALSE;
	return i->state == ITEM_SKIPPED || i->asks_libraries ||
	       step_parts_lock(parts, p, i, err);
}

static gboolean wheel_fetch(pipeline *p, item *i, GError **err)
{
	cross_request request;
	g_auto(cross) c = {0};
	const lock_environment *e = recipe_lock_environment(
		i->source->lock, i->python_tag, i->platform->name);

	/* the libraries are built later */
	if (!pipeline_cross_bare(p, i, &request, err) ||
		!cross_prepare(p->ctx, &request, &c, err) || !pipeline_uv(p, err) ||
		!pipeline_graft_fetch(p, i, err) || !pipeline_parts_fetch(p, i, err))
		return FALSE;
	if (!python_env_is_ready(p->ctx, &p->uv, i->python, e->packages)) {
		g_autoptr(GPtrArray) files = python_files_fetch(
			p->ctx, e->packages, i->source->lock->path, err);
		if (!files)
			return FALSE;
	}
	return step_parts_fetch(parts, p, i, err);
}

static gboolean wheel_build(
	pipeline *p, item *i, workplace *w, pipeline_finish finish, GError **err)
{
	const recipe *r = i->recipe;
	cross_request request;
	g_auto(cross) c = {0};
	g_auto(python_target) target = {0};
	g_auto(python_project) project = {0};
	gint64 begun = 0;
	guint cpu = arm_features_of(r->wheel.cpu);

	pipeline_step(i, "prepare", &begun, TRUE);
	const lock_environment *locked = recipe_lock_environment(
		i->source->lock, i->python_tag, i->platform->name);
	g_autofree char *env_key = NULL;
	g_autofree char *env = NULL;
	const sandbox_info *info = sandbox_choose(p->options.level, err);
	gboolean ok = info && pipeline_cross_request(p, i, &request, err) &&
		      cross_prepare(p->ctx, &request, &c, err) &&
		      object_check_linked(c.sysroot_tree, i->platform, cpu, err) &&
		      pipeline_target(p, i, &c, TRUE, &target, err) &&
		      pipeline_uv(p, err);
	if (ok) {
		env = python_env_prepare(p->ctx, &p->uv, i->python, locked->packages,
			i->source->lock->path, &env_key, err);
		ok = env && pipeline_unpack(p, i, w, info->level, err) &&
		     wheel_project_read(p, i, w->source, &project, err);
	}
	fault_point("configure");
	if (!pipeline_step(i, "prepare", &begun, ok))
		return FALSE;

	const recipe_source *first = g_ptr_array_index(r->sources, 0);
	step_site site = {.item = i,
		.cross = &c,
		.target = &target,
		.project = &project,
		.env = env,
		.source = w->source,
		.scratch = w->scratch,
		.level = info->level,
		.compared = finish == p->options.again};
	g_auto(step_extras) extras = {0};
	step_extras_init(&extras);
	if (!step_parts_prepare(parts, p, &site, &extras, err))
		return FALSE;
	g_auto(pipeline_build_step) common = {0};
	pipeline_build_step_init(&common, p, i, w, &c, info);
	common.step.strip = r->wheel.strip;
	python_step s = {.base = common.step,
		.python = i->python,
		.target = &target,
		.env = site.env,
		.subdirectory = first->subdirectory,
		.project = &project,
		.extras = &extras,
		.config_settings = r->build.config_settings};
	g_autofree char *wheel = builder_wheel_run(&s, r, err);
	step_ccache_count(i, w->scratch);
	fault_point("build");
	if (!wheel)
		return FALSE;
	g_autofree char *file = g_path_get_basename(wheel);
	if (!abi3_as_asked(i, file, err))
		return FALSE;
	g_free(i->sandbox);
	i->sandbox = g_strdup(sandbox_level_name(info->level));
	const char *built[] = {w->source, w->scratch, NULL};
	if (!object_check_cpu(built, i->platform, cpu, err))
		return FALSE;

	pipeline_step(i, "audit", &begun, TRUE);
	g_auto(pipeline_graft) graft = {0};
	if (!pipeline_graft_prepare(p, i, &c, w->dir, &graft, err))
		return pipeline_step(i, "audit", &begun, FALSE);
	const pipeline_built left = {
		.folders = built, .wheel = wheel, .out = w->out, .cross = &c};
	g_autoptr(GPtrArray) linked = pipeline_parts(p, i, &left, err);
	if (!linked)
		return pipeline_step(i, "audit", &begun, FALSE);
	g_autofree char *folder = g_path_get_dirname(wheel);
	g_autofree char *names = g_build_filename(c.sysroot_tree, FLOOR_NAMES, NULL);
	const char *paths[] = {store_dir(p->ctx->store), w->dir, "/xorch/", NULL};
	pipeline_product product = {.folder = folder,
		.source_date_epoch = s.base.source_date_epoch,
		.floor_names = names,
		.build_paths = paths,
		.patchelf = graft.patchelf,
		.work = graft.work,
		.licences = graft.licences,
		.libraries = graft.places,
		.parts = linked,
		.target = &target};
	ok = finish(i, &product, p->options.finish_data, err);
	if (!ok) {
		g_autofree char *top = g_build_filename(
			w->source, first->subdirectory ? first->subdirectory : ".", NULL);
		build_log_context about = {.sysroot = s.base.sysroot,
			.platform = i->platform,
			.host = s.base.host};
		script_variables_tell(top, err);
		build_log_tell(i->log, &about, err);
	}
	return pipeline_step(i, "audit", &begun, ok);
}

const builder builder_wheel = {.name = "wheel",
	.python = TRUE,
	.lock = wheel_lock_all,
	.add_to_key = wheel_add_to_key,
	.fetch = wheel_fetch,
	.build = wheel_build};
