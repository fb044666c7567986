#include "base/error.h"
#include "cli/definition.h"
#include "cli/verbs.h"

int cmd_fetch(const options *o, char **args, GError **err)
{
	if (!args[0] && (o->sysroot || o->toolchain))
		return fetch_definitions(o, err);
	error_set(err, EXIT_INPUT, "X0140", "nothing is named to fetch");
	error_help(err,
		"name a recipe, or a sysroot or toolchain: `xorch fetch --sysroot "
		"debian-11 --target armv7`, `xorch fetch --toolchain clang`");
	return EXIT_INPUT;
}
