#include "base/error.h"
#include "base/process.h"
#include "base/terminal.h"
#include "build/kept.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include <stdio.h>
#include <unistd.h>

static void show(const char *bytes, gsize size, gboolean is_stderr, void *data)
{
	(void)data;
	fwrite(bytes, 1, size, is_stderr ? stderr : stdout);
	fflush(is_stderr ? stderr : stdout);
}

/* What somebody sits at, in place of what the environment of a build has. */
static GPtrArray *shell_environment(const kept *k, const char *id)
{
	GPtrArray *env = g_ptr_array_new_with_free_func(g_free);
	const char *term = g_getenv("TERM");

	for (guint n = 0; k->spec.env[n]; n++)
		g_ptr_array_add(env, g_strdup(k->spec.env[n]));
	g_ptr_array_add(env, g_strdup_printf("TERM=%s", term ? term : "dumb"));
	g_ptr_array_add(env, g_strdup_printf("PS1=%s \\W$ ", id));
	g_ptr_array_add(env, NULL);
	return env;
}

static void introduce(const kept *k)
{
	g_autofree char *ran = g_strjoinv(" ", (char **)k->spec.argv);

	output_note("%s, sandbox %s; what is changed in it stays", k->folder,
		sandbox_level_name(k->spec.level));
	output_note("the last step was: %s", ran);
	for (guint n = 0; n < k->missing->len; n++)
		output_note("%s (build.env_pass) is not set here",
			(const char *)g_ptr_array_index(k->missing, n));
}

static int enter(kept *k, const char *id, char **command, GError **err)
{
	static const char *const shell[] = {"sh", "-c",
		"command -v bash >/dev/null && exec bash --norc --noprofile -i; exec sh "
		"-i",
		NULL};
	g_auto(sandbox_result) r = {0};
	g_autoptr(terminal) t = NULL;
	g_autoptr(GPtrArray) env = shell_environment(k, id);

	introduce(k);
	k->spec.argv = *command ? (const char *const *)command : shell;
	if (terminal_is_there()) {
		if (!*command)
			k->spec.env = (const char *const *)env->pdata;
		t = terminal_begin(err);
		if (!t)
			return EXIT_HOST;
		k->spec.terminal = terminal_side(t);
	} else {
		k->spec.on_output = show;
	}
	if (!sandbox_run(&k->spec, &r, err))
		return EXIT_HOST;
	return r.process.signal ? EXIT_SIGNAL + r.process.signal : r.process.exit_code;
}

int cmd_shell(const options *o, char **args, GError **err)
{
	build_context c;
	char **command = args[0] ? args + 1 : args;

	if (*command && g_str_equal(*command, "--"))
		command++;
	if (!args[0] || (!*command && (o->no_input || !terminal_is_there()))) {
		error_set(err, EXIT_INPUT, "X0112",
			!args[0] ? "no id given"
			: o->no_input
				? "--no-input is given, and no command"
				: "standard input is no terminal, and no command is "
				  "given");
		error_help(err, "xorch shell cwcwidth-0.1.12-cp311-aarch64 -- ls");
		return EXIT_INPUT;
	}
	g_autoptr(kept) k = kept_open(args[0], err);
	if (!k)
		return EXIT_INPUT;
	/* The store is in use: nothing is pruned meanwhile. */
	if (!common_open(o, &c, err))
		return EXIT_HOST;
	int code = enter(k, args[0], command, err);
	common_close(&c);
	return code;
}
