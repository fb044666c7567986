#pragma once
#include "build/floor_symbols.h"

/* The ids of locale facets that a floor's libstdc++ lacks.
 *
 * A std::locale finds a facet by the number its id got at run time. A module
 * with an id of its own would get another number than the libstdc++ it runs
 * with and find nothing: use_facet throws bad_cast. So the ids of facets newer
 * than the floor (those of the new string ABI, codecvt<char16_t …>) are defined
 * in one object of libstdc++_nonshared.a that, when the module is loaded, looks
 * up the ids of the libstdc++ at hand and takes their numbers over. With one
 * too old to know them an id stays without a facet, as any new facet would. */

/* Is this the id of a facet: std::…::id, mangled? */
gboolean floor_facet_id(const char *name);

/* C source of that object for the ids `stub` lacks; NULL when there are none. */
char *floor_facets_source(const floor_library *stub);
