#pragma once
#include "build/toolchain.h"
#include "plan/floor_range.h"

/* A sysroot at a floor: the base sysroot's tree (build/sysroot.h) as it would
 * be with an older C library and libstdc++. Derived, never run:
 *
 *  - every library with versioned symbols that a manylinux policy lets a wheel
 *    need (libc, libm, libpthread …, libgcc_s, libatomic, libz, libstdc++, and
 *    the loader) is replaced by a link stub with what the floor's has, and the
 *    development links lead to the stubs; one in which the floor lacks nothing
 *    stays;
 *  - libstdc++.so becomes a script that takes what the floor's libstdc++ lacks
 *    from libstdc++_nonshared.a (build/floor_nonshared.h);
 *  - headers that would use newer names by themselves are edited
 *    (build/floor_headers.h);
 *  - FLOOR_NAMES lists what each library provides.
 *
 * Files that do not change are hard links to the base tree's. */

/* In the tree's top folder. Text; first line "xorch-floor-names 1", then
 * for each library a line "library SONAME" followed by its symbols, sorted, one
 * "NAME VERSION" a line; VERSION is "-" for a symbol without one. */
#define FLOOR_NAMES "floor.names"

typedef struct floor_spec {
	const char *base; /* the base sysroot's tree */
	const platform *platform;
	const char *floor;	    /* "2_17" */
	const toolchain *assembler; /* a clang: assembles and links the stubs */
} floor_spec;

/* The version of the GCC whose libstdc++.a a sysroot's tree holds, the name of
 * a folder: "10". New string or NULL. */
char *floor_gcc_version(const char *tree, const platform *p);

/* Fills the empty or absent folder `dir`. Errors: X0330 not a floor, X0331 a
 * floor above the sysroot's C library, X0332 a sysroot whose C library is too
 * new to be lowered so far (all exit 2); X0930 a library or header of the
 * sysroot is not as expected; X0931 the assembler failed. */
gboolean floor_make(const floor_spec *spec, const char *dir, GError **err);

/* The key of the tree floor_prepare makes. New string. */
char *floor_key(const platform *target, const char *floor, const char *base_key,
	const char *assembler_key);

/* The same as a tree of the store, made once. `base_key` and the assembler's
 * key stand for their contents. New strings: path and *key_out. */
char *floor_prepare(const build_context *ctx, const floor_spec *spec,
	const char *base_key, char **key_out, GError **err);
