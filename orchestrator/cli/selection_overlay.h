#pragma once
#include "cli/selection.h"

/* What locks say of the target's files of build requirements (build/step_overlay.h):
 * where these come from a recipe, its item of the same target and Python becomes one of
 * item.needs. The recipe is one of those given, else found as build/overlay_choose.h
 * says, and then added to the selection, marked `implicit`; one that --skip names is
 * not, nor one that is not for that target or Python.
 *
 * For the items of a recipe, or all (`of` NULL); further ones as they are added. An
 * item in a circle becomes ITEM_FAILED, EXIT_INPUT X0992. FALSE: a recipe or a lock
 * cannot be read, with errors in the list or *err. */
gboolean selection_add_overlays(selection *s, const options *o, const item_source *of,
	diag_list *l, GError **err);
