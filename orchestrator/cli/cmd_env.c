#include "base/error.h"
#include "cli/output.h"
#include "cli/target_env.h"
#include "cli/verbs.h"
#include "plan/environment.h"
#include <string.h>

/* --json is --format json, as everywhere. */
static gboolean wanted_format(const options *o, environment_format *format, GError **err)
{
	*format = o->json ? ENVIRONMENT_JSON : ENVIRONMENT_SH;
	if (!o->format)
		return TRUE;
	if (!environment_format_parse(o->format, format, err))
		return FALSE;
	if (o->json && *format != ENVIRONMENT_JSON)
		return error_set(err, EXIT_INPUT, "X0121",
			"--json and --format %s contradict each other", o->format);
	return TRUE;
}

static json_t *as_json(const GPtrArray *env)
{
	json_t *o = json_object();

	for (guint i = 0; i < env->len; i++) {
		const environment_variable *e = g_ptr_array_index(env, i);
		json_object_set_new(o, e->name, json_string(e->value));
	}
	return o;
}

int cmd_env(const options *o, char **args, GError **err)
{
	environment_format format;

	(void)args;
	if (!wanted_format(o, &format, err))
		return EXIT_INPUT;
	g_autoptr(GPtrArray) env = target_environment(o, o->no_fetch, err);
	if (!env)
		return EXIT_INPUT;
	if (o->json) {
		output_json(as_json(env));
		return EXIT_DONE;
	}
	g_autofree char *text = environment_text(env, format);
	text[strlen(text) - 1] = '\0'; /* output_line ends it */
	output_line("%s", text);
	return EXIT_DONE;
}
