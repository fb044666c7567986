#pragma once
#include "build/context.h"
#include "build/run_root.h"
#include "format/wheel.h"
#include "plan/wheel_tags.h"

/* What a wheel needs to be imported: its Requires-Dist whose markers hold on the
 * target, and theirs. Each is taken, the newest release that fits,
 *  1. from the folders of own wheels (xorch's output folder);
 *  2. from the package index: a wheel for this very target, or a pure one.
 * Nothing is recorded: verify judges an artefact and makes none. A file of the index
 * passes the verified door under the sha256 that the index gives. */

/* Paths of the wheels (char *), the wheel itself not among them. When some cannot be
 * had: NULL without an error and *missing a sentence for each, with semicolons between
 * them ("needs numpy>=1.25, and …").
 * NULL with an error: the wheel's metadata is wrong, or the run was cancelled.
 * `folders`: char *, may hold some that do not exist. `more`: char *, PEP 508, what is
 * needed beside; may be NULL; one that does not parse is EXIT_INPUT, as in a wheel. */
GPtrArray *verify_requires(const build_context *ctx, const wheel *w, const run_root *root,
	const GPtrArray *folders, const GPtrArray *more, char **missing, GError **err);

/* How xorch's roots look to an installer. */
wheel_host run_root_host(const run_root *root);
