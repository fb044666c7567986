#include "base/error.h"
#include "build/build_log.h"
#include "build/sandbox.h"
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

/* `xorch __sandbox COMMAND…`: one command as a build step sees the world, the
 * current folder as its source. For the tests, and for a look by hand. */
int cmd_sandbox(const options *o, char **args, GError **err)
{
	g_autofree char *here = g_get_current_dir();
	g_auto(sandbox_result) r = {0};
	sandbox_bind src = {here, SANDBOX_SRC, TRUE};
	sandbox_spec s = {.level = (sandbox_level)o->sandbox,
		.binds = &src,
		.n_binds = 1,
		.argv = (const char *const *)args,
		.timeout_s = (double)o->timeout,
		.on_output = show};

	if (!args[0]) {
		error_set(err, EXIT_INPUT, "X0112", "no command given");
		error_help(err, "xorch __sandbox [--sandbox LEVEL] COMMAND [ARGUMENT…]");
		return EXIT_INPUT;
	}
	if (!sandbox_run(&s, &r, err))
		return EXIT_HOST;
	if (r.process.timed_out) {
		error_set(err, EXIT_TIME, "X0902", "%s was stopped after %g s", args[0],
			s.timeout_s);
		return EXIT_TIME;
	}
	return r.process.signal ? EXIT_SIGNAL + r.process.signal : r.process.exit_code;
}
