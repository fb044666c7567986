#pragma once
#include "build/failure.h"
#include "build/sandbox.h"
#include "plan/platform.h"

/* What a build's log says about why it failed: the line that tells, the class of the
 * failure (build/failure.h), the last lines.
 *
 * Of all lines that are errors the first of the highest rank decides. Lines about
 * programs that a configure step tries out (conftest.c and its like) and those before
 * a configure step that then succeeded count only when there is nothing else: they are
 * answers to questions, not failures. */
typedef struct build_log {
	const failure_class *kind; /* never NULL after a scan */
	char *subject;		   /* of the class: header, library, tool; NULL */
	char *first_error;	   /* the deciding line, without colours; NULL none */
	guint64 first_error_line;
	/* The first compiler error when another line decided, or an earlier attempt to
	 * use the network; NULL. */
	char *other_error;
	guint64 other_error_line;
	char *preset;	 /* variable the build system asks to be preset; NULL */
	GPtrArray *tail; /* last 30 lines, char * */
	guint64 lines;
} build_log;

/* Reads a log of any size line by line; overlong lines are cut. X0820. */
gboolean build_log_read(const char *path, build_log *out, GError **err);
/* The same for text in memory. */
void build_log_scan(const char *text, gsize size, build_log *out);
void build_log_clear(build_log *l);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(build_log, build_log_clear)

/* What the message needs besides the log. */
typedef struct build_log_context {
	const char *item;	  /* "cwcwidth-0.1.12-cp312-aarch64" */
	const char *step;	  /* "build_wheel": what was running */
	const char *where;	  /* "recipes/x.yaml:12:3" of the key to change; NULL */
	const char *log_path;	  /* shown */
	const char *reproduce;	  /* command line; NULL none */
	const sandbox_spec *spec; /* its limits */
	/* What it was to find libraries in; NULL: none, no newer ones are proposed. */
	const char *sysroot; /* name of the definition: "debian-11" */
	const platform *platform;
	const GPtrArray *host; /* char *: requirements.host of the recipe; NULL none */
} build_log_context;

/* Sets *err for a step that ended as *r says, with exit status and code of its class:
 * EXIT_BUILD X0901 (failed), X0904 (target code), X0905 (network), X0906 (memory,
 * processes), X0907 (flag or library of the build machine), EXIT_HOST X0821 (disk
 * full), EXIT_TIME X0902 and X0903. First line: what failed, how it ended, why; then
 * the first error, the last lines, log, what to do. The error's facts (base/error.h)
 * say class, first error, hint and log for --json and the history. Returns FALSE. */
gboolean build_log_error(const build_log *l, const sandbox_result *r,
	const build_log_context *c, GError **err);
/* Whether it is an error of the audit that an extension module was lost. */
gboolean build_log_is_lost(const GError *error);
/* To such an error it adds the first one that the log has, which the build went on after,
 * and what to do about that; another error, or no error, stays as it is. Of the context
 * sysroot, platform and host are read. */
void build_log_tell(const char *path, const build_log_context *c, GError **err);
/* Reads the log and sets the error; the log not being readable is told there. */
gboolean build_log_fail(
	const sandbox_result *r, const build_log_context *c, GError **err);
