#include "base/error.h"
#include "cli/common.h"
#include "cli/upkeep.h"
#include "cli/verbs.h"

int cmd_outdated(const options *o, char **args, GError **err)
{
	g_autoptr(GPtrArray) rows = upkeep_read(args, FALSE, err);
	build_context c;

	if (!rows)
		return EXIT_INPUT;
	if (!common_open(o, &c, err))
		return EXIT_HOST;
	int code = EXIT_INPUT;
	if (upkeep_ask(o, &c, rows, FALSE, err)) {
		upkeep_report(o, rows);
		code = upkeep_failures(rows);
		if (!code && o->exit_code && upkeep_any_update(rows))
			code = EXIT_BUILD;
	}
	common_close(&c);
	return code;
}
