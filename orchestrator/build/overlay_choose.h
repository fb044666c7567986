#pragma once
#include "build/pipeline.h"

/* Which build requirements have to be laid over with the target's, chosen when a
 * section of the lock is made. A rule decides, no list of names: a wheel compiled
 * for a Python ABI (tools such as cmake are not) that carries what compilers and
 * linkers of others read (headers, archives, pkg-config files) that are not in the
 * project's sdist byte for byte: its build made them, for one machine. Where the
 * target's come from, in order:
 *
 *	1. xorch itself: a recipe NAME*.yaml of that project and version, for that
 *	   target, beside the recipe that is built or in recipes/;
 *	2. the project's wheel for the target on PyPI;
 *	3. xorch again: a wheel that was built here earlier from a recipe elsewhere.
 *
 * `packages` are the locked_file * of the build environment, which must be in the
 * store. Element locked_file *, sorted by name; `file` NULL: by a recipe. NULL: X0990
 * (EXIT_BUILD) when there is none of it, with the recipe that would help. i->lacks gets
 * all that are in neither of the first two places. */
GPtrArray *overlay_choose(pipeline *p, item *i, const GPtrArray *packages, GError **err);

/* Whether a member of a wheel is read by compilers or linkers of others, and so laid
 * over. */
gboolean overlay_wants(const char *name);

/* The path of that recipe for a target, the first by name where there are several; NULL:
 * none. */
char *overlay_recipe(const recipe *asks, const char *target, const locked_file *f);

/* "numpy-2.2.6-cp313-armv7": the item that makes that wheel for `i`. New string. */
char *overlay_item_id(const item *i, const locked_file *f);
