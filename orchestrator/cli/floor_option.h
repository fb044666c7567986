#pragma once
#include "cli/options.h"
#include "plan/platform.h"
#include "plan/recipe.h"

/* The floor for a target, new string: --floor (XORCH_FLOOR), else what PLAT or
 * AUDITWHEEL_PLAT of the environment asks (plan/plat_wish.h), else what the recipe and
 * the project say (cli/choice.h), else RECIPE_FLOOR_DEFAULT. `r` may be NULL: no recipe.
 * A target that --target names goes before the variables' own. NULL with *err: X0108,
 * X0121, X0131. */
char *floor_option(
	const options *o, const recipe *r, const platform *target, GError **err);

/* The target that PLAT or AUDITWHEEL_PLAT asks for where nothing else does: a name, or
 * NULL, with *err or without. */
const char *floor_option_target(GError **err);
