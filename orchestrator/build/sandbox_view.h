#pragma once
#include "build/sandbox.h"

/* What of this machine a step sees, as arguments for bubblewrap or for
 * xorch-init's Landlock rules. Only build/sandbox*.c use it. */

/* Appends bwrap's options (element type char *, owned by the array): namespaces and
 * mounts; the root is left writable for more. `capable`: xorch-init will hold
 * CAP_SYS_ADMIN over the inner user namespace and make /proc read-only itself. `scratch`
 * is laid out by sandbox_scratch. X0803 when a bound path is missing. */
gboolean sandbox_view_bwrap(GPtrArray *argv, const sandbox_spec *spec,
	const char *scratch, gboolean capable, GError **err);
/* Appends --read PATH and --write PATH. */
gboolean sandbox_view_landlock(
	GPtrArray *argv, const sandbox_spec *spec, const char *scratch, GError **err);
/* home, tmp, tools and etc below `scratch`; home and tmp are emptied. */
gboolean sandbox_view_scratch(
	const sandbox_spec *spec, const char *scratch, GError **err);
