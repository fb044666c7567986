#pragma once
#include <glib.h>

/* Classes of failures: what kind of thing went wrong, as a stable word that machines
 * and people can count by ("missing-header"). Every failed item has one, from its
 * build log (build/build_log.h) or from the code of its error. Append-only: a word
 * once shown keeps its meaning. */
typedef struct failure_class {
	const char *name;  /* "missing-header" */
	int exit;	   /* xorch_exit of a build step that ended so */
	const char *code;  /* its X code */
	const char *cause; /* what happened, for the first line; "" nothing to add */
	const char *hint;  /* what to do; `{}` stands for the subject; NULL nothing */
} failure_class;

/* NULL when there is no such class. */
const failure_class *failure_class_by_name(const char *name);
/* All of them, in the order of the table; *n how many. */
const failure_class *failure_class_all(guint *n);
/* The class of any error of an item: the one its build log gave (error_fact "class"),
 * else by its code. Never NULL; "other" at least. */
const failure_class *failure_class_of_error(const GError *error);

/* How far a line may be trusted to name the cause; a later line of a higher rank takes
 * the place of an earlier one, of equal ones the first stays. */
typedef enum failure_rank {
	FAILURE_NONE,
	FAILURE_CONSEQUENCE, /* "make: *** … Error 1": something before it failed */
	FAILURE_SUMMARY,     /* says that something failed, and maybe what */
	FAILURE_SYSTEM,	     /* a build system's own error */
	FAILURE_COMPILER,    /* compiler, assembler, linker, with a place or a name */
	FAILURE_TELLING,     /* says why what follows it fails */
} failure_rank;

typedef struct failure_match {
	failure_rank rank;
	const failure_class *kind; /* NULL: the line does not tell */
	char *subject; /* header, library, tool, module …; NULL (g_free it) */
} failure_match;

/* What one line of a log says. FALSE, nothing set, for a line that is no error. */
gboolean failure_match_line(const char *line, failure_match *out);

/* The Debian package whose files a header, library or pkg-config module comes from
 * ("libxml/parser.h" -> "libxml2-dev"), for hints: what `xorch new` writes where that
 * knows one; NULL when not known. */
const char *failure_package_of(const char *subject);
