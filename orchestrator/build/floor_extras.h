#pragma once
#include "build/floor.h"

/* What GCC's static libraries ask of a C library that is newer than the floor. They were
 * compiled for the sysroot's, or for that of the GCC: libstdc++.a calls arc4random()
 * (2.36) for its random_device, libgcc_eh.a finds unwind tables by _dl_find_object()
 * (2.35), and what was compiled with the headers of 2.38 calls __isoc23_strtoul() for
 * strtoul(). So that -static-libstdc++ and -static-libgcc link at a lower floor, too, an
 * archive that asks for such a function gets it as a further member, hidden, made of what
 * the floor has. 32-bit ARM's libgcc.a gets __aeabi_d2h(), which clang calls and GCC
 * names otherwise. */

/* Replaces `path`, one of the floor's files, when it needs that; absent is fine.
 * `lacking` are the names that the floor's C library lacks. X0650, X0702, X0931. */
gboolean floor_extras_add(const floor_spec *spec, const char *path, GHashTable *lacking,
	const char *work, GError **err);

/* The same to a copy at `to` of one that is in no floor's tree, GCC's own libgfortran.a,
 * by what FLOOR_NAMES of spec->base, here a tree at its floor, says is there. */
gboolean floor_extras_copy(
	const floor_spec *spec, const char *from, const char *to, GError **err);
