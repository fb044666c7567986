#include "base/error.h"
#include "base/words.h"
#include "cli/manual.h"
#include "cli/output.h"
#include "cli/verbs.h"

#define EXITS_WIDTH 85

static void exits(GString *out)
{
	g_autofree char *all = manual_exits_short();
	g_autofree char *text = g_strdup_printf("\nExit status: %s.\n", all);

	words_fold(out, text, 0, 0, EXITS_WIDTH);
}

static char *overview(void)
{
	GString *out =
		g_string_new("xorch cross-builds Python wheels and Go binaries for arm "
			     "without emulation.\n"
			     "\nUsage: xorch VERB [OPTION…] [ARGUMENT…]\n\nVerbs:\n");
	g_autofree char *rows = option_help(option_rows, OPTIONS_GLOBAL, output_width());

	for (const verb *v = verbs; v->name; v++)
		if (!(v->flags & VERB_HIDDEN))
			g_string_append_printf(out, "  %-10s %s\n", v->name, v->summary);
	g_string_append_printf(out, "\nOptions of every verb:\n%s", rows);
	g_string_append(out, "\n`xorch help VERB` shows a verb's own options, "
			     "`xorch help recipe` the keys of a recipe.\n");
	exits(out);
	return g_string_free(out, FALSE);
}

char *help_text(const verb *v)
{
	if (!v)
		return overview();
	GString *out = g_string_new(NULL);
	g_autofree char *own = option_help(option_rows, v->options, output_width());
	g_autofree char *global =
		option_help(option_rows, OPTIONS_GLOBAL, output_width());
	g_string_append_printf(out, "Usage: xorch %s [OPTION…] %s\n\n%s\n", v->name,
		v->arguments, v->summary);
	if (v->details) {
		g_string_append_c(out, '\n');
		words_fold(out, v->details, 0, 0, MIN(output_width(), 80));
		g_string_append_c(out, '\n');
	}
	if (*own)
		g_string_append_printf(out, "\nOptions:\n%s", own);
	g_string_append_printf(out, "\nOptions of every verb:\n%s", global);
	exits(out);
	return g_string_free(out, FALSE);
}

int cmd_help(const options *o, char **args, GError **err)
{
	(void)o;
	if (g_strcmp0(args[0], "recipe") == 0) {
		g_autofree char *keys = help_recipe_text();
		output_text(keys);
		return EXIT_DONE;
	}
	const verb *v = args[0] ? verb_by_name(args[0]) : NULL;

	if (args[0] && !v)
		return error_set(
			err, EXIT_INPUT, "X0125", "there is no verb `%s`", args[0]);
	g_autofree char *text = help_text(v);
	output_text(text);
	return EXIT_DONE;
}
