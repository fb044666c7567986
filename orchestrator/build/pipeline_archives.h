#pragma once
#include "build/pipeline_private.h"

/* Whose the archives are that were linked into an artefact (build/linked_archives.h),
 * beyond what a recipe asks to be linked statically:
 *
 *  - the compilers' own, below a floor above all: libgcc.a, what libstdc++ lacks there,
 *    libc_nonshared.a. The package is that of the sysroot or of the toolchain;
 *  - static libraries of requirements.host that the project chose by itself;
 *  - static libraries that a build requirement brings for the target (numpy's).
 *
 * The project's own are no parts, libraries of recipes are listed by those. The start
 * files (crti.o, crtbeginS.o …), which every module has, are not listed. */

/* library_place * without a folder, each package once, added to `out`. `archives`
 * (char *): paths as the linker had them. Of the compilers' packages no licence is
 * named: what they put into a program is under none that asks for it to be
 * handed on (GCC Runtime Library Exception; the exception in libc_nonshared.a). */
gboolean pipeline_archives(pipeline *p, item *i, const cross *c,
	const GPtrArray *archives, GPtrArray *out, GError **err);

/* What it will read of packages into the store. */
gboolean pipeline_archives_fetch(pipeline *p, item *i, GError **err);
