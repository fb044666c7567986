#pragma once
#include "build/native_step.h"
#include "plan/recipe.h"

/* Configures, builds and installs a C library in the sandbox: by configure, CMake,
 * meson, OpenSSL's Configure or the recipe's script; static and position independent
 * unless build.options say otherwise. Installed as on the target: prefix /usr,
 * libraries in /usr/lib/TRIPLE, so that it may lie in a sysroot and no path of the
 * build is in it.
 *
 * `step` lacks only cwd, defaults and tools, which are set here. The files are then
 * below OUT/dest. Errors: EXIT_INPUT X0970 when the source shows no build system;
 * those of native_step_run. */
gboolean builder_library_run(native_step *step, const recipe *r, GError **err);

/* Which of the source's build systems is taken, as the recipe's `backend`: what it
 * says, else OpenSSL's Configure, configure, CMakeLists.txt, meson.build, in this
 * order. BACKEND_AUTO: none. */
recipe_backend builder_library_backend(const recipe *r, const char *project);
