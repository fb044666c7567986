#pragma once
#include <glib.h>

/* A Debian index (Packages) and the closure of dependencies within it, by libsolv.
 * Reading the text of a whole suite takes about a quarter of a second; the index
 * can be kept in libsolv's own form, which takes a fifth of that. Not thread-safe:
 * one index, one thread. */
typedef struct solv_index solv_index;

/* One entry of the index. */
typedef struct solv_package {
	char *name, *version, *architecture;
	char *path;   /* within the archive, checked: pool/… */
	char *sha256; /* lower case */
	gint64 size;
} solv_package;

void solv_package_free(solv_package *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(solv_package, solv_package_free)

/* `paths` (char *) are Packages, of one suite or of several that belong together, plain
 * or compressed, verified before. X0632 (EXIT_INTEGRITY). */
solv_index *solv_index_read(
	const GPtrArray *paths, const char *architecture, GError **err);
/* The kept form; NULL without an error worth telling: make it anew. */
solv_index *solv_index_load(const char *path, const char *architecture);
gboolean solv_index_save(solv_index *index, const char *path, GError **err);
void solv_index_free(solv_index *index);

/* An index of RPM repositories (rpm-md): primary and, for dependencies on files,
 * filelists (NULL: none), compressed as they are, verified before. A package's path
 * begins with its repository's name. X0632. After the last one solv_index_rpm_ready. */
solv_index *solv_index_rpm(const char *architecture);
gboolean solv_index_rpm_add(solv_index *index, const char *repository,
	const char *primary, const char *filelists, GError **err);
gboolean solv_index_rpm_ready(solv_index *index, GError **err);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(solv_index, solv_index_free)

/* `roots` and everything they depend on (Depends, Pre-Depends), sorted by name.
 * The names in `without` (may be NULL) are left out, and so is what only they need.
 * Elements solv_package. X0633 (EXIT_INPUT) when a name does not exist or the
 * dependencies cannot be met, with libsolv's reasons; X0632 when an entry lacks its
 * SHA256 or size, or its path leads elsewhere. */
GPtrArray *solv_index_closure(solv_index *index, const GPtrArray *roots,
	const GPtrArray *without, GError **err);

/* The newest entry of that name, or NULL without an error when there is none. */
solv_package *solv_index_find(solv_index *index, const char *name, GError **err);
