#include "base/diag.h"
#include "base/error.h"
#include "base/first_process.h"
#include "base/interrupt.h"
#include "cli/choice.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

/* With `>&-` the next file opened would become standard output, and results
 * would land in it. */
static void standard_streams(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
			open("/dev/null", fd ? O_WRONLY : O_RDONLY) < 0)
			_exit(EXIT_HOST);
}

static gboolean unknown_verb(const char *name, GError **err)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	g_autofree char *shown = text_escape(name, -1);

	error_set(err, EXIT_INPUT, "X0125", "there is no verb `%s`", shown);
	for (const verb *v = verbs; v->name; v++)
		if (!(v->flags & VERB_HIDDEN))
			g_ptr_array_add(names, (gpointer)v->name);
	g_ptr_array_add(names, NULL);
	const char *near = text_nearest(name, (const char *const *)names->pdata);
	if (near)
		error_help(err, "did you mean `xorch %s`?", near);
	else if (g_str_has_suffix(name, ".yaml") || g_file_test(name, G_FILE_TEST_EXISTS))
		error_help(err, "to build it: xorch build %s", shown);
	else
		error_help(err, "`xorch help` lists the verbs");
	return FALSE;
}

/* Fills args with what is no option; the verb, the first of them, decides where
 * options end. */
static gboolean read_arguments(
	option_parser *p, const verb **v, GPtrArray *args, GError **err)
{
	GError *problem = NULL;
	const char *arg;

	while ((arg = option_next(p, &problem))) {
		if (!*v) {
			*v = verb_by_name(arg);
			if (!*v)
				return unknown_verb(arg, err);
			continue;
		}
		g_ptr_array_add(args, (gpointer)arg);
		if ((*v)->flags & VERB_COMMAND)
			p->literal = TRUE;
	}
	g_ptr_array_add(args, NULL);
	if (problem)
		g_propagate_error(err, problem);
	return !problem;
}

/* The environment's wishes about logs are for this process, not for its helpers. */
static void output_plain(const option_parser *p, options *o)
{
	if (option_given(p, "log-format") == OPTION_FROM_ENV)
		o->log_format = LOG_FORMAT_TEXT;
	if (option_given(p, "log-file") == OPTION_FROM_ENV)
		g_clear_pointer(&o->log_file, g_free);
	if (option_given(p, "progress") == OPTION_FROM_ENV)
		o->progress = PROGRESS_AUTO;
}

/* How errors are to be told, where they lie in the options themselves: what the rest of
 * the command line and the environment say of it, whatever else is wrong there. A
 * container's log has no other form because a variable is misspelt. */
static void tell_as_asked(option_parser *p, const verb *v, options *o)
{
	static const char *const forms[] = {
		"log-format", "log-file", "progress", "json", "color"};

	while (p->at < p->argc) {
		const char *arg = option_next(p, NULL);
		if (arg && v && v->flags & VERB_COMMAND)
			break; /* what follows is the command's */
	}
	for (guint n = 0; n < G_N_ELEMENTS(forms); n++)
		option_environment(p, forms[n], NULL);
	if (v && v->flags & VERB_HIDDEN)
		output_plain(p, o);
	output_setup(o);
	if (o->log_file && output_log_open(o, NULL))
		output_setup(o);
}

/* *asked: from now on errors are told as the options say. */
static gboolean settle(
	option_parser *p, const verb *v, options *o, gboolean *asked, GError **err)
{
	g_autofree char *all = v ? verb_options(v) : g_strdup(OPTIONS_GLOBAL);
	g_autofree char *what =
		g_strconcat("xorch", v ? " " : "", v ? v->name : "", NULL);

	if (!option_applicable(p, all, what, err) || !option_environment(p, all, err))
		return FALSE;
	if (o->frozen)
		o->locked = o->offline = TRUE;
	/* What is typed counts more than what the environment says always. */
	if (o->ccache && option_given(p, "ccache") == OPTION_FROM_ARGUMENT &&
		option_given(p, "no-ccache") == OPTION_FROM_ENV)
		o->no_ccache = FALSE;
	o->color_on_command = option_given(p, "color") == OPTION_FROM_ARGUMENT;
	if (v && v->flags & VERB_HIDDEN) /* its caller reads it */
		output_plain(p, o);
	output_setup(o);
	*asked = TRUE;
	if (o->directory && chdir(o->directory) != 0)
		return error_set_errno(err, EXIT_INPUT, "X0127", errno,
			"cannot work in %s (-C)", o->directory);
	if (!output_log_open(o, err))
		return FALSE;
	if (o->log_file)
		output_setup(o); /* by what that is */
	if (v && !o->help && !o->version && !(v->flags & (VERB_PLAIN | VERB_HIDDEN)) &&
		!choice_begin(o, err))
		return FALSE;
	/* One place decides where the cache is, for children too. */
	if (o->cache_dir)
		g_setenv("XORCH_CACHE_DIR", o->cache_dir, TRUE);
	return TRUE;
}

static int run(const verb *v, const options *o, char **args, GError **err)
{
	if (o->version)
		return cmd_version(o, args, err);
	if (v && !o->help)
		return v->run(o, args, err);
	g_autofree char *text = help_text(v);
	if (v || o->help) {
		output_text(text);
		return EXIT_DONE;
	}
	output_people(text);
	return EXIT_INPUT;
}

/* GLib makes its C locale at the first number that is read. A thread that comes meanwhile
 * waits, the wait leaves EAGAIN in errno, and g_ascii_string_to_unsigned takes that for a
 * number that is none: so the first is read before there are threads. */
static void numbers_ready(void)
{
	g_ascii_strtoull("0", NULL, 10);
}

int main(int argc, char **argv)
{
	static option_source sources[128];
	options o = {0};
	option_parser p = {option_rows, &o, sources, argv, argc, 1, FALSE};
	g_autoptr(GPtrArray) args = g_ptr_array_new();
	g_autoptr(GError) err = NULL;
	const verb *v = NULL;
	gboolean asked = FALSE;
	int code = EXIT_INPUT;

	first_process();
	standard_streams();
	setlocale(LC_CTYPE, "");
	numbers_ready();
	interrupt_install();
	output_setup(&o); /* for errors in the options themselves */
	if (read_arguments(&p, &v, args, &err) && settle(&p, v, &o, &asked, &err))
		code = run(v, &o, (char **)args->pdata, &err);
	if (err) {
		if (!asked)
			tell_as_asked(&p, v, &o);
		output_error(err);
		code = output_exit_code(err);
	}
	code = output_finish(code);
	choice_end(&o);
	option_clear(option_rows, &o);
	return code;
}
