#pragma once
#include "plan/platform.h"
#include "plan/recipe.h"

/* A library's installed files as they are kept in the store: usr/… as on the target,
 * licenses/NAME/… beside it.
 *
 *  - left out: libtool's .la files (they hold paths and outdated needs), programs,
 *    manuals;
 *  - where only the static archive is there, a .pc file says what that needs as its
 *    own needs (Libs.private, Requires.private become Libs, Requires): nobody has to
 *    know that `pkg-config --static` would be right;
 *  - modes are 0755 and 0644, whatever the umask;
 *  - every object is for the target, no member of an archive has a date or an owner. */

/* Fills `tree`, an empty folder, from what was installed below `dest`; licences come
 * from `project`, the source. Errors: EXIT_BUILD X0971 nothing was installed;
 * EXIT_AUDIT X0972 an object is not for the target, X0973 a path of the build is in
 * a .pc file. */
gboolean library_tree_make(const char *dest, const char *project, const recipe *r,
	const platform *target, const char *tree, GError **err);

/* The text of a .pc file with its private needs made public. New string. */
char *library_pc_public(const char *text);
