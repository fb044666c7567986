#pragma once
#include "build/step_extras.h"

/* Compilations of a package that were done before are taken from a cache of object
 * files, where this machine has a program for it (build/compiler_cache.h), unless
 * --no-ccache says otherwise.
 *
 *  - C, C++, assembler: ccache, else sccache, started by the compiler's wrapper
 *    (build/wrapper/cc.c). So it serves every way to the compiler: CC, CMake, meson's
 *    cross file, the cc crate, the build machine's compiler; and the libraries of other
 *    recipes. Rust: sccache, for crates of the lock.
 *  - The result is the same to the byte, so it is part of no key. Whatever could make it
 *    another is left out: ccache's direct mode, which does not see a new header that
 *    stands before an old one; Rust crates of the source itself, whose macros may read
 *    files that sccache knows nothing of (those of the lock never change under their
 *    name and version); this machine's own settings for either program. The compiler is
 *    known by the key of toolchain, sysroot, floor and wrapper, not by its date.
 *  - Builds that are there to be compared with another, the second one of
 *    --check-reproducible and that of `xorch rebuild`, compile everything themselves.
 *  - The cache is a folder that builds may write and that outlives them, which nothing
 *    else in the sandbox is. What one can spoil is kept small: each package name has a
 *    cache of its own, STORE/v1/ccache/NAME, so a build reads only what builds of the
 *    same package wrote. Neither does it touch the user's own cache (CCACHE_DIR), where
 *    code of packages would write what other programs are then made of.
 *    Unasked it is not used under --verify-cache, which says that the store came from
 *    elsewhere: nobody knows what its object files should be.
 *  - Unasked it is for the level bwrap alone: elsewhere paths differ from build to build,
 *    and nothing would be found again.
 *  - A program that does not start, or a folder that cannot be written, is told once,
 *    and builds go on without. Only --ccache makes it an error (X0842). */
extern const step_part step_ccache;

/* Reads what the build got of it, from what was left in the scratch folder, into the
 * item's cache_hits and cache_misses. */
void step_ccache_count(item *i, const char *scratch);
