#include "base/error.h"
#include "cli/output_private.h"
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

output_state output = {.fd = STDERR_FILENO};

static gboolean is_set(const char *name)
{
	const char *value = g_getenv(name);

	return value && *value;
}

static gboolean terminal_is_able(int fd)
{
	const char *term = g_getenv("TERM");

	return isatty(fd) && term && *term && !g_str_equal(term, "dumb");
}

int output_width(void)
{
	struct winsize size;
	gint64 columns;
	const char *text = g_getenv("COLUMNS");

	if (ioctl(output.fd, TIOCGWINSZ, &size) == 0 && size.ws_col)
		return size.ws_col;
	if (text && g_ascii_string_to_signed(text, 10, 1, 10000, &columns, NULL))
		return (int)columns;
	return 80;
}

int output_rows(void)
{
	struct winsize size;

	return ioctl(output.fd, TIOCGWINSZ, &size) == 0 && size.ws_row ? size.ws_row : 24;
}

/* --color, then NO_COLOR, then FORCE_COLOR and CLICOLOR_FORCE, then the
 * terminal; XORCH_COLOR counts as a wish that NO_COLOR overrules. */
static gboolean wants_color(const options *o)
{
	if (o->color_on_command && o->color != COLOR_AUTO)
		return o->color == COLOR_ALWAYS;
	if (is_set("NO_COLOR") || o->color == COLOR_NEVER)
		return FALSE;
	const char *force = g_getenv("FORCE_COLOR");
	if (o->color == COLOR_ALWAYS ||
		(is_set("FORCE_COLOR") && !g_str_equal(force, "0")) ||
		is_set("CLICOLOR_FORCE"))
		return TRUE;
	return terminal_is_able(output.fd);
}

#define NARROWEST 40 /* below that lines would be all ellipsis */

static progress_mode wants_progress(const options *o)
{
	gboolean live = terminal_is_able(output.fd) && output_width() >= NARROWEST;

	if (o->log_format == LOG_FORMAT_JSON && o->progress != PROGRESS_JSON)
		return o->progress == PROGRESS_NONE ? PROGRESS_NONE : PROGRESS_PLAIN;
	if (o->progress == PROGRESS_AUTO)
		return live && !is_set("CI") ? PROGRESS_TTY : PROGRESS_PLAIN;
	if (o->progress == PROGRESS_TTY && !live)
		return PROGRESS_PLAIN;
	return o->progress;
}

gboolean output_log_open(const options *o, GError **err)
{
	if (!o->log_file)
		return TRUE;
	int fd = g_str_equal(o->log_file, "-")
			 ? STDOUT_FILENO
			 : open(o->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC,
				   0666);
	if (fd < 0)
		return error_set_errno(err, EXIT_HOST, "X0820", errno,
			"cannot write %s (--log-file)", o->log_file);
	output.fd = fd;
	return TRUE;
}

void output_setup(const options *o)
{
	g_mutex_lock(&output.lock);
	output.color = wants_color(o);
	output.ascii = !g_str_equal(nl_langinfo(CODESET), "UTF-8");
	output.json = o->json;
	output.quiet = o->quiet;
	output.github = g_strcmp0(g_getenv("GITHUB_ACTIONS"), "true") == 0;
	output.gitlab = !output.github && is_set("GITLAB_CI");
	output.verbose = o->verbose;
	output.lines = o->log_format == LOG_FORMAT_JSON || o->progress == PROGRESS_JSON;
	output.progress = wants_progress(o);
	if (output.progress == PROGRESS_TTY && !output.ready)
		live_start();
	output.ready = TRUE;
	g_mutex_unlock(&output.lock);
	event_set_sink(output_event, NULL);
}

/* Returns 0 or an errno. */
static int write_all(int fd, const char *text, gsize len)
{
	while (len) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		text += n;
		len -= (gsize)n;
	}
	return 0;
}

/* `xorch … | head -1`: nobody wants the rest, and nobody wants to hear it. */
static void lost(int errno_value)
{
	if (errno_value == EPIPE)
		_exit(EXIT_SIGNAL + SIGPIPE);
	output.result_lost = TRUE;
	output.result_errno = errno_value;
}

void output_write(const char *text, gsize len)
{
	int failed = write_all(output.fd, text, len);

	if (failed && output.fd == STDOUT_FILENO)
		lost(failed);
}

/* A result among the lines of JSON on standard output; consumes `value`. */
static void result_line(const char *message, const char *name, json_t *value)
{
	g_mutex_lock(&output.lock);
	json_t *o = line_new("result", "info", message);
	json_object_set_new(o, name, value);
	line_write(o);
	g_mutex_unlock(&output.lock);
}

static gboolean results_are_lines(void)
{
	return output.lines && output.fd == STDOUT_FILENO;
}

static void result(const char *text, gsize len, gboolean document)
{
	if (output.taken && !document)
		return;
	if (results_are_lines()) {
		g_autofree char *line = g_strchomp(g_strndup(text, len));
		result_line(line, "text", json_text(line));
		return;
	}
	g_mutex_lock(&output.lock);
	live_erase();
	int failed = write_all(STDOUT_FILENO, text, len);
	if (failed)
		lost(failed);
	live_print("");
	g_mutex_unlock(&output.lock);
}

void output_line(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_autofree char *line = g_strconcat(text, "\n", NULL);
	result(line, strlen(line), FALSE);
}

void output_raw(const char *text)
{
	result(text, strlen(text), FALSE);
}

void output_text(const char *text)
{
	g_autofree char *dressed = output_dress(text, FALSE, output.ascii);

	result(dressed, strlen(dressed), FALSE);
}

void output_take(void)
{
	output.taken = TRUE;
}

void output_document(const char *text)
{
	result(text, strlen(text), TRUE);
}

void output_json(json_t *root)
{
	output.json_written = TRUE;
	if (results_are_lines()) {
		result_line("", "result", root);
		return;
	}
	char *text = json_dumps(root, JSON_COMPACT | JSON_ENSURE_ASCII);

	json_decref(root);
	if (!text)
		g_error("a JSON document that cannot be written");
	output_line("%s", text);
	free(text);
}

void output_people_locked(const char *text)
{
	gsize len = strlen(text);

	if (output.lines) {
		line_people(text);
		return;
	}
	g_autofree char *dressed = output_dress(text, output.color, output.ascii);

	char *whole =
		g_strconcat(dressed, len && text[len - 1] != '\n' ? "\n" : "", NULL);
	g_autofree char *shown = output.github ? output_fence(whole) : whole;

	live_print(shown);
}

gboolean output_on_github(void)
{
	return output.github;
}

void output_commands(const char *text)
{
	if (output.lines)
		return;
	g_mutex_lock(&output.lock);
	live_print(text);
	g_mutex_unlock(&output.lock);
}

void output_people(const char *text)
{
	g_mutex_lock(&output.lock);
	output_people_locked(text);
	g_mutex_unlock(&output.lock);
}

void output_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_autofree char *safe = text_escape(text, -1);
	g_autofree char *line = g_strconcat("note: ", safe, NULL);
	if (!output.quiet)
		output_people(line);
}

void output_diags(diag_list *l)
{
	if (output.lines) {
		g_mutex_lock(&output.lock);
		line_diags(l);
		g_mutex_unlock(&output.lock);
		return;
	}
	g_autofree char *text = diag_list_text(l);

	if (*text)
		output_people(text);
}

int output_exit_code(const GError *err)
{
	return err->domain == XORCH_ERROR ? err->code : EXIT_BUG;
}

int output_exit_join(int a, int b)
{
	return a && b && a != b ? EXIT_BUILD : a ? a : b;
}

/* Splits "[X0601] text" into code (new string or NULL) and text. */
static const char *message_parts(const GError *err, char **code)
{
	const char *text = err->message, *end = strstr(text, "] ");

	*code = NULL;
	if (err->domain != XORCH_ERROR || *text != '[' || !end)
		return text;
	*code = g_strndup(text + 1, (gsize)(end - text) - 1);
	return end + 2;
}

static void error_json(const GError *err)
{
	g_autofree char *code = NULL;
	g_autofree char *text = g_utf8_make_valid(message_parts(err, &code), -1);
	json_t *e = json_object();

	if (code)
		json_object_set_new(e, "code", json_string(code));
	json_object_set_new(e, "text", json_string(text));
	json_t *root = json_object();
	json_object_set_new(root, "v", json_integer(1));
	json_object_set_new(root, "exit", json_integer(output_exit_code(err)));
	json_object_set_new(root, "error", e);
	output_json(root);
}

/* Messages are lines already; only what a terminal must not get is escaped. */
static char *escape_lines(const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **l = lines; *l; l++) {
		char *safe = text_escape(*l, -1);
		g_free(*l);
		*l = safe;
	}
	return g_strjoinv("\n", lines);
}

void output_failure(const GError *err)
{
	g_autofree char *code = NULL;
	g_autofree char *text = escape_lines(message_parts(err, &code));
	g_autoptr(GString) out = g_string_new("error");

	if (output.lines) {
		g_mutex_lock(&output.lock);
		line_error(err, code, text);
		g_mutex_unlock(&output.lock);
		return;
	}
	if (code)
		g_string_append_printf(out, "[%s]", code);
	g_string_append_printf(out, ": %s\n", text);
	if (err->domain != XORCH_ERROR)
		g_string_append_printf(out,
			"  = note: this is a mistake in xorch %s (%s %d), not in what "
			"you "
			"did; please report it with the command\n",
			XORCH_VERSION, g_quark_to_string(err->domain), err->code);
	output_people(out->str);
}

void output_error(const GError *err)
{
	output_failure(err);
	if (output.json && !output.json_written)
		error_json(err);
}

int output_finish(int code)
{
	g_mutex_lock(&output.lock);
	live_erase();
	if (output.result_lost && (code == EXIT_DONE || code == EXIT_NOTHING)) {
		g_autofree char *text =
			g_strdup_printf("error[X0129]: the result could not be written "
					"to standard output: "
					"%s\n",
				g_strerror(output.result_errno));
		output_people_locked(text);
		code = EXIT_HOST;
	}
	if (output.lines) {
		g_autofree char *text = g_strdup_printf("done, exit status %d", code);
		json_t *o = line_new("done", code ? "error" : "info", text);
		json_object_set_new(o, "exit", json_integer(code));
		line_write(o);
	}
	g_mutex_unlock(&output.lock);
	return code;
}
