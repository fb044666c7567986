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

/* Does an entry of the list lead into one of the folders (absolute, NULL-terminated; may
 * be NULL)? */
gboolean rpath_leads_into(const char *list, const char *const *folders);

/* From the member's folder up to the wheel's top and down into `folder`:
 * "$ORIGIN/../pkg.libs". New string. */
char *rpath_to(const char *member, const char *folder);
