#pragma once
#include "cli/selection.h"

/* The libraries that items ask for by `recipe:NAME` in requirements.host, those of the
 * selection's items from index `from` on: an item of
 * the same target, of a recipe named on the command line, else of NAME.yaml beside the
 * recipe that asks, else in recipes/. It is added to the selection if it is not there,
 * marked `implicit`, and becomes one of i->needs.
 *
 * Errors, in the item that asks (ITEM_FAILED): EXIT_INPUT X0312 no such recipe or not
 * a library, X0313 libraries that need each other, X0314 a library whose floor is
 * above, X0315 a library that cannot be built. FALSE with errors in the list: a recipe
 * that cannot be read. */
gboolean selection_add_needs(
	selection *s, const options *o, guint from, diag_list *l, GError **err);

/* The path of the library's recipe: of one of `known` (item_source *), else NAME.yaml
 * beside the recipe that asks, else in recipes/. New string; NULL: none. */
char *library_recipe(const GPtrArray *known, const recipe *asks, const char *name);
