#pragma once
#include "plan/platform.h"

/* The CMake toolchain file of a cross folder, at cmake/toolchain.cmake in it
 * (CMAKE_TOOLCHAIN_FILE). It finds its compilers by its own place and the sysroot
 * as wrapper.conf does; `sysroot_dir` is absolute or relative to the cross
 * folder. Libraries, headers and packages are looked for in the sysroot and in
 * the build's own folders only; XORCH_CMAKE_ROOTS (paths, colons between) adds
 * more of those where the sandbox has no constant paths. New string. */
char *cross_cmake(const platform *p, const char *sysroot_dir);
