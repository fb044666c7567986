#pragma once
#include "build/context.h"
#include "build/step_extras.h"

/* cmake, ninja and meson of the build machine, which build libraries: wheels of the
 * Python index (toolchains/cmake.yaml …), locked and kept like uv, part of a library's
 * key. The host's own are not seen. cmake and ninja are programs for the glibc of this
 * machine; meson is run by its python3. */

/* What a library needs of them, by its build system; a build.script by the words in
 * it. Bits of BUILD_TOOL_…. */
enum { BUILD_TOOL_CMAKE = 1, BUILD_TOOL_NINJA = 2, BUILD_TOOL_MESON = 4 };
unsigned build_tools_of(const recipe *r, const char *project);

/* All three as one text for a key: nothing is fetched but what a missing lock entry
 * needs. New string. */
char *build_tools_key(const build_context *ctx, GError **err);

/* Makes those ready. With `x` they also get bound, and their folders come first in the
 * step's PATH. Errors: those of build/pypi_tool.h, EXIT_INTEGRITY X0911 a wheel without
 * its program. */
gboolean build_tools_prepare(
	const build_context *ctx, unsigned which, step_extras *x, GError **err);

/* One by name, for the verbs over definitions: its program (new string), its key. NULL
 * without an error when it is none of these. */
char *build_tool_program(
	const build_context *ctx, const char *name, char **key, GError **err);
/* Locks its newest release, or the definition's version. */
gboolean build_tool_lock(const build_context *ctx, const char *name, GError **err);
gboolean build_tool_is(const char *name);
