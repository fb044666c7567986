#pragma once
#include <glib.h>

/* repomd.xml of an RPM repository (createrepo_c's format): which files its index is made
 * of. Verified before it comes here; what it says is checked all the same. */
typedef struct repomd_file {
	char *path;   /* below the repository, checked */
	char *sha256; /* lower case */
	gint64 size;  /* bytes, as it is fetched */
} repomd_file;

typedef struct repomd {
	repomd_file primary, filelists; /* the second's path may be NULL */
	gint64 revision; /* seconds of the epoch, as far as it is a number; 0 not */
} repomd;

/* X0636 (EXIT_INTEGRITY). */
repomd *repomd_parse(const char *label, const char *text, gsize size, GError **err);
void repomd_free(repomd *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(repomd, repomd_free)

/* NULL, or what is wrong with a path within a repository. */
const char *repository_path_fault(const char *path);
