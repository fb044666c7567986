#include "cli/target_env.h"
#include "cli/choice.h"
#include "build/cross.h"
#include "cli/common.h"
#include "cli/floor_option.h"
#include "plan/compiler_choice.h"
#include "plan/environment.h"
#include "plan/floor_range.h"

static gboolean ready(
	const options *o, const platform *p, const char *floor, cross *out, GError **err)
{
	build_context c;
	g_autoptr(sysroot_def) sysroot =
		sysroot_for_floor(choice_sysroot(o, NULL), floor, p, err);

	if (!sysroot || !common_open(o, &c, err))
		return FALSE;
	g_autofree char *compiler =
		compiler_for_sysroot(choice_toolchain(o, NULL), sysroot->gcc);
	cross_request request = {
		.toolchain = compiler, .sysroot = sysroot, .platform = p, .floor = floor};
	gboolean ok = cross_prepare(&c, &request, out, err);
	common_close(&c);
	return ok;
}

GPtrArray *target_environment(const options *o, gboolean alone, GError **err)
{
	const platform *p = common_target(o, err);
	g_autofree char *floor = p ? floor_option(o, NULL, p, err) : NULL;
	g_auto(cross) c = {0};

	if (!floor)
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
