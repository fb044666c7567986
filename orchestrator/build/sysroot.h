#pragma once
#include "build/package_set.h"

/* A target's headers and libraries as a tree to link against: the packages of a
 * definition (plan/catalog.h), unpacked and made independent of where it lies:
 *
 *  - /usr is merged, every link is relative and stays inside;
 *  - linker scripts name libraries by bare file names, which the linker then
 *    looks up on its path within the sysroot;
 *  - what the definition prunes is left out, above all the static C library.
 *
 * Before it gets its name in the store it is checked (build/sysroot_check.h). */

/* A definition with `python` is a root to run in: merged and pruned, not more.
 *
 * The tree's folder; `extra` (locked_package *, may be NULL) are the recipe's own
 * packages, see sysroot_more. *key (may be NULL) gets the tree's key. */
char *sysroot_prepare(const build_context *ctx, const sysroot_def *def,
	const platform *target, const GPtrArray *extra, char **key, GError **err);

/* The key alone; locks the definition's section if need be. */
char *sysroot_key(const build_context *ctx, const sysroot_def *def,
	const platform *target, const GPtrArray *extra, GError **err);

/* What `names` (char *: Debian packages of the sysroot's suite) need on top of the
 * sysroot: locked_package *, for a recipe's lock. Asks the archive. */
GPtrArray *sysroot_more(const build_context *ctx, const sysroot_def *def,
	const platform *target, const GPtrArray *names, GError **err);

/* The sysroot's own packages that hold shared libraries or their licence, without the C
 * library: locked_package *, for grafting. Empty for a sysroot of no packages. */
GPtrArray *sysroot_library_packages(const build_context *ctx, const sysroot_def *def,
	const platform *target, GError **err);

/* For the verbs that fetch and lock. */
package_set sysroot_package_set(
	const sysroot_def *def, const platform *target, const GPtrArray *extra);
