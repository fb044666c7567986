#include "plan/schema.h"
#include "base/error.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include <stdlib.h>

/* In the order of the tables, which is the order of the documentation. */
int cmd_schema(const options *o, char **args, GError **err)
{
	gboolean of_project = args[0] && g_str_equal(args[0], "project");

	(void)o;
	if (args[0] && !of_project && !g_str_equal(args[0], "recipe")) {
		g_autofree char *shown = text_escape(args[0], -1);
		error_set(err, EXIT_INPUT, "X0132", "there is no schema of `%s`", shown);
		error_help(err, "xorch schema [recipe|project]");
		return EXIT_INPUT;
	}
	json_t *schema = of_project ? schema_of_project() : schema_of_recipe();
	char *text = json_dumps(schema, JSON_INDENT(1));
	json_decref(schema);
	output_line("%s", text);
	free(text);
	return EXIT_DONE;
}
