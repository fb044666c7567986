#pragma once
#include "build/context.h"
#include "format/cargo_lock.h"
#include "plan/lock.h"
#include "plan/lock_wraps.h"

/* Crates that a Cargo.lock has from git repositories: one commit each, through the door
 * of git sources (source_git.h), locked as rows of `wraps` with by "cargo". In a build
 * cargo finds them as folders, by [patch] in its settings: it takes them for the
 * repository's crates and writes that into its own copy of Cargo.lock. */

/* Fetches those among `crates` (cargo_crate *) and puts their rows into the lock, in the
 * place of the old ones; of the registry's none. Errors of git sources; EXIT_INPUT X0951
 * for an address that no lock takes. */
gboolean crates_git_lock(const build_context *ctx, const GPtrArray *crates,
	recipe_lock *lock, GError **err);
/* Is this crate, at its commit, in the lock? */
gboolean crates_git_covers(const recipe_lock *lock, const cargo_crate *c);

/* The folder's name in a build: that of the repository's first crate, since cargo takes a
 * crate found at two places for two. Borrowed. */
const char *crates_git_folder(const recipe_lock *lock, const locked_wrap *w);

/* Copies what is locked to `folder`, a folder for each repository. The [patch] tables for
 * cargo's settings, which sees `folder` as `seen`; "" without any. New string; NULL with
 * X0509, or EXIT_INPUT X0951 when a repository does not hold its crate. */
char *crates_git_place(const build_context *ctx, const recipe_lock *lock,
	const char *folder, const char *seen, GError **err);
