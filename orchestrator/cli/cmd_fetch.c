#include "cli/definition.h"
#include "cli/verbs.h"

int cmd_fetch(const options *o, char **args, GError **err)
{
	if (!args[0] && (o->sysroot || o->toolchain))
		return fetch_definitions(o, err);
	return items_fetch(o, args, err);
}
