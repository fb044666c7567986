#pragma once
#include "build/pipeline.h"
#include "build/step_extras.h"
#include "plan/lock_wraps.h"

/* What CMake files fetch by FetchContent_Declare and ExternalProject_Add: found out when
 * a recipe is locked, fetched through the verified door. In a build both are called by
 * functions of ours, whose names are put into the CMake files of the build's own copy of
 * the source: CMake defines its two anew at every include(FetchContent), so no others of
 * that name would stay. They hand on a folder in place of the address, and all else that
 * is declared (patches, where it is put) as it stands. */

/* Looks through the CMake files below `project` and adds what its build may want to
 * `locked` (locked_wrap * with by "cmake"). What only tests want is left out; with a
 * warning: what cannot be had, since a build may do without it. */
gboolean cmake_fetches_lock(
	pipeline *p, const item *i, const char *project, GPtrArray *locked, GError **err);

/* Copies what is locked to where the step sees it, unpacked, and says so to CMake, in the
 * file CMAKE_FETCHES that step_cmake has read at project(). Without anything locked that
 * file is empty and the source left alone. */
gboolean cmake_fetches_place(
	const build_context *ctx, const step_site *site, step_extras *x, GError **err);
#define CMAKE_FETCHES "fetched.cmake"

/* After a build, `out` being its folder for results: whether CMake was given it. */
gboolean cmake_fetches_used(const char *out, const locked_wrap *w);
