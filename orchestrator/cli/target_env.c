#include "cli/target_env.h"
#include "cli/choice.h"
#include "base/error.h"
#include "build/cross.h"
#include "cli/common.h"
#include "plan/environment.h"
#include "plan/recipe_fields.h"

static gboolean floor_ok(const char *floor, GError **err)
{
	const char *why = check_floor(floor);

	if (!why)
		return TRUE;
	g_autofree char *shown = text_escape(floor, -1);
	return error_set(err, EXIT_INPUT, "X0121", "--floor %s: %s", shown, why);
}

static gboolean ready(
	const options *o, const platform *p, const char *floor, cross *out, GError **err)
{
	build_context c;
	g_autoptr(sysroot_def) sysroot = sysroot_def_find(choice_sysroot(o, NULL), err);

	if (!sysroot || !sysroot_def_has(sysroot, p, err) || !common_open(o, &c, err))
		return FALSE;
	cross_request request = {.toolchain = choice_toolchain(o, NULL),
		.sysroot = sysroot,
		.platform = p,
		.floor = floor};
	gboolean ok = cross_prepare(&c, &request, out, err);
	common_close(&c);
	return ok;
}

GPtrArray *target_environment(const options *o, gboolean alone, GError **err)
{
	const platform *p = common_target(o, err);
	const char *floor = p ? choice_floor(o, NULL, p->name) : NULL;
	g_auto(cross) c = {0};

	if (!p || !floor_ok(floor, err))
		return NULL;
	environment_spec spec = {.platform = p, .floor = floor};
	if (alone)
		return environment_make(&spec);
	if (!ready(o, p, floor, &c, err))
		return NULL;
	g_autofree char *bin = g_build_filename(c.dir, "bin", NULL);
	g_autofree char *cmake =
		g_build_filename(c.dir, "cmake", "toolchain.cmake", NULL);
	spec.cross_bin = bin;
	spec.cmake_toolchain = cmake;
	spec.sysroot = c.sysroot_tree;
	return environment_make(&spec);
}
