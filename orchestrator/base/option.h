#pragma once
#include <glib.h>

/* Command line options by table: one row drives parsing, the environment
 * variable and the help. What it does differently from getopt_long and GOption
 * on purpose: a long option is never abbreviated (a new option would change what
 * an old script says), a flag takes no value (`--locked=yes` is an error), and
 * `-j4`, `-j 4`, `-vv`, `-qj4` are all read. Options and arguments may be mixed;
 * `--` ends the options.
 *
 *	static const option rows[] = {
 *		{"target", 0, "T", OPTION_LIST, offsetof(options, targets),
 *			"XORCH_TARGET", "build for this platform; repeatable"},
 *		{0}};
 */
typedef enum option_type {
	OPTION_FLAG,	/* gboolean */
	OPTION_COUNT,	/* int: how often it was given */
	OPTION_STRING,	/* char *; given again: the last one counts */
	OPTION_INT,	/* int within min…max */
	OPTION_CHOICE,	/* int: index in choices */
	OPTION_LIST,	/* GPtrArray of char *, NULL when never given; repeatable and
			 * comma-separated */
	OPTION_SECONDS, /* gint64: 90s, 45m, 1h, 30d */
} option_type;

typedef struct option {
	const char *name;     /* without the dashes */
	char letter;	      /* 0 none */
	const char *argument; /* "DIR" in the help; NULL for flags and counts */
	option_type type;
	size_t offset;	 /* in the struct of results */
	const char *env; /* environment variable; flags: 1/true/yes, 0/false/no/"" */
	const char *help;
	const char *const *choices;
	int min, max;
	const char *words; /* values that completions offer besides; or NULL */
} option;

typedef enum option_source {
	OPTION_UNSET,
	OPTION_FROM_ENV,
	OPTION_FROM_ARGUMENT
} option_source;

typedef struct option_parser {
	const option *rows;	/* ends with name NULL */
	void *out;		/* zeroed or holding defaults */
	option_source *sources; /* one for each row; owned by the caller */
	char **argv;
	int argc, at;	  /* at: next to read */
	gboolean literal; /* after `--` */
} option_parser;

/* Reads options up to the next argument that is none and returns that (points
 * into argv), or NULL at the end or with *err set (EXIT_INPUT, X0120…X0123). */
const char *option_next(option_parser *p, GError **err);
/* Applies the environment to those rows of `allowed` (base/words.h) that no argument set.
 */
gboolean option_environment(option_parser *p, const char *allowed, GError **err);
/* Fails for a row given as an argument that is not in `allowed`; `what` is the
 * command for the message. */
gboolean option_applicable(
	const option_parser *p, const char *allowed, const char *what, GError **err);
option_source option_given(const option_parser *p, const char *name);
/* Frees what the rows point to in `out`. */
void option_clear(const option *rows, void *out);
/* Help lines of the allowed rows in the table's order, "  -j, --jobs N   …",
 * folded at `width`. New string. */
char *option_help(const option *rows, const char *allowed, int width);
