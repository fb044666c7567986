#pragma once
#include <glib.h>
#include <git2/types.h>
#include <git2/oid.h>

/* Where two lines of history part, by libgit2's objects but not by its walk: that one
 * (1.5) fails in a shallow clone, whose oldest commits name parents that are not there.
 */

/* The best common ancestors of two commits, as `git merge-base --all` names them: git_oid
 * one after the other, none when they share no history. *shallow tells whether the walk
 * ended where the clone was cut. NULL with X0322 (EXIT_INPUT) when a commit cannot be
 * read. */
GArray *git_history_bases(git_repository *r, const git_oid *one, const git_oid *other,
	gboolean *shallow, GError **err);
