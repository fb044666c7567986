#pragma once
#include <glib.h>

/* Libraries loaded at their first use. libcurl, libarchive, libsolv and libgit2 bring
 * sixty others with them; relocating all of them took three quarters of the start of
 * `xorch audit`, which needs none. Each has a list of the functions taken from it,
 * format/lazy/NAME.def, from which orchestrator/lazy.cmake writes <lazy/NAME.h>:
 * include that instead of the library's own headers, and call its functions by their
 * names. A function that is not in the list does not link. */

/* Looks up names[0..n) in the shared library into table[0..n), once; whoever comes
 * later waits. A library that is not there ends the program with EXIT_HOST (X0843), as
 * the dynamic linker would have at the start: xorch was built with it. */
void lazy_load(
	gsize *once, const char *soname, const char *const *names, void **table, gsize n);
