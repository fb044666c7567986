#pragma once
#include "build/builder.h"

/* Libraries that items need (`recipe:` of requirements.host). */

/* The libraries an item is linked with, those that they need included, into
 * i->libraries (host_library *); their keys are computed if need be. */
gboolean pipeline_libraries(pipeline *p, item *i, GError **err);

/* Builds those that the store has not: before a backend is asked for its requirements,
 * which is earlier than the graph of a run would have them built. */
gboolean pipeline_libraries_build(pipeline *p, item *i, GError **err);
