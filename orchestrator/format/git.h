#pragma once
#include <glib.h>

/* What xorch asks of a git work tree it stands in, by libgit2; nothing is
 * changed and no hook runs. A repository that belongs to somebody else is
 * treated as none, as git itself does (safe.directory). Names that libgit2 exports
 * itself (git_tree_free …) may not be used here: they would take the place of its own. */
typedef struct repo_tree repo_tree;

/* The work tree that holds `path` (a folder or file), or NULL. */
repo_tree *repo_tree_open(const char *path);
void repo_tree_free(repo_tree *t);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(repo_tree, repo_tree_free)

/* Its top folder, without a slash at the end, links resolved. */
const char *repo_tree_top(const repo_tree *t);
/* Does git ignore this path? Tracked files are never ignored. */
gboolean repo_tree_ignores(const repo_tree *t, const char *path);
/* The commit that HEAD names, 40 hex digits; NULL before the first. New string. */
char *repo_tree_commit(const repo_tree *t);
/* Where `origin` is, without user name and password; NULL when there is none, or when
 * it is a folder of this machine. New string. */
char *repo_tree_origin(const repo_tree *t);
/* `path` (which exists) from the top folder; NULL when it lies outside. New string. */
char *repo_tree_relative(const repo_tree *t, const char *path);
/* Which of these files, and what below these folders (paths from the top), is not as in
 * the commit: changed, staged, new, gone. Of folders what git ignores does not count.
 * Elements char *, sorted, each once; NULL when git cannot tell. */
GPtrArray *repo_tree_changes(const repo_tree *t, const GPtrArray *paths);
