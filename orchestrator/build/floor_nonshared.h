#pragma once
#include "build/floor_symbols.h"

/* libstdc++_nonshared.a: what the sysroot's libstdc++.a has and the floor's
 * libstdc++.so.6 lacks, to be linked into each module and hidden there.
 *
 * Taken are the members that define a name newer than the floor or one the
 * shared library never exported. In them
 *  - a definition the floor's shared library has becomes an undefined
 *    reference, so that there is one copy of it in a process (locale ids, type
 *    information, the caches of iostreams);
 *  - every other global definition becomes hidden, so no module exports it;
 *  - the ids of facets (build/floor_facets.h) become references to objects of
 *    ours, which are added.
 * Only symbol table entries change; code and relocations stay as they are. */
typedef struct floor_nonshared {
	GBytes *archive;
	guint members, hidden, undefined; /* members taken, definitions edited */
} floor_nonshared;

/* `archive` is libstdc++.a (`name` for messages), `stub` the floor's
 * libstdc++.so.6, `facets` the compiled sources of build/floor_facets.h, GBytes.
 * Errors: EXIT_INTEGRITY, X0650 or X0702. */
floor_nonshared *floor_nonshared_make(GBytes *archive, const char *name,
	const floor_library *stub, const GPtrArray *facets, GError **err);
void floor_nonshared_free(floor_nonshared *nonshared);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(floor_nonshared, floor_nonshared_free)
