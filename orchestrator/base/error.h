#pragma once
#include <glib.h>

/* The one error domain. A GError's code is the exit status the program ends
 * with (orchestrator/ARCHITECTURE.md lists them); its message is complete enough to
 *print:
 *
 *	[X0601] downloaded file is not the locked one
 *	  source:   …            free lines, indented by two
 *	  = note: …
 *	  = help: …
 *
 * The first line may carry a code in brackets that `xorch explain` knows
 * (base/codes.def). An error of another domain that reaches main is a bug and
 * exits 70, so wrap foreign errors where they arise (error_wrap). */
#define XORCH_ERROR xorch_error_quark()
GQuark xorch_error_quark(void);

typedef enum xorch_exit {
	EXIT_DONE = 0,
	EXIT_BUILD = 1,	    /* a build or test failed */
	EXIT_INPUT = 2,	    /* command line, configuration, recipe */
	EXIT_NOTHING = 3,   /* nothing selected */
	EXIT_LOCK = 4,	    /* lock missing or out of date */
	EXIT_NETWORK = 5,   /* a retry may help */
	EXIT_INTEGRITY = 6, /* hash, signature, archive refused */
	EXIT_AUDIT = 7,	    /* artefact failed the audit */
	EXIT_HOST = 8,	    /* disk, permission, lock timeout, sandbox, missing tool */
	EXIT_TIME = 9,	    /* time limit */
	EXIT_BUG = 70,
	EXIT_SIGNAL = 128, /* 128 + n: ended by signal n */
} xorch_exit;

/* Sets *err (which may be NULL) to exit status `code` and returns FALSE, so a
 * failing function says `return error_set(err, …)`. `id` is a code such as
 * "X0601" or NULL. */
gboolean error_set(GError **err, int code, const char *id, const char *fmt, ...)
	G_GNUC_PRINTF(4, 5);
/* The same with ": strerror(errno_value)" at the end of the first line. */
gboolean error_set_errno(GError **err, int code, const char *id, int errno_value,
	const char *fmt, ...) G_GNUC_PRINTF(5, 6);
/* Append a line to an error already set (no-op when err or *err is NULL):
 * "  text", "  = note: text", "  = help: text". */
void error_line(GError **err, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
void error_note(GError **err, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
void error_help(GError **err, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/* Puts "prefix: " before the text of the first line, after the code. */
void error_prefix(GError **err, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/* Turns a foreign GError (GIO …), consumed, into one of ours. Returns FALSE. */
gboolean error_wrap(GError **err, int code, const char *id, GError *foreign,
	const char *fmt, ...) G_GNUC_PRINTF(5, 6);

/* Facts about an error for machines, beside its message: "class", "first-error",
 * "first-error-line", "hint", "log". Kept with the error and its copies; NULL when not
 * set (or of another domain). No-op when err or *err is NULL. */
void error_set_fact(GError **err, const char *name, const char *value);
const char *error_fact(const GError *error, const char *name);

/* What went wrong in a few words, for a line of another error: what the last mirror sent
 * ("got: …"), else the first line without its code. New string. */
char *error_in_short(const GError *error);

/* Bytes from outside made fit for a terminal: control characters, ESC, DEL and
 * invalid UTF-8 become \xNN, bidirectional controls \u{NNNN}. New string. */
char *text_escape(const char *text, gssize len);
