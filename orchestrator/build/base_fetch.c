#include "build/base_fetch.h"
#include "base/error.h"
#include "base/event.h"
#include "base/process.h"
#include <string.h>

#define LINES_SHOWN 5

static double time_limit(void)
{
	const char *text = g_getenv("XORCH_GIT_TIMEOUT");
	double seconds = text && *text ? g_ascii_strtod(text, NULL) : 0;

	return seconds > 0 ? seconds : 1800;
}

/* Only with git: the help that is in any case true. */
static gboolean without_git(GError **err)
{
	error_set(
		err, EXIT_HOST, "X0325", "--fetch-base needs git, which is not in PATH");
	error_help(err, "install git, or fetch the whole history before: on GitHub "
			"actions/checkout with `fetch-depth: 0`");
	return FALSE;
}

/* What git said last. */
static void last_words(const char *text, GError **err)
{
	g_autofree char *shown = text_escape(text ? text : "", -1);
	g_auto(GStrv) lines = g_strsplit(g_strchomp(shown), "\n", -1);
	guint n = g_strv_length(lines);

	for (guint i = n > LINES_SHOWN ? n - LINES_SHOWN : 0; i < n; i++)
		if (*lines[i])
			error_line(err, "%s", lines[i]);
}

gboolean base_fetch(const char *top, const char *remote, const char *refspec,
	gboolean unshallow, GError **err)
{
	g_autofree char *git = process_find_program("git", NULL);
	g_auto(GStrv) inherited = g_get_environ();
	g_auto(process_result) result = {0};
	const char *argv[16] = {git, "-C", top, "-c", "gc.auto=0", "-c",
		"maintenance.auto=false", "fetch", "--quiet", "--no-tags",
		"--no-recurse-submodules"};
	guint n = 11;

	if (!git)
		return without_git(err);
	if (unshallow)
		argv[n++] = "--unshallow";
	argv[n++] = "--"; /* what follows is no option, whatever it begins with */
	argv[n++] = remote;
	argv[n] = refspec;
	inherited = g_environ_setenv(inherited, "GIT_TERMINAL_PROMPT", "0", TRUE);
	inherited = g_environ_setenv(inherited, "LC_ALL", "C", TRUE);
	process_spec spec = {.argv = argv,
		.env = (const char *const *)inherited,
		.name = "git fetch",
		.capture = TRUE,
		.capture_limit = 1 << 20,
		.timeout_s = time_limit()};
	event_log(EVENT_INFO, NULL,
		unshallow ? "fetching the history of %s from %s" : "fetching %s from %s",
		unshallow ? top : refspec, remote);
	if (!process_run(&spec, &result, err))
		return FALSE;
	if (!result.timed_out && result.exit_code == 0)
		return TRUE;
	g_autofree char *how = process_describe(&spec, &result);
	error_set(err, result.timed_out ? EXIT_TIME : EXIT_NETWORK, "X0325",
		"what --changed-since compares with could not be fetched");
	error_line(err, "git fetch %s %s %s", remote, refspec, how);
	last_words(result.err, err);
	error_help(err, "the remote `%s` of %s must be one that git may fetch from here",
		remote, top);
	return FALSE;
}
