#include "base/error.h"
#include "base/process.h"
#include "cli/output.h"
#include "cli/target_env.h"
#include "cli/verbs.h"
#include "plan/environment.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* This process becomes the command: its status, its terminal and its signals are
 * the command's own, and nothing of xorch is left between it and the caller. */
static int become(char **command, char **env, GError **err)
{
	g_autofree char *program = process_find_program(command[0], NULL);
	g_autofree char *shown = text_escape(command[0], -1);

	if (!program) {
		error_set(
			err, EXIT_HOST, "X0810", "program `%s` not found in PATH", shown);
		return EXIT_HOST;
	}
	fflush(NULL);
	/* Ignored signals stay ignored across exec, and we ignore SIGPIPE. */
	signal(SIGPIPE, SIG_DFL);
	execve(program, command, env);
	error_set_errno(err, EXIT_HOST, "X0810", errno, "cannot execute `%s`", shown);
	return EXIT_HOST;
}

int cmd_exec(const options *o, char **args, GError **err)
{
	if (!args[0]) {
		error_set(err, EXIT_INPUT, "X0112", "no command given");
		error_help(err, "xorch exec --target armv7 -- make");
		return EXIT_INPUT;
	}
	g_autoptr(GPtrArray) vars = target_environment(o, o->no_fetch, err);
	if (!vars)
		return EXIT_INPUT;
	g_auto(GStrv) env = g_get_environ();
	for (guint i = 0; i < vars->len; i++) {
		const environment_variable *e = g_ptr_array_index(vars, i);
		env = g_environ_setenv(env, e->name, e->value, TRUE);
	}
	return become(args, env, err);
}
