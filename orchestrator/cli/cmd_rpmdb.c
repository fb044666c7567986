#include "base/error.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "format/rpm_database.h"

/* `xorch __rpmdb DIR`: the child of build/sysroot_rpmdb.c. The answer on standard output
 * is format/rpm_database.h's. */
int cmd_rpmdb(const options *o, char **args, GError **err)
{
	json_t *found = NULL;

	(void)o;
	if (!args[0] || args[1] || !g_path_is_absolute(args[0]))
		return error_set(
			err, EXIT_INPUT, "X0820", "one folder, by its full path");
	found = rpm_database_read(args[0], err);
	if (!found)
		return EXIT_INTEGRITY;
	output_json(found);
	return EXIT_DONE;
}
