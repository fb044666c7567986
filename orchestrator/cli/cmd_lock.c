#include "base/error.h"
#include "cli/definition.h"
#include "cli/verbs.h"

int cmd_lock(const options *o, char **args, GError **err)
{
	if (!args[0] && (o->sysroot || o->toolchain))
		return lock_definitions(o, err);
	error_set(err, EXIT_INPUT, "X0140", "nothing is named to lock");
	error_help(err, "name a recipe, or a sysroot or toolchain: `xorch lock --sysroot "
			"debian-11`, `xorch lock --toolchain clang --upgrade`");
	return EXIT_INPUT;
}
