#pragma once
#include "build/step_extras.h"

/* --ccache: compilations of a package that were done before are taken from a cache of
 * object files, by the machine's own ccache. The compiler's wrapper starts it
 * (build/wrapper/cc.c), so it serves every way to the compiler: CC, CMake, meson's cross
 * file, the cc crate, the build machine's compiler; and the libraries of other recipes.
 * For Rust the machine's sccache is cargo's wrapper of rustc, where there is one.
 *
 * Off unless asked for: the cache is a folder that builds may write and that outlives
 * them, which nothing else in the sandbox is. What it can spoil is kept small: each
 * package name has a cache of its own (STORE/v1/ccache/NAME), so a build reads only what
 * builds of the same package wrote; the compiler is known by the key of toolchain,
 * sysroot, floor and wrapper, not by its date. The result is the same bytes, so it is
 * part of no key. */
extern const step_part step_ccache;
