#pragma once
#include "plan/package_def.h"
#include "plan/platform.h"

/* The catalogues: sysroots/NAME.yaml and toolchains/NAME.yaml, data that says what a
 * sysroot or toolchain is made of; NAME.lock beside it holds the exact files. Searched
 * in this order, the first file of the name wins:
 *
 *	$XORCH_CATALOG	colon-separated folders that hold sysroots/ and toolchains/
 *	the project	the git top level above the working directory, else that itself
 *	the program's	share/xorch beside its bin; else the sources above its build
 *			folder
 *	installed	share/xorch of the prefix it was configured for */
typedef enum catalog_kind { CATALOG_SYSROOT, CATALOG_TOOLCHAIN } catalog_kind;

/* Path of the definition; NULL with X0301 (EXIT_INPUT), which lists what there is. */
char *catalog_find(catalog_kind kind, const char *name, GError **err);
/* All names, sorted, each once. Elements and array by g_ptr_array_unref. */
GPtrArray *catalog_names(catalog_kind kind);
/* sysroots/debian-11.yaml -> sysroots/debian-11.lock, where the lock is or can be
 * written. A definition in a folder that cannot be written to, as an installed one, and
 * that has no lock there: $XDG_STATE_HOME/xorch/locks/NAME-HASH.lock, HASH that of the
 * definition's path. */
char *catalog_lock_path(const char *path);

/* What the target's programs are linked against; with `python`, what they are run in
 * instead: a root with that Python in it, for `xorch verify`. */
typedef struct sysroot_def {
	gint64 schema_version; /* 1 */
	char *name, *path, *summary;
	char *glibc;	    /* of its packages: "2.31" */
	char *gcc;	    /* folder of its compiler's files: "10" */
	char *python;	    /* "3.11": a root to run in; NULL: to link against */
	GPtrArray *targets; /* char *: platform names */
	package_def packages;
} sysroot_def;

/* All that is wrong with it goes to the list; NULL exactly when an error was added. */
sysroot_def *sysroot_def_read(const char *path, diag_list *l);
sysroot_def *sysroot_def_load(const char *path, GError **err); /* the same as one error */
sysroot_def *sysroot_def_find(const char *name, GError **err); /* find and load */
void sysroot_def_free(sysroot_def *def);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(sysroot_def, sysroot_def_free)
/* Those with a Python, the oldest glibc first. Element sysroot_def; NULL on error. */
GPtrArray *sysroot_defs_to_run(GError **err);
/* X0302 (EXIT_INPUT) naming the targets it has. */
gboolean sysroot_def_has(const sysroot_def *def, const platform *target, GError **err);

typedef enum toolchain_source { TOOLCHAIN_DEBIAN, TOOLCHAIN_PYPI } toolchain_source;

/* A compiler or another tool of the build machine. */
typedef struct toolchain_def {
	gint64 schema_version; /* 1 */
	char *name, *path, *summary;
	char *version; /* of the compiler, as its programs' names end: "19"; may be NULL
			*/
	toolchain_source source;
	package_def packages; /* TOOLCHAIN_DEBIAN */
	char *project;	      /* TOOLCHAIN_PYPI: the project whose wheel it is */
} toolchain_def;

toolchain_def *toolchain_def_read(const char *path, diag_list *l);
toolchain_def *toolchain_def_load(const char *path, GError **err);
toolchain_def *toolchain_def_find(const char *name, GError **err);
void toolchain_def_free(toolchain_def *def);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(toolchain_def, toolchain_def_free)
/* The keys of either, as tables. */
extern const bind_struct sysroot_def_binding, toolchain_def_binding;
