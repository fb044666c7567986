#pragma once
#include <glib.h>

/* One line of live progress: what it is about, then facts. Pure text, for a terminal of
 * any width. */
typedef struct live_fact {
	char *text; /* ASCII; NULL: there is none. Taken over */
	int rank;   /* those of the highest go first when there is no room */
} live_fact;

/* "  what  fact  fact" in at most `columns` columns, without a line break. Facts give way
 * to some columns of `what`, and it is cut at its end (…, in ASCII ~) for those that
 * stay. New string; frees the facts. */
char *live_line(const char *what, live_fact *facts, guint n, int columns, gboolean ascii);
/* Columns that a text takes. */
int live_columns(const char *text);

/* "about 40 s left", coarser the longer it is; NULL for less than 0, which is not known.
 * New string. */
char *live_left(double seconds);
