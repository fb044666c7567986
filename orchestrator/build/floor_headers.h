#pragma once
#include <glib.h>

/* The headers of a newer C library, made fit for an older one, in three steps:
 *
 *  - edits by a table: what headers do behind the back of the source that
 *    includes them (a call redirected to a newer name, a macro that says which
 *    C library this is), and headers the floor does not have at all;
 *  - declarations and inline functions of names the floor lacks are taken out:
 *    a source that brings its own gettid() asks __GLIBC_PREREQ and would clash;
 *  - a check that nothing is left which redirects an old name to a lacking one.
 *
 * A line taken out leaves an empty one, so messages keep their numbers. `tree`
 * is the floor's tree in the making: its files may be links to the base tree's
 * and are replaced, never written to. */
typedef struct floor_headers {
	const char *tree, *multiarch;
	int sysroot_minor, floor_minor; /* glibc 2.N */
	GHashTable *lacking;		/* name -> anything: not in the floor's glibc */
	guint edited, hidden, removed;	/* counts, filled in: edits, names, files */
} floor_headers;

/* X0930 (exit 6) when a header has not the text an edit expects, or redirects
 * to a name the floor lacks and no edit is known. */
gboolean floor_headers_apply(floor_headers *h, GError **err);

/* One file's text with the lacking declarations taken out; NULL when there was
 * nothing to do. `math`: those of <math.h> too, which glibc 2.40 and 2.41 brought many
 * of that programs have of their own (cospi, exp2m1). *hidden counts; *leak gets
 * "old to new" (new string) when a redirection to a lacking name was found. For tests. */
char *floor_headers_hide(
	const char *text, GHashTable *lacking, gboolean math, guint *hidden, char **leak);
