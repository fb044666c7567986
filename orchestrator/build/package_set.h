#pragma once
#include "build/context.h"
#include "plan/catalog.h"
#include "plan/package_lock.h"

/* A tree made of Debian packages, or of the layers of an image (package_image.h), by the
 * lock of its definition: locked (resolved in
 * the signed suite when the lock lacks the section), fetched, unpacked into the store
 * with /usr merged, finished by the caller. Nothing of a package is run. */
typedef struct package_set package_set;
struct package_set {
	const char *kind; /* "sysroot", "toolchain": of the store's tree and messages */
	const char *name; /* debian-11 */
	const char *path; /* of the definition; the lock lies beside it */
	const package_def *def;
	const platform *target; /* NULL only for a set common to all targets */
	const GPtrArray *extra; /* locked_package * on top of the lock's, or NULL */

	/* Called on the unpacked tree before it gets its name; NULL: nothing to do.
	 * `version` goes into the key: raise it when finish does something else. */
	gboolean (*finish)(const package_set *set, const char *dir, GError **err);
	const void *finish_data;
	gboolean alternatives; /* Debian's links too (package_alternatives.h) */
	unsigned version;
};

/* For a toolchain of packages; `target` may be NULL for a common one. */
package_set package_set_of_toolchain(const toolchain_def *def, const platform *target);

/* The locked section: from the lock; if it is not there, or the definition has changed
 * since, resolved and written, which ctx->locked forbids (EXIT_LOCK X0430). `upgrade`
 * resolves in any case. *changed (may be NULL) tells whether the lock was written. */
package_section *package_set_lock(const build_context *ctx, const package_set *set,
	gboolean upgrade, gboolean *changed, GError **err);

/* More packages with what they depend on, of the same suite, for `extra`: what of
 * their closure is not in the section. Elements locked_package *. */
GPtrArray *package_set_more(const build_context *ctx, const package_set *set,
	const package_section *section, const GPtrArray *names, GError **err);

/* The key of the tree, 64 hex digits, without looking at the store. */
char *package_set_key(const package_set *set, const package_section *section);

/* The tree's folder in the store, made if need be. *key (may be NULL) gets its key.
 * EXIT_LOCK X0431 when the mirror has a locked file no more. */
char *package_set_tree(
	const build_context *ctx, const package_set *set, char **key, GError **err);

/* Only what package_set_tree would fetch: TRUE when everything is in the store. */
gboolean package_set_fetch(
	const build_context *ctx, const package_set *set, GError **err);
