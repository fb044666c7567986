#pragma once
#include <glib.h>

/* Entries of RPATH and RUNPATH (ld.so(8)), from a wheel's point of view. */

/* NULL when the entry stays in the wheel; else why not, as static text. `member` is the
 * object's name within the wheel; NULL: a bare file, where anything below or beside
 * $ORIGIN will do. */
const char *rpath_problem(const char *member, const char *entry);

/* Those of a list separated by colons that stay in the wheel, in their order, each once,
 * and then `more` (may be NULL). NULL when nothing is left. New string. *dropped (may be
 * NULL) tells whether any went. */
char *rpath_keep(
	const char *member, const char *list, const char *more, gboolean *dropped);

/* Does what leaves the wheel, if anything, lead into these folders (absolute and
 * NULL-terminated, or NULL for none) and nowhere else? */
gboolean rpath_leads_into(
	const char *member, const char *list, const char *const *folders);

/* From the member's folder up to the wheel's top and down into `folder`:
 * "$ORIGIN/../pkg.libs". New string. */
char *rpath_to(const char *member, const char *folder);
