#pragma once
#include "build/step_extras.h"

/* Meson's subprojects by .wrap files (build/wraps.h) and what CMake fetches
 * (build/cmake_fetches.h), for any project whose build environment has that. What a
 * recipe without a `wraps` section in its lock is built from does not change by it. */
extern const step_part step_wraps;

/* When a section of the lock is made: `source` as unpacked, `files` (locked_file *) what
 * the build requires. */
gboolean step_wraps_lock(
	pipeline *p, item *i, const char *source, const GPtrArray *files, GError **err);

/* The folder of the project that is built, below its source. New string. */
char *step_wraps_project(const item *i, const char *source);
