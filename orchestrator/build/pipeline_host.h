#pragma once
#include "build/item.h"
#include "build/pipeline.h"
#include "plan/key.h"

/* requirements.host, `deb:` entries: libraries of the sysroot's own suite for the
 * target, with what they depend on, on top of the sysroot. Locked in the recipe's lock
 * for each target, unpacked only, never run. */

/* Completes the item's section of the lock; a recipe without such entries has none.
 * Names of libraries it needs (`recipe:`) bring theirs along: a static library is
 * linked with what it needs itself. EXIT_LOCK X0407, X0408; EXIT_INPUT X0335 when the
 * suite has a package in another version than the recipe names. */
gboolean host_packages_lock(pipeline *p, item *i, GError **err);

/* The section's packages (locked_package *, borrowed), or NULL when there are none. */
const GPtrArray *host_packages_locked(const item *i);

/* Each package by name, version and digest, for --explain. X0407 when the section is
 * missing. */
gboolean host_packages_add_to_key(const item *i, key *k, GError **err);
