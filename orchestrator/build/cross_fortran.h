#pragma once
#include "build/floor.h"

/* The run-time library of gfortran for a target: the toolchain's own archive, since a
 * compiler and its library go together, with what it asks of a newer C library than the
 * floor's (build/floor_extras.h). It is linked statically, so a wheel keeps its floor. */

/* Writes lib/libgfortran.a below `dir` for a toolchain that has a gfortran; nothing for
 * others. spec->base is the sysroot's tree at its floor. X0930: the toolchain has no
 * archive; X0931. */
gboolean cross_fortran(
	const toolchain *chain, const floor_spec *spec, const char *dir, GError **err);
