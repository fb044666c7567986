#pragma once
#include <glib.h>

/* Is `word` one of a blank-separated list? Tables of names are written so. */
gboolean words_have(const char *words, const char *word);

/* Appends text folded at blanks so that no line is longer than `width` columns
 * (a single longer word stays whole). The first line starts at `column`, those
 * after it are indented by `indent`. Line breaks of the text are kept; none is
 * added at the end. */
void words_fold(GString *out, const char *text, int column, int indent, int width);
