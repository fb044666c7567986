#include "build/sysroot.h"
#include "build/sysroot_check.h"
#include "build/sysroot_scripts.h"

/* Raise it when the steps below make another tree of the same packages. */
#define SYSROOT_VERSION 1

static gboolean finish(const package_set *set, const char *dir, GError **err)
{
	/* What is only run in has no linker scripts, and links into what was pruned. */
	if (set->finish_data)
		return TRUE;
	return sysroot_scripts_rewrite(dir, err) && sysroot_check(dir, set->target, err);
}

package_set sysroot_package_set(
	const sysroot_def *def, const platform *target, const GPtrArray *extra)
{
	return (package_set){.kind = "sysroot",
		.name = def->name,
		.path = def->path,
		.def = &def->packages,
		.target = target,
		.extra = extra,
		.finish = finish,
		.finish_data = def->python,
		.version = SYSROOT_VERSION};
}

char *sysroot_prepare(const build_context *ctx, const sysroot_def *def,
	const platform *target, const GPtrArray *extra, char **key, GError **err)
{
	package_set set = sysroot_package_set(def, target, extra);

	if (!sysroot_def_has(def, target, err))
		return NULL;
	return package_set_tree(ctx, &set, key, err);
}

char *sysroot_key(const build_context *ctx, const sysroot_def *def,
	const platform *target, const GPtrArray *extra, GError **err)
{
	package_set set = sysroot_package_set(def, target, extra);

	if (!sysroot_def_has(def, target, err))
		return NULL;
	g_autoptr(package_section) section =
		package_set_lock(ctx, &set, FALSE, NULL, err);
	return section ? package_set_key(&set, section) : NULL;
}

GPtrArray *sysroot_more(const build_context *ctx, const sysroot_def *def,
	const platform *target, const GPtrArray *names, GError **err)
{
	package_set set = sysroot_package_set(def, target, NULL);

	if (!sysroot_def_has(def, target, err))
		return NULL;
	g_autoptr(package_section) section =
		package_set_lock(ctx, &set, FALSE, NULL, err);
	return section ? package_set_more(ctx, &set, section, names, err) : NULL;
}
