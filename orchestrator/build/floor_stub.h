#pragma once
#include "build/floor_symbols.h"

/* A link stub: a shared library with a floor's symbols and nothing in them.
 * The texts below are all a linker run needs; both depend on the symbols
 * alone, so equal floors give equal bytes. */

/* GNU assembler source. Functions are four bytes, objects have their size and
 * lie together with their aliases. */
char *floor_stub_assembly(const floor_library *library);
/* The version script: a node for each version used. NULL when there is none. */
char *floor_stub_version_script(const floor_library *library);
