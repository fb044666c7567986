#pragma once
#include <glib.h>

/* What xorch asks of a git work tree it stands in, by libgit2; nothing is
 * changed and no hook runs. A repository that belongs to somebody else is
 * treated as none, as git itself does (safe.directory). */
typedef struct git_tree git_tree;

/* The work tree that holds `path` (a folder or file), or NULL. */
git_tree *git_tree_open(const char *path);
void git_tree_free(git_tree *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(git_tree, git_tree_free)

/* Its top folder, without a slash at the end, links resolved. */
const char *git_tree_top(const git_tree *t);
/* Does git ignore this path? Tracked files are never ignored. */
gboolean git_tree_ignores(const git_tree *t, const char *path);
