#pragma once
#include "build/sandbox.h"

/* What a build's log says about why it failed: the first error, what kind of
 * failure it is, the last lines. */
typedef enum build_failure {
	BUILD_FAILURE_OTHER,
	BUILD_FAILURE_COMPILER,	   /* compiler, assembler, linker */
	BUILD_FAILURE_FLAG,	   /* the compiler wrapper refused an argument */
	BUILD_FAILURE_NETWORK,	   /* something was to be downloaded */
	BUILD_FAILURE_TARGET_CODE, /* a program for the target was to be run */
	BUILD_FAILURE_MEMORY,	   /* memory or processes ran out */
	BUILD_FAILURE_DISK,
	BUILD_FAILURE_SILENCE, /* time limits */
	BUILD_FAILURE_TIME
} build_failure;

typedef struct build_log {
	build_failure failure;
	char *first_error; /* the line, without colours; NULL none found */
	guint64 first_error_line;
	char *cause; /* the line that made it `failure`, if another one; NULL */
	guint64 cause_line;
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
} build_log_context;

/* Sets *err for a step that ended as *r says: EXIT_BUILD X0901 (failed), X0904
 * (target code), X0905 (network), X0906 (memory, processes), X0907 (compiler
 * flag), EXIT_HOST X0821 (disk full), EXIT_TIME X0902 and X0903. First line: what
 * failed and how it ended; then first error, last lines, log, what to do.
 * Returns FALSE. */
gboolean build_log_error(const build_log *l, const sandbox_result *r,
	const build_log_context *c, GError **err);
/* Reads the log and sets the error; the log not being readable is told there. */
gboolean build_log_fail(
	const sandbox_result *r, const build_log_context *c, GError **err);
