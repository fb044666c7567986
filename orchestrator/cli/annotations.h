#pragma once
#include "base/diag.h"

/* Diagnostics as GitHub's workflow commands ("::error file=…,line=…::text"),
 * which the web interface shows beside the line of the change. At most ten of
 * a kind: GitHub shows no more of a step. New string, "" for none. */
char *annotations_text(diag_list *l);
