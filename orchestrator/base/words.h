#pragma once
#include <glib.h>

/* Is `word` one of a blank-separated list? Tables of names are written so. */
gboolean words_have(const char *words, const char *word);
