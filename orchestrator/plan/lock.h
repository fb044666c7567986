#pragma once
#include "base/diag.h"
#include "plan/lock_go.h"
#include "plan/package_lock.h"
#include <glib.h>

#define RECIPE_LOCK_VERSION 1

/* A recipe's lock: `cwcwidth.lock` beside `cwcwidth.yaml`, YAML, written by
 * xorch and meant for review. It names every download of a build that is not
 * part of a sysroot or toolchain: by name, version, size and sha256, by URL only
 * what a source's .wrap files name so. Sections for Pythons that this machine lacks are
 * kept as they are. */

/* One file of a package index. */
typedef struct locked_file {
	char *name;    /* project, normalised (PEP 503) */
	char *version; /* as in the file name */
	char *file;    /* file name: cython-3.1.2-cp311-…whl */
	char *sha256;  /* 64 hex digits, lower case */
	gint64 size;   /* bytes; -1: the index did not say */
} locked_file;

locked_file *locked_file_new(const char *name, const char *version, const char *file,
	const char *sha256, gint64 size);
void locked_file_free(locked_file *f);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(locked_file, locked_file_free)

/* A source of the recipe, in the recipe's order. What the kind does not have is NULL,
 * a file's sha256 and name included (a repository has neither). */
typedef struct lock_source {
	char *kind;	   /* the recipe's key: pypi, url, git, gomod, debsrc */
	locked_file *file; /* its name is what the recipe names: project, module, … */
	char *requires_python; /* PEP 440 specifiers of the release, NULL if none */
	char *commit;	       /* git: 40 hex digits */
	char *tree;	       /* git: sha256 over the exported files */
	char *h1;	       /* gomod: Go's hash of the module, "h1:…=" */
	char *suite;	       /* debsrc: where it was found */
	char *publisher;       /* pypi: who published it, when the recipe says who must */
} lock_source;
lock_source *lock_source_new(const char *kind);
void lock_source_free(lock_source *s);
/* The kinds there are, NULL-terminated. */
extern const char *const lock_source_kinds[];

/* The build environment of one Python, for one or more targets. */
typedef struct lock_environment {
	char *python;		    /* "cp311", "cp313t" */
	GPtrArray *targets;	    /* char *: platform names, sorted */
	GPtrArray *recipe_requires; /* char *: the recipe's requirements.build then */
	GPtrArray *requires;	    /* char *: all top-level requirements, as resolved */
	GPtrArray *packages;	    /* locked_file *, sorted by name */
	/* Wheels of the target whose headers and archives are laid over those of the
	 * build machine: locked_file *, sorted by name; `file` NULL: by a recipe. */
	GPtrArray *overlay;
} lock_environment;

typedef struct recipe_lock {
	char *path;
	char *name, *version; /* of the recipe it was made for */
	/* "2026-11-01T10:00:00Z": whatever of it comes from the package index of Python
	 * was there before that (plan/lock_cut.h); NULL: not known. */
	char *exclude_newer;
	GPtrArray *sources;	 /* lock_source * */
	GPtrArray *environments; /* lock_environment * */
	/* package_section *, sorted by target: requirements.host, what of their
	 * closure is not the sysroot's own. Its roots are their names. */
	GPtrArray *host;
	lock_go go; /* Go modules */
	/* locked_file *, sorted by name and version: the Rust crates (file is
	 * NAME-VERSION.crate, size -1), of a Cargo.lock in the source or as resolved.
	 * NULL: not locked (yet); a project in Rust that needs none has an empty one. */
	GPtrArray *crates;
	/* locked_wrap * (plan/lock_wraps.h), in the order found; NULL: none. */
	GPtrArray *wraps;
} recipe_lock;

recipe_lock *recipe_lock_new(const char *path, const char *name, const char *version);
void recipe_lock_free(recipe_lock *lock);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(recipe_lock, recipe_lock_free)

/* cwcwidth.yaml -> cwcwidth.lock in the same folder. */
char *recipe_lock_path(const char *recipe_path);

/* Reads a lock. NULL without an error when there is no such file; NULL with an
 * error (EXIT_INPUT, position, "regenerate with `xorch lock`") when it cannot be
 * read: conflict markers, truncated, unknown keys, made by a newer xorch. */
recipe_lock *recipe_lock_load(const char *path, GError **err);

/* The same with what is wrong added to `l`, one by one. */
recipe_lock *recipe_lock_read(const char *path, diag_list *l);

/* The text that recipe_lock_load reads back: same lock, same bytes. */
char *recipe_lock_text(const recipe_lock *lock);

/* The section for a Python and target, or NULL. */
lock_environment *recipe_lock_environment(
	const recipe_lock *lock, const char *python, const char *target);

/* Puts a section in (takes it over), replacing that Python's and target's old
 * one; sections that come out equal are joined. `environment->targets` must
 * hold exactly one target. */
void recipe_lock_set_environment(recipe_lock *lock, lock_environment *environment);

/* The host packages of a target, or NULL; and putting a section in (takes it over) in
 * place of that target's old one, NULL for none. */
package_section *recipe_lock_host(const recipe_lock *lock, const char *target);
void recipe_lock_set_host(
	recipe_lock *lock, const char *target, package_section *section);

/* Puts the crates in (takes the array over, NULL drops them), sorted. */
void recipe_lock_set_crates(recipe_lock *lock, GPtrArray *crates);

/* Puts subprojects (locked_wrap *, stolen from `rows`) in the place of those that are
 * there: `cargo`: of the crates from git, else of all others. */
void recipe_lock_put_wraps(recipe_lock *lock, GPtrArray *rows, gboolean cargo);
void recipe_lock_drop_wraps(recipe_lock *lock);

lock_environment *lock_environment_new(const char *python, const char *target);
void lock_environment_free(lock_environment *e);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(lock_environment, lock_environment_free)
