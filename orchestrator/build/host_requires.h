#pragma once
#include "build/item.h"
#include "plan/catalog.h"

/* requirements.host of a recipe: libraries for the target. */

/* Whether they can go together with the sysroot. FALSE, EXIT_INPUT X0333: on a 32-bit
 * target Debian renamed every library whose interface holds a time_t when that grew
 * to 64 bits (…t64, from trixie on; Debian ReleaseGoals/64bit-time), and such a
 * library's structures are not those of an older sysroot's headers. Looks at names
 * only: a plan may ask. */
gboolean host_requires_check(
	const recipe *r, const platform *target, const sysroot_def *def, GError **err);
