#include "build/build_log.h"
#include "base/error.h"
#include <signal.h>
#include <string.h>

static const char *const help_target_code =
	"the build ran a program that it had compiled for the target; give the answer it "
	"wanted instead: build.env with the autoconf cache variable (ac_cv_…), a CMake "
	"cache entry in build.config_settings, a meson option, or patch the step to use "
	"CC_FOR_BUILD for programs that run during the build";

static const char *const help_network =
	"put what it fetches into the recipe (requirements, source, vendored files), or "
	"allow it with `build.network: true` and --allow-network, which makes the result "
	"depend on what is online today";

static char *how_it_ended(const sandbox_result *r, const build_log_context *c)
{
	process_spec p = {.timeout_s = c->spec ? c->spec->timeout_s : 0,
		.silent_timeout_s = c->spec ? c->spec->silent_timeout_s : 0};

	return process_describe(&p, &r->process);
}

static char *bytes_text(guint64 n)
{
	return g_format_size_full(n, G_FORMAT_SIZE_IEC_UNITS);
}

/* What the process was held to, where that may be why it ended. */
static void note_limits(const build_log_context *c, GError **err)
{
	const sandbox_spec *s = c->spec;

	if (s && s->memory_limit) {
		g_autofree char *n = bytes_text(s->memory_limit);
		error_note(err, "memory limit of a process: %s (build.memory)", n);
	}
	if (s && s->process_limit)
		error_note(
			err, "limit of processes: %" G_GUINT64_FORMAT, s->process_limit);
}

static build_failure failure_of(const build_log *l, const process_result *p)
{
	if (p->silent_out)
		return BUILD_FAILURE_SILENCE;
	if (p->timed_out)
		return BUILD_FAILURE_TIME;
	if (l->failure == BUILD_FAILURE_OTHER &&
		(p->signal == SIGKILL || p->signal == SIGXFSZ))
		return p->signal == SIGKILL ? BUILD_FAILURE_MEMORY : BUILD_FAILURE_DISK;
	return l->failure;
}

typedef struct wording {
	int exit;
	const char *id, *what;
} wording;

static const wording wordings[] = {
	[BUILD_FAILURE_OTHER] = {EXIT_BUILD, "X0901", ""},
	[BUILD_FAILURE_COMPILER] = {EXIT_BUILD, "X0901", ""},
	[BUILD_FAILURE_FLAG] = {EXIT_BUILD, "X0907",
		": a compiler flag that cannot be for this target"},
	[BUILD_FAILURE_NETWORK] = {EXIT_BUILD, "X0905", ": it wanted the network"},
	[BUILD_FAILURE_TARGET_CODE] = {EXIT_BUILD, "X0904",
		": it tried to run code of the target"},
	[BUILD_FAILURE_MEMORY] = {EXIT_BUILD, "X0906", ": memory or processes ran out"},
	[BUILD_FAILURE_DISK] = {EXIT_HOST, "X0821", ": no space left"},
	[BUILD_FAILURE_SILENCE] = {EXIT_TIME, "X0903", ""},
	[BUILD_FAILURE_TIME] = {EXIT_TIME, "X0902", ""},
};

static void add_line(GError **err, const char *lead, const char *line, guint64 number)
{
	g_autofree char *shown = text_escape(line, -1);

	error_line(err, "%s %s   (log line %" G_GUINT64_FORMAT ")", lead, shown, number);
}

static void add_tail(const build_log *l, GError **err)
{
	if (!l->tail->len)
		return;
	error_line(err, "last lines of the log:");
	for (guint i = 0; i < l->tail->len; i++) {
		g_autofree char *shown = text_escape(g_ptr_array_index(l->tail, i), -1);
		error_line(err, "| %s", shown);
	}
}

static void add_help(
	build_failure f, const build_log *l, const build_log_context *c, GError **err)
{
	if (f == BUILD_FAILURE_TARGET_CODE) {
		error_note(err,
			"code for the target never runs on this machine, also where "
			"qemu is registered: results would depend on it");
		if (l->preset)
			error_note(
				err, "the build asks for `%s` to be preset", l->preset);
		error_help(err, "%s", help_target_code);
	} else if (f == BUILD_FAILURE_NETWORK) {
		error_note(err, "builds have no network");
		error_help(err, "%s", help_network);
	} else if (f == BUILD_FAILURE_MEMORY) {
		note_limits(c, err);
		error_help(err, "fewer jobs at a time (-j 1), or more memory");
	} else if (f == BUILD_FAILURE_SILENCE) {
		error_help(err,
			"a step that is silent for long on purpose needs a larger "
			"build.silent_timeout");
	} else if (f == BUILD_FAILURE_TIME) {
		error_help(err, "a larger build.timeout, or --timeout");
	}
}

gboolean build_log_error(const build_log *l, const sandbox_result *r,
	const build_log_context *c, GError **err)
{
	build_failure f = failure_of(l, &r->process);
	const wording *w = &wordings[f];
	g_autofree char *how = how_it_ended(r, c);

	error_set(err, w->exit, w->id, "%s: %s %s%s", c->item, c->step, how, w->what);
	if (c->where)
		error_line(err, "--> %s", c->where);
	if (l->cause && f == l->failure)
		add_line(err, "cause:      ", l->cause, l->cause_line);
	if (l->first_error && g_strcmp0(l->first_error, l->cause) != 0)
		add_line(err, "first error:", l->first_error, l->first_error_line);
	add_tail(l, err);
	if (c->log_path)
		error_note(err, "whole log: %s", c->log_path);
	add_help(f, l, c, err);
	if (c->reproduce)
		error_help(err, "to see it again: %s", c->reproduce);
	return FALSE;
}

gboolean build_log_fail(const sandbox_result *r, const build_log_context *c, GError **err)
{
	g_auto(build_log) l = {0};
	g_autoptr(GError) unread = NULL;

	if (!build_log_read(c->log_path, &l, &unread))
		build_log_scan("", 0, &l);
	build_log_error(&l, r, c, err);
	if (unread)
		error_note(err, "%s", unread->message);
	return FALSE;
}
