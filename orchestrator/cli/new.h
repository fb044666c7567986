#pragma once
#include "build/item.h"
#include "build/starter.h"
#include "cli/options.h"

/* Shared by the two forms of `xorch new`. */

/* "recipes/NAME.yaml". New string. */
char *new_default_path(const char *name);
/* Checks the text and writes it where nothing is yet (X0984); tells the path. */
gboolean new_write(const options *o, const starter *s, const char *path, GError **err);

/* For a release without a wheel for a target: a recipe at `path`, or why there is none,
 * told, and on with the others. FALSE with *err only when nothing more is to be done. */
gboolean new_without_wheel(const options *o, const build_context *c,
	const starter_request *r, const char *path, const char *target, gboolean *written,
	GError **err);

/* The item could not be locked for want of a wheel that a recipe would make (X0990). */
gboolean new_mends(const item *i);

/* Locks the recipes at `paths`. Build requirements whose files for the target can be had
 * nowhere (build/overlay_choose.h, item.lacks) get recipes of their own beside the one
 * that asks, for those targets, and locks; what they need in turn too. The exit status is
 * that of `xorch lock`: what cannot be locked is told, what can be is written. */
int new_lock(const options *o, const build_context *c, const host_python *python,
	const GPtrArray *paths, GError **err);

/* `new -r`: a recipe for every package of the closure without a wheel for a target.
 * Paths of what was written are added to `paths`. */
gboolean new_from_requirements(const options *o, const build_context *c,
	const host_python *python, GPtrArray *paths, GError **err);
