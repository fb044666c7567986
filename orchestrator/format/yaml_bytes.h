#pragma once
#include "base/diag.h"

/* What must hold of the bytes before libyaml sees them: its own errors about
 * encoding carry no line and no column. Says what is wrong and returns FALSE;
 * bidirectional controls, which make a line look like another, only warn. */
gboolean yaml_bytes_check(diag_source *s, const char *text, gsize len, diag_list *l);
