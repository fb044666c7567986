#include "base/error.h"
#include "build/sysroot.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/verbs.h"

/* `xorch __sysroot NAME [PACKAGE…]`: a sysroot with further packages of its suite, as a
 * recipe's `deb:` requirements ask for, by itself, for the tests. Prints the tree and
 * what was added. */
static char *prepare(const build_context *c, const sysroot_def *def,
	const platform *target, char **names, GError **err)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new();

	for (char **n = names; *n; n++)
		g_ptr_array_add(list, *n);
	g_autoptr(GPtrArray) more =
		list->len ? sysroot_more(c, def, target, list, err) : NULL;
	if (list->len && !more)
		return NULL;
	char *tree = sysroot_prepare(c, def, target, more, NULL, err);
	if (tree)
		output_line("%s", tree);
	for (guint i = 0; tree && more && i < more->len; i++) {
		const locked_package *p = g_ptr_array_index(more, i);
		output_line("%s %s %s", p->name, p->version, p->sha256);
	}
	return tree;
}

int cmd_sysroot(const options *o, char **args, GError **err)
{
	build_context c;

	if (!args[0])
		return error_set(
			err, EXIT_INPUT, NULL, "the name of a sysroot is wanted");
	const platform *target = common_target(o, err);
	g_autoptr(sysroot_def) def = target ? sysroot_def_find(args[0], err) : NULL;
	if (!def || !common_open(o, &c, err))
		return EXIT_INPUT;
	g_autofree char *tree = prepare(&c, def, target, args + 1, err);
	common_close(&c);
	return tree ? EXIT_DONE : EXIT_INPUT;
}
