#pragma once
#include "base/diag.h"
#include "cli/options.h"
#include "format/json.h"

/* The only door to the terminal. Results go to stdout, everything for people to
 * stderr; with --json stdout carries one JSON document and nothing else. All
 * functions may be called from any thread.
 *
 * Text for people is plain text in known forms ("error[X0201]: …", "  --> …",
 * "   = help: …"): colour is added here by the form, and where the locale is
 * not UTF-8 it is folded to ASCII here, so nobody above thinks of either. */

/* Opens --log-file. EXIT_HOST X0820. */
gboolean output_log_open(const options *o, GError **err);
/* Settles colour, character set and the form of progress; installs the sink of
 * base/event.h. */
void output_setup(const options *o);
/* Flushes and removes the live lines; EXIT_HOST after saying so when a result
 * could not be written, else `code`. A reader of stdout that has gone away ends
 * the program quietly (128 + SIGPIPE) whenever it is noticed. */
int output_finish(int code);

/* One line of result (a path) as it is. */
void output_line(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
/* A text as it is (a file, a diff): no line end is added. */
void output_raw(const char *text);
/* Result text for people (help, a table): several lines, ASCII if need be. */
void output_text(const char *text);
/* Writes the one JSON document, consumed. */
void output_json(json_t *root);
/* From now on standard output is for one document, as with --json, and all other results
 * are dropped; this writes it. Before the work, and at its end. */
void output_take(void);
void output_document(const char *text);

/* stderr. Escaped where it must be already; ends with a line break. */
void output_people(const char *text);
/* Whether GitHub Actions runs this. */
gboolean output_on_github(void);
/* Text within a workflow command: control characters, % and those in `also` (what ends a
 * property: ":,") as %XX. */
void output_command_text(GString *out, const char *text, const char *also);
/* GitHub's workflow commands of our own, as they are. In all other text for people a
 * line that would be one is fenced by `::stop-commands::` on GitHub Actions: what a build
 * prints must not command the runner. */
void output_commands(const char *text);
/* The file `path`, a build's log, folded away under `title` where a CI can: on GitHub
 * Actions as a group, on GitLab as a section that took `seconds`; elsewhere, with
 * --quiet and when progress is not plain nothing. As lines of JSON, unless it went well
 * and --verbose is not given. A long log is cut in its middle. */
void output_group(const char *name, const char *title, double seconds, const char *path,
	gboolean ok);
void output_note(const char *fmt, ...) G_GNUC_PRINTF(1, 2);
/* All diagnostics: warnings too unless --quiet. */
void output_diags(diag_list *l);
/* An error that ends the verb: "error[X0601]: …". One of a foreign domain is
 * marked as a bug of xorch. With --json the document says it when the verb has
 * written none. */
void output_error(const GError *err);
/* The same for one of several things that failed, the verb going on: never JSON. */
void output_failure(const GError *err);
/* The exit status for an error: its code, EXIT_BUG for a foreign domain. */
int output_exit_code(const GError *err);

/* The exit status of two things together: what is not 0 of them, EXIT_BUILD when they
 * differ. */
int output_exit_join(int a, int b);

/* --log-format json, --progress json: what is told goes out as lines of JSON, each
 *
 *	{"v":1,"time":"2026-11-26T05:40:12.123Z","t":…,"level":"info","event":"step",
 *	 "message":"…", and what the event has: "subject" (an item's id), "phase",
 *	 "seconds", "code", "exit", "detail" …}
 *
 * Readers ignore what they do not know. The last is {"event":"done","exit":…}. With
 * --log-file - results are such lines too ("result"), so that all of standard output
 * is. */
gboolean output_is_lines(void);
/* One more; `fields` (consumed) do not replace the common ones. */
void output_fields(
	const char *kind, const char *level, const char *message, json_t *fields);
/* {"severity", "code", "file", "line", "column", "end_column", "text", "label",
 * "remarks"}. */
json_t *output_diag_json(const diag *d);

/* Columns of the terminal on stderr, 80 when it is none. */
int output_width(void);
/* Its lines, 24 when it is none. */
int output_rows(void);
/* "53.2 kB", "1.4 MB"; "0.4 s", "3 min 20 s". New strings. */
char *text_bytes(gint64 bytes);
char *text_seconds(double seconds);
