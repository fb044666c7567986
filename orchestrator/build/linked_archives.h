#pragma once
#include <glib.h>

/* Which archives have code in a wheel's ELF files, by the maps that the links of its
 * build left (build_step_link_maps). A build links more than it packs (what configure
 * tries, programs that only run while building): a map counts when the layout that it
 * tells is that of a file in the wheel, whatever that is called there and though it was
 * stripped since.
 *
 * char *, sorted, each once, as the linker had them: "/xorch/sysroot/usr/lib/…/libgcc.a".
 * A wheel that cannot be read has none here; who judges it says so. *unknown (char *, may
 * be NULL) gets the files that no map fits: others linked them, or the project made the
 * map itself. */
GPtrArray *linked_archives(const char *wheel, const char *maps, GPtrArray *unknown);
