#pragma once
#include "cli/upkeep.h"

/* Raises one recipe (state UPKEEP_UPDATE) to u->to in place and renews its lock, of all
 * Pythons and targets that the lock had and that are here. Both files get their new
 * contents when everything has gone well; FALSE: both are as they were. What failed for
 * single items has then been shown already (*shown). A process that is killed between the
 * two leaves the old recipe with the new lock, which --locked refuses: the next `xorch
 * update` finds the same release, and `xorch lock` makes the lock the recipe's again. */
gboolean update_recipe(const options *o, const build_context *c, upkeep *u,
	gboolean *shown, GError **err);
