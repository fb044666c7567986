#pragma once
#include "build/starter.h"
#include "cli/options.h"

/* Shared by the two forms of `xorch new`. */

/* "recipes/NAME.yaml". New string. */
char *new_default_path(const char *name);
/* Checks the text and writes it where nothing is yet (X0984); tells the path. */
gboolean new_write(const options *o, const starter *s, const char *path, GError **err);

/* `new -r`: a recipe for every package of the closure without a wheel for a target.
 * Paths of what was written are added to `paths`. */
gboolean new_from_requirements(const options *o, const build_context *c,
	const host_python *python, GPtrArray *paths, GError **err);
