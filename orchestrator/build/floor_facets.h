#pragma once
#include "build/floor_symbols.h"

/* Locale facets that a floor's libstdc++ lacks: those of the new string ABI,
 * codecvt<char16_t …>.
 *
 * A std::locale finds a facet by the number its id got at run time. A module
 * with an id of its own would get another number than the libstdc++ it runs
 * with knows, find nothing, and use_facet would throw bad_cast; std::regex does
 * that for every bracket expression. So libstdc++_nonshared.a defines each such
 * id in an object of ours, which at load time
 *
 *  - takes over the number from the libstdc++ at hand, when that has the facet;
 *  - else makes the facet (its code is in the archive, too) and adds it to the
 *    classic locale and so to those derived from it. A locale made by name has
 *    no such facet with a libstdc++ as old as that.
 *
 * The sources are C without headers; they know libstdc++'s ABI of std::locale
 * and its ids, which has not changed since GCC 3.4. */

/* Is this the id of a facet: std::…::id, mangled? */
gboolean floor_facet_id(const char *name);

/* The ids `stub` lacks, char *, sorted; owned by the array. */
GPtrArray *floor_facet_ids(const floor_library *stub);
/* Source of the object for one id. */
char *floor_facet_source(const floor_library *stub, const char *id, gboolean is64);
/* Source of what all of them call. */
const char *floor_facet_common(void);
