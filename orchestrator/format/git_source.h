#pragma once
#include <glib.h>

/* A commit of a remote repository as a folder of files, by libgit2. It reads what
 * strangers wrote and cannot be given a time limit (libgit2 1.5 has none), so it runs
 * in a child of its own under limits: `xorch __git`, started by build/source_git.c.
 *
 * Nothing of the repository is executed or believed: the user's and the system's
 * configuration is not read unless `home` is given (git-config(1)'s files), there is no
 * work tree, no hook, filter or attribute; files are the very blobs. Names go through the
 * policy of format/unpack.h and may not be .git in any spelling. A Git LFS pointer is an
 * error, as it is not the file it stands for. Objects are verified as they are read. */
typedef struct git_source {
	const char *url;	  /* https, or http to this machine */
	const char *rev;	  /* 40 hex digits; or: */
	const char *tag;	  /* and, when known, */
	const char *expected;	  /* the commit it must name */
	const char *repositories; /* folder of bare repositories, kept between runs */
	const char *dest;	  /* folder to fill; exists, empty */
	const char *home; /* of the user whose configuration counts; NULL: none's */
	gboolean submodules;
	void (*progress)(const char *text, void *data); /* now and then; may be NULL */
	void *progress_data;
} git_source;

typedef struct git_result {
	char *commit; /* 40 hex digits */
	char *tree;   /* sha256 over names, kinds and contents of all files */
	gint64 date;  /* of the commit, seconds: every file's mtime */
	guint files;
} git_result;

void git_result_clear(git_result *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(git_result, git_result_clear)

/* EXIT_INPUT X0553 (an address that is not fetched from), EXIT_NETWORK X0550 (the
 * server), X0551 (no such commit or tag), EXIT_INTEGRITY X0552 (the tag names another
 * commit), X0554 (a damaged repository; the kept one is removed, a second try fetches
 * it whole), X0555 (LFS pointer), X0556 (names, submodules), X0620, X0621;
 * EXIT_HOST X0557 when the kept repository is somebody else's. */
gboolean git_source_export(const git_source *s, git_result *out, GError **err);

/* ---- its parts ---- */

/* A submodule as .gitmodules says it. */
typedef struct git_module {
	char *name, *path, *url;
} git_module;

/* The entries that have a path and a URL; git_module *, freed with the array. Only
 * plain `key = value` lines count, no include and no variable. EXIT_INTEGRITY X0556 for
 * a name or path that leads out, or begins with '-'. */
GPtrArray *git_modules_parse(const char *text, gsize size, GError **err);
/* Address of a submodule seen from its parent's: absolute, or ./ and ../ on the same
 * host. X0556. New string. */
char *git_module_url(const char *parent, const char *url, GError **err);
/* A component that some file system takes for .git. */
gboolean git_name_is_special(const char *name);
