#pragma once
#include "base/diag.h"
#include "build/item.h"

/* Diagnostics as GitHub's workflow commands ("::error file=…,line=…::text"),
 * which the web interface shows beside the line of the change. At most ten of
 * a kind: GitHub shows no more of a step. New string, "" for none. */
char *annotations_text(diag_list *l);
/* The same of the items that failed: at the line a compiler blames where the source is a
 * folder of this repository, else at the recipe. */
char *annotations_of_items(const GPtrArray *items);
