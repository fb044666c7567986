#pragma once
#include "plan/catalog.h"
#include "plan/lock.h"
#include "plan/package_lock.h"
#include "plan/recipe.h"

/* Does a lock still belong to what it locks? For `check`, which fetches nothing:
 * the places are those in the recipe, so the message points at what changed. */

/* X0409: it was made for a recipe of another name; X0403: the recipe has another version
 * than the locked file; X0406: it gives another sha256. A source the lock lacks is no
 * error, `build` adds it. */
void lock_check_recipe(const recipe *r, const recipe_lock *lock, diag_list *l);

/* X0432 for each section that the definition has moved on from; a target
 * without a section is no error. `host` is the build machine's platform, for
 * toolchains. */
void lock_check_sysroot(const sysroot_def *def, const package_lock *lock, diag_list *l);
void lock_check_toolchain(const toolchain_def *def, const package_lock *lock,
	const platform *host, diag_list *l);
