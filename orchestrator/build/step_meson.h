#pragma once
#include "build/step_extras.h"

/* meson-python: a cross file that describes the target (compilers, where libraries
 * are, what a test program would tell) and a native file with a fixed build machine,
 * given to the backend as setup-args before the recipe's own. Without the cross file
 * meson builds, and runs its tests, for the build machine. Projects with a meson of
 * their own (numpy) take the same files.
 *
 * Flags stand in the cross file because meson puts CFLAGS after what the project's
 * build type says, and -O2 would take the place of its -O3; a recipe's own CFLAGS
 * (build.env) are left to the environment. */
extern const step_part step_meson;
