#include "cli/definition.h"
#include "cli/verbs.h"

int cmd_lock(const options *o, char **args, GError **err)
{
	if (!args[0] && (o->sysroot || o->toolchain))
		return lock_definitions(o, err);
	return items_lock(o, args, err);
}
