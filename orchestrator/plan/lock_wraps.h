#pragma once
#include "format/yaml_bind.h"

/* The `wraps` section of a recipe's lock: what the .wrap files of a source in Meson
 * want fetched, what CMake's FetchContent_Declare and ExternalProject_Add do, and the
 * crates that a Cargo.lock has from git. The one
 * section with addresses: they are the source's own words, and no registry has another
 * name for these files. */
typedef struct locked_wrap {
	char *name;	 /* of the .wrap file; as CMake declares it; of the crate */
	char *by;	 /* "cmake", "cargo"; NULL: Meson */
	char *file;	 /* its name in subprojects/packagecache; NULL: a repository */
	char *directory; /* in subprojects, once Meson uses it; NAME-VERSION of a crate;
			  * NULL: a patch */
	char *revision;	 /* CMake's GIT_TAG of a repository, cargo's commit; else NULL */
	GPtrArray *urls; /* char *: tried in order; one for a repository */
	gint64 size;	 /* bytes */
	char *sha256;
	char *commit, *tree; /* of a repository, as in a lock_source */
	gboolean submodules;
} locked_wrap;

locked_wrap *locked_wrap_new(const char *name, const GPtrArray *urls);
void locked_wrap_free(locked_wrap *w);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(locked_wrap, locked_wrap_free)
/* Why a lock with it could not be read again: of its names and addresses; NULL: it can.
 */
const char *locked_wrap_problem(const locked_wrap *w);
gboolean locked_wrap_is_by(const locked_wrap *w, const char *by);
/* What it is called where it is put: "freetype-2.6.1.tar.gz", "c-siphash". Borrowed. */
const char *locked_wrap_place(const locked_wrap *w);

extern const bind_struct lock_wrap_binding;

/* Whether every row is a file with its hash, or a repository with commit and files. */
gboolean lock_wraps_are_whole(const GPtrArray *rows);
/* Rows bound by it as locked_wrap *, in their order. */
GPtrArray *lock_wraps_take(const GPtrArray *rows);
/* The section as text; nothing for NULL or none. */
void lock_wraps_text(GString *out, const GPtrArray *wraps);
