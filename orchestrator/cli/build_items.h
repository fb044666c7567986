#pragma once
#include "cli/selection.h"

/* What `xorch build` does with a selection, for verbs that choose it themselves. What
 * fails is shown, and is in the items; FALSE: nothing was left to do, or a signal. */

/* Keys of the items by the locks there are; nothing is run, nobody asked. */
gboolean build_items_look(
	const build_context *c, const options *o, selection *s, GError **err);
gboolean build_items(
	const build_context *c, const options *o, selection *s, GError **err);
/* `xorch lock`: locks are completed and renewed. */
gboolean build_items_lock(
	const build_context *c, const options *o, selection *s, GError **err);
