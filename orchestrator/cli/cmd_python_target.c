#include "base/error.h"
#include "build/cross.h"
#include "build/python_select.h"
#include "build/python_target.h"
#include "cli/common.h"
#include "cli/floor_option.h"
#include "cli/verbs.h"
#include "plan/floor_range.h"
#include <stdio.h>

/* For tests: makes the target Pythons of --target and --python and prints a line
 * TAG PLATFORM FOLDER for each. */
static gboolean make_one(const build_context *c, const host_python *python,
	const cross *x, const platform *p, const char *floor, GError **err)
{
	g_auto(toolchain) clang = {0};
	g_auto(python_target) target = {0};
	python_target_spec spec = {.python = python,
		.platform = p,
		.floor = floor,
		.clang = &clang,
		.sysroot = x->sysroot_tree,
		.sysroot_key = x->key};
	const char *tree =
		x->build_toolchain_tree ? x->build_toolchain_tree : x->toolchain_tree;

	if (!toolchain_open(&clang, "clang", tree, x->key, p, err) ||
		!python_target_prepare(c, &spec, &target, err))
		return FALSE;
	printf("%s %s %s\n", python->tag, p->name, target.tree);
	return TRUE;
}

static gboolean make_all(const options *o, const build_context *c, GError **err)
{
	g_autoptr(GPtrArray) found = host_python_find_all(c->store, NULL);
	g_autoptr(GPtrArray) targets = common_targets(o, NULL, err);
	g_autoptr(GPtrArray) wanted = g_ptr_array_new();

	for (guint i = 0; o->pythons && i < o->pythons->len; i++)
		g_ptr_array_add(wanted, g_ptr_array_index(o->pythons, i));
	g_ptr_array_add(wanted, NULL);
	g_autoptr(GPtrArray) pythons =
		python_select(c->store, found, (const char *const *)wanted->pdata, err);
	if (!targets || !pythons)
		return FALSE;
	for (guint t = 0; t < targets->len; t++) {
		const platform *p = g_ptr_array_index(targets, t);
		g_autofree char *floor = floor_option(o, NULL, p, err);
		g_autoptr(sysroot_def) def =
			floor ? sysroot_for_floor(o->sysroot, floor, p, err) : NULL;
		if (!def)
			return FALSE;
		cross_request request = {
			.toolchain = o->toolchain ? o->toolchain : "clang",
			.sysroot = def,
			.platform = p,
			.floor = floor};
		g_auto(cross) x = {0};
		if (!cross_prepare(c, &request, &x, err))
			return FALSE;
		for (guint i = 0; i < pythons->len; i++)
			if (!make_one(c, g_ptr_array_index(pythons, i), &x,
				    request.platform, floor, err))
				return FALSE;
	}
	return TRUE;
}

int cmd_python_target(const options *o, char **args, GError **err)
{
	build_context c = {0};

	(void)args;
	if (!common_open(o, &c, err))
		return EXIT_HOST;
	gboolean ok = make_all(o, &c, err);
	common_close(&c);
	return ok ? EXIT_DONE : EXIT_BUG;
}
