#pragma once
#include "base/diag.h"
#include "plan/package_def.h"

/* The lock of a sysroot or toolchain: sysroots/debian-11.lock beside debian-11.yaml.
 * For each target the very packages it is made of, by path within the archive, size
 * and sha256, never by URL; with it nothing of the archive's index is fetched. */

typedef struct locked_package {
	char *name, *version;
	char *path; /* pool/main/g/glibc/libc6_….deb; for a PyPI wheel its file name; for
		       a layer of an image its place below the repository */
	char *sha256;	  /* 64 hex digits, lower case */
	gint64 size;	  /* bytes */
	char *program;	  /* of a tool's wheel: sha256 of the program in it; or NULL */
	gboolean runtime; /* may move on within the suite; else the very file counts */
} locked_package;

locked_package *locked_package_new(const char *name, const char *version,
	const char *path, const char *sha256, gint64 size, gboolean runtime);
locked_package *locked_package_copy(const locked_package *p);
void locked_package_free(locked_package *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(locked_package, locked_package_free)

/* What one tree is made of. */
typedef struct package_section {
	char *target;	    /* platform name, or "any" */
	char *suite;	    /* "" for PyPI */
	char *architecture; /* Debian's; "" for PyPI */
	char *date;	    /* of the Release it was resolved in, as it stands there */
	/* Of an image, else "": its name as the definition says it, and the digests (64
	 * hex digits) of the index it came from ("": there is none) and of the target's
	 * manifest. Its layers are the packages, path "blobs/sha256:…", the lowest first;
	 * their version is the media type. */
	char *image, *index, *manifest;
	GPtrArray *diff_ids;	    /* char *: of each layer the sha256 of its tar, by the
				     * image's        configuration; empty: not known */
	GPtrArray *roots, *without; /* char *: as the definition said then */
	/* locked_package *, sorted by name. Of a tool's wheel (target "any") the first is
	 * meant; others are the same release for other systems (build/beside.h). */
	GPtrArray *packages;
} package_section;

package_section *package_section_new(const char *target, const char *suite,
	const char *architecture, const char *date);
/* All strings copied. */
void package_section_set_image(
	package_section *s, const char *image, const char *index, const char *manifest);
void package_section_free(package_section *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(package_section, package_section_free)
locked_package *package_section_find(const package_section *s, const char *name);
void package_section_sort(package_section *s);
/* Does it still say what the definition wants? Otherwise *why (static) tells what
 * changed: "suite", "packages" … */
gboolean package_section_fits(const package_section *s, const package_def *def,
	const char *architecture, const char **why);

/* The pieces by which another lock holds such sections: its list's binding, what was
 * bound as sections (package_section *, sorted by target), and their text, each line
 * after `lead`. */
extern const bind_struct package_section_binding;
GPtrArray *package_sections_take(const GPtrArray *rows);
void package_sections_text(GString *out, const char *lead, const GPtrArray *sections);

typedef struct package_lock {
	char *path, *name;
	GPtrArray *sections; /* package_section *, sorted by target */
} package_lock;

package_lock *package_lock_new(const char *path, const char *name);
void package_lock_free(package_lock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(package_lock, package_lock_free)

/* Reads the lock; an empty one when there is no file. NULL with EXIT_INPUT and the
 * position when it cannot be read. */
package_lock *package_lock_load(const char *path, const char *name, GError **err);
/* The same with what is wrong added to `l`, one by one. */
package_lock *package_lock_read(const char *path, const char *name, diag_list *l);
/* The text that package_lock_load reads back: same lock, same bytes. */
char *package_lock_text(const package_lock *lock);
package_section *package_lock_section(const package_lock *lock, const char *target);
/* Takes `section` over, in place of that target's old one. */
void package_lock_set(package_lock *lock, package_section *section);
