#pragma once
#include "build/item.h"

/* --snapshot: wheels and programs of the work tree as it stands, for trying out. What a
 * recipe with a `path` source makes gets a local version label: 1.0+g0123456789ab, after
 * the commit; when recipe, source or patches are not as in that commit also
 * .d89abcdef, a hash of what is not, so that no two states of the tree share a file name.
 * The release itself sorts below it, and PyPA's rules ("Version specifiers", local
 * version identifiers) keep such versions off public indexes.
 *
 * The label of a recipe; NULL without an error when it has no `path` source, NULL with
 * EXIT_INPUT X0929 when there is no commit. */
char *snapshot_label(const recipe *r, GError **err);
