#pragma once
#include "build/builder.h"

/* Libraries that items need (`recipe:` of requirements.host). */

/* The libraries an item is linked with, those that they need included, into
 * i->libraries (host_library *); their keys are computed if need be. */
gboolean pipeline_libraries(pipeline *p, item *i, GError **err);

/* The items that make them, each once, after those that it needs itself. Borrowed
 * elements. */
GPtrArray *pipeline_library_items(const item *i);

/* Whether it needs any. */
gboolean pipeline_has_libraries(const item *i);
