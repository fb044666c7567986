#pragma once
#include "build/run_root.h"
#include "format/wheel.h"

/* Libraries that manylinux takes for granted on every system (X11, GLib …) and that a
 * root, which is small, goes without: put into it for an artefact that needs them. */

/* Adds to `out` (char *, each once) what the wheel's objects need (DT_NEEDED). */
void run_root_needed(const wheel *w, GPtrArray *out);

/* The root's tree becomes one that has those of `sonames` (char *) that the policies take
 * for granted, from the root's own signed suite, beside those that were added before; its
 * definition's lock stays as it is. A root that has them, or of a policy that has them
 * not, stays as it was. */
gboolean run_root_add(
	const build_context *ctx, run_root *r, const GPtrArray *sonames, GError **err);
