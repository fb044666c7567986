#pragma once
#include "format/git.h"

/* What differs in a work tree from a commit: for `--changed-since`. A path counts as
 * changed when the commit checked out, the index or the work tree has it otherwise than
 * the common ancestor of that commit and the one named, as in `git diff REF...`: what
 * happened over there meanwhile is no change of ours. Where two lines of history have
 * several best common ancestors (criss-cross merges), what differs from any of them
 * counts. Files that git ignores are left out; submodules count as one path, which
 * changes with the commit checked out in them, or when something in them is not
 * committed.
 *
 * Asked are only the paths of interest, however large the repository. Nothing is written,
 * no hook and no filter program runs. Shallow and partial clones (without blobs), linked
 * work trees and a detached HEAD are fine. */
typedef enum git_where {
	GIT_WHERE_COMMITTED = 1 << 0,
	GIT_WHERE_STAGED = 1 << 1,
	GIT_WHERE_WORK_TREE = 1 << 2,
	GIT_WHERE_UNTRACKED = 1 << 3,
	GIT_WHERE_UNKNOWN = 1 << 4 /* ignored by git, which so cannot tell */
} git_where;

typedef struct git_change {
	char *path;	/* from the top of the work tree */
	unsigned where; /* git_where */
	gboolean added; /* was not there before */
	gboolean gone;	/* removed, at the last of them */
	char *from;	/* its name before, when it was only renamed; or NULL */
} git_change;

/* A comparison with one commit. */
typedef struct git_base git_base;

/* The work tree that holds the folder. NULL: EXIT_INPUT X0320 when there is none or git
 * would not read it. */
repo_tree *git_changes_tree(const char *folder, GError **err);
/* How `ref` would be fetched: the remote and the refspec for `git fetch`, new strings.
 * FALSE: it is neither a branch of a remote, as in origin/main, nor a commit in full. */
gboolean git_base_refspec(
	const repo_tree *t, const char *ref, char **remote, char **refspec);
/* Is the clone cut off somewhere? */
gboolean git_base_shallow(const repo_tree *t);
/* Finds `ref` (whatever `git rev-parse` takes) and the common ancestors. NULL: EXIT_INPUT
 * X0321 when there is no such commit, X0322 without common history; both say what to
 * fetch. Borrows the tree. */
git_base *git_base_find(const repo_tree *t, const char *ref, GError **err);
void git_base_free(git_base *b);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_base, git_base_free)

/* Compares these paths (files, or folders with all below; from the top, "" the top
 * itself; any order). FALSE: EXIT_INPUT X0320. To be called once. */
gboolean git_base_compare(git_base *b, const char *const *paths, GError **err);
/* After that: the change of this path: of itself, of the first below it, or of a
 * submodule or link above it. `exists`: it is a file that is there, which makes one that
 * git ignores a change. NULL: none. Owned by the base. */
const git_change *git_base_change(git_base *b, const char *path, gboolean exists);
