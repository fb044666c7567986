#pragma once
#include "build/pipeline.h"
#include "build/provenance_list.h"

/* Inside build/pipeline_provenance.c: what an item was made from. */

/* The item and the libraries it is linked with, each once (item *, borrowed). */
void provenance_items(item *i, GPtrArray *out);

/* Everything the item's locks name: sources, build requirements, crates, modules, host
 * packages, sysroots, compilers and tools. Paths of the definitions that were used go
 * to `definitions` (char *, each once). Asks nobody. */
gboolean provenance_inputs(
	pipeline *p, item *i, provenance_list *l, GPtrArray *definitions, GError **err);
