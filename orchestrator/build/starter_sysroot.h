#pragma once
#include "build/starter_private.h"
#include "plan/catalog.h"
#include "plan/known_library.h"

/* Which sysroot has the libraries in the versions that a source asks for: SYSROOT_DEFAULT
 * while it does, else the next newer one that is taken by itself for every target of it
 * (plan/floor_range.h). The versions are those of the suites' signed indices. Where it
 * asks for none, names that its C uses are looked for in the headers of both suites
 * (build/starter_headers.h). Asked only when the recipe takes libraries. The C++ library
 * that the source is written for counts in any case. */
typedef struct starter_sysroot {
	sysroot_def *def; /* NULL: the default one */
	char *why; /* "setup.py wants xmlsec1 1.2.33 and debian-11 has 1.2.31"; or NULL */
} starter_sysroot;

void starter_sysroot_clear(starter_sysroot *s);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(starter_sysroot, starter_sysroot_clear)

/* `libraries`: known_library *, those of the recipe. What no sysroot has, and that an
 * index could not be asked, goes to the notes (char *). */
void starter_sysroot_choose(const build_context *ctx, const json_t *facts,
	const GPtrArray *libraries, starter_sysroot *out, GPtrArray *notes);
