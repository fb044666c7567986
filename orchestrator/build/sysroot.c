#include "build/sysroot.h"
#include "build/sysroot_check.h"
#include "build/sysroot_scripts.h"

/* Raise it when the steps below make another tree of the same packages. */
#define SYSROOT_VERSION 3

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
		.alternatives = TRUE,
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

/* libgomp1's licence is a link into gcc-10-base. */
static gboolean holds_libraries(const char *name)
{
	if (g_str_has_prefix(name, "gcc-") && g_str_has_suffix(name, "-base"))
		return TRUE;
	return g_str_has_prefix(name, "lib") && !g_str_has_suffix(name, "-dev") &&
	       !g_str_equal(name, "libc6");
}

GPtrArray *sysroot_library_packages(const build_context *ctx, const sysroot_def *def,
	const platform *target, GError **err)
{
	package_set set = sysroot_package_set(def, target, NULL);
	g_autoptr(package_section) section =
		package_set_lock(ctx, &set, FALSE, NULL, err);
	GPtrArray *out;

	if (!section)
		return NULL;
	out = g_ptr_array_new_with_free_func((GDestroyNotify)locked_package_free);
	for (guint n = 0;
		package_def_is_debian(&def->packages) && n < section->packages->len;
		n++) {
		const locked_package *p = g_ptr_array_index(section->packages, n);
		if (holds_libraries(p->name))
			g_ptr_array_add(out, locked_package_copy(p));
	}
	return out;
}
