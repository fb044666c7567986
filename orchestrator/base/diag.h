#pragma once
#include <glib.h>

/* Diagnostics about a text file: what is wrong, where, and what to do. Parsers
 * add them to a list and go on, so that one run reports all of them; nobody
 * prints them but cli/ (diag_list_text) or turns them into an error
 * (diag_list_to_error). Texts may hold bytes from outside: they are escaped
 * when rendered. */

/* A file's name and its text, shared by reference count: rendering needs the
 * lines long after the parser is gone. */
typedef struct diag_source diag_source;
diag_source *diag_source_new(const char *file, const char *text, gsize len); /* copies */
diag_source *diag_source_ref(diag_source *s);
void diag_source_unref(diag_source *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(diag_source, diag_source_unref)
const char *diag_source_file(const diag_source *s);
/* Line n (from 1) without its line break; *len 0 when there is none. */
const char *diag_source_line(const diag_source *s, int n, gsize *len);
/* Line and column (both from 1, columns count code points; invalid bytes count
 * one each) of a byte offset. */
void diag_source_locate(const diag_source *s, gsize offset, int *line, int *col);
/* The byte at line:col, or NULL when it lies outside; *rest bytes follow up to
 * the end of the text. */
const char *diag_source_at(const diag_source *s, int line, int col, gsize *rest);

typedef enum diag_severity { DIAG_ERROR, DIAG_WARNING } diag_severity;

/* A place with a remark beside its caret. line 0: no place. */
typedef struct diag_place {
	int line, col; /* from 1; col counts code points */
	int span;      /* code points underlined, at least 1 */
	char *label;   /* or NULL */
} diag_place;

typedef struct diag {
	diag_severity severity;
	const char *code;    /* static, "X0201" */
	diag_source *source; /* or NULL: a message without a place */
	diag_place at, second;
	gint64 offset; /* byte offset shown beside the place, -1 not shown */
	char *text;
	char *fix_from, *fix_to; /* what `check --fix` writes; NULL: nothing is certain */
	GPtrArray *remarks;	 /* "note: …", "help: …", "  line" */
} diag;

typedef struct diag_list diag_list;
diag_list *diag_list_new(void);
void diag_list_free(diag_list *l);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(diag_list, diag_list_free)

/* Adds one and returns it for more detail; owned by the list and valid until
 * the next diag_add. source may be NULL, line may be 0. */
diag *diag_add(diag_list *l, diag_severity severity, const char *code,
	diag_source *source, int line, int col, int span, const char *fmt, ...)
	G_GNUC_PRINTF(8, 9);
void diag_label(diag *d, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
void diag_second(diag *d, int line, int col, int span, const char *fmt, ...)
	G_GNUC_PRINTF(5, 6);
void diag_note(diag *d, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
/* A line shown as it is, below everything else. */
void diag_line(diag *d, const char *text);
/* The scalar `from` at the place is beyond doubt meant to be `to`; the same text: it
 * wants quotes. Nothing is shown of it. */
void diag_fix(diag *d, const char *from, const char *to);
void diag_help(diag *d, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* The one added last; NULL when there is none. */
diag *diag_list_last(const diag_list *l);
unsigned diag_list_errors(const diag_list *l);
unsigned diag_list_warnings(const diag_list *l);
/* The diagnostics (element type diag), sorted by file in the order the files
 * first appeared, then by line and column. Owned by the list. */
const GPtrArray *diag_list_sorted(diag_list *l);
/* Moves all of `from` to the end of `l`. */
void diag_list_take(diag_list *l, diag_list *from);

/* How one is shown, lines ended by \n: "error[X0201]: …", place, source line,
 * caret, remarks. Plain text; cli/ adds colour. */
char *diag_text(const diag *d);
/* All, a blank line between two, at most DIAG_SHOWN a file and then a line
 * that says how many more there are. "" for an empty list. */
#define DIAG_SHOWN 20
char *diag_list_text(diag_list *l);

/* TRUE when the list holds no error. Otherwise sets *err to all of them as one
 * message in the form of base/error.h (warnings are left out) and returns FALSE.
 * The exit status follows the first one's code: EXIT_LOCK for X04, EXIT_INTEGRITY
 * for X06, EXIT_HOST for X08, EXIT_INPUT for the rest. */
gboolean diag_list_to_error(diag_list *l, GError **err);

/* "did you mean": the candidate nearest to text, or NULL when none is near
 * (edit distance with transpositions, at most a third of the length). The list
 * ends with NULL. */
const char *text_nearest(const char *text, const char *const *candidates);
/* The one candidate that is a single slip away (a letter too much, too few, another, or
 * two swapped) of a text of four letters or more; NULL for none and for several. */
const char *text_only_near(const char *text, const char *const *candidates);
/* user:password@ of URLs becomes stars, one for each byte so that places stay:
 * what a recipe must not hold must not reach a log by the message either. */
char *text_mask(const char *text, gsize len);
/* Columns a terminal gives to a code point: 0, 1 or 2. */
int text_columns(gunichar c);
/* A control that changes the direction of what is shown. */
gboolean text_is_bidi(gunichar c);
