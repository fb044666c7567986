#pragma once
#include <glib.h>

/* Manual pages in the man(7) macros, so that man-db, mandoc and groff all take them
 * without a word. Text is plain UTF-8; nothing in it is a request or an escape. */

/* Text within a line: backslashes, dashes (which are to be copied as they are), quotes
 * and characters outside ASCII as escapes. */
void roff_text(GString *out, const char *text);
/* Words of a macro: `.NAME "a" "b"`. The list ends with NULL. */
void roff_macro(GString *out, const char *name, ...) G_GNUC_NULL_TERMINATED;
/* Paragraphs: parts divided by an empty line; other line breaks are blanks; a part that
 * begins with two blanks is set as it is. `words` are bold. The first part starts where
 * the page stands (after a tag, say), the others with .PP, or with .IP when `indented`.
 */
void roff_paragraphs(GString *out, const char *text, gboolean indented);
