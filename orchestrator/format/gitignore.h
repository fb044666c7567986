#pragma once
#include <glib.h>

/* What git leaves out of a folder, as gitignore(5) says: what the .gitignore files from
 * the top of the work tree down match, tracked files excepted. Neither .git/info/exclude
 * nor the configuration of a user or of the clone counts, so that a commit holds the same
 * files for everybody, and it does not matter whose folder it is (safe.directory).
 *
 * It is asked on the way through the folder; one thread at a time. */
typedef struct gitignore gitignore;

/* Stands in `dir`, links resolved. The folder itself is wanted, whatever matches it or
 * those above it. NULL without an error when it lies in no work tree. EXIT_HOST X0820
 * when a .gitignore cannot be read. */
gitignore *gitignore_new(const char *dir, GError **err);
void gitignore_free(gitignore *g);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(gitignore, gitignore_free)

/* Is `name` in the folder where it stands left out? A folder is not where something below
 * it is tracked. `.git` always is. EXIT_INPUT X0932 when the index cannot be read. */
gboolean gitignore_skips(
	gitignore *g, const char *name, gboolean folder, gboolean *skips, GError **err);
/* Goes into that folder, and back. A repository inside has its own rules and index. */
gboolean gitignore_enter(gitignore *g, const char *name, GError **err);
void gitignore_leave(gitignore *g);

/* One pattern against a path, by the rules of git's wildmatch for paths. */
gboolean gitignore_glob(const char *pattern, const char *path);
