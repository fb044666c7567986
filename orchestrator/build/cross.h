#pragma once
#include "build/host_library.h"
#include "build/wrapper_conf.h"
#include "plan/floor_range.h"

/* Everything that is needed to compile for a platform at a floor. */
typedef struct cross {
	char *dir; /* bin/ (put it first in PATH), libexec/, wrapper.conf,
		    * cmake/toolchain.cmake */
	char *key; /* over toolchains, sysroots, floor and the wrapper itself */
	char *toolchain_tree, *sysroot_tree; /* the floor applied */
	char *build_toolchain_tree;	     /* of build-cc; the same tree with clang */
	char *build_sysroot_tree;
	char *sysroot_key, *build_toolchain_key; /* of the trees above */
	char *gcc_version;			 /* of the sysroot's libstdc++: "10" */
	toolchain_family family;
} cross;

void cross_clear(cross *c);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(cross, cross_clear)

typedef struct cross_request {
	const char *toolchain; /* name of a definition: clang, gcc */
	const sysroot_def *sysroot;
	const platform *platform;
	const char *floor;	/* "2_17" */
	const GPtrArray *extra; /* locked_package *: the recipe's own; NULL none */
	host_overlay overlay;	/* libraries by recipes, and static ones */
} cross_request;

/* Makes toolchains, sysroots, floors and wrappers ready, fetching what is missing
 * (unless ctx->offline). Errors are those of build/toolchain.h, build/sysroot.h
 * and build/floor.h. */
gboolean cross_prepare(
	const build_context *ctx, const cross_request *request, cross *out, GError **err);

/* The keys of it alone, from definitions and locks: no tree is looked at, nothing
 * fetched (but a lock section that is missing is made, unless ctx->locked). */
gboolean cross_describe(
	const build_context *ctx, const cross_request *request, cross *out, GError **err);

/* Is there a gfortran for the target? One that was prepared. */
gboolean cross_has_fortran(const cross *c);

/* The build machine's programs are linked against the request's sysroot too when that
 * serves it, else against this one. */
#define CROSS_BUILD_SYSROOT SYSROOT_DEFAULT
gboolean cross_serves_build(const sysroot_def *def);

/* Fills the existing folder `dir` with the wrappers and their file. */
gboolean cross_fill(const wrapper_spec *spec, const char *dir, GError **err);
