#pragma once
#include "build/toolchain.h"

/* The wrappers of a cross folder: under which names the compiler wrapper
 * (build/wrapper) is installed there, and the wrapper.conf that tells each what
 * to start. Pure: text from data. ${build-toolchain} appears only where it is
 * another tree than ${toolchain}, that is with gcc.
 *
 *	bin/	cc c++ gcc g++ clang clang++ cpp ld ar as nm ranlib strip …
 *		pkg-config, the same as TRIPLE-gcc …: for the target; build-cc
 *		build-c++ build-ar …: for the build machine
 *	libexec/	cc1 collect2 as ld …: what gcc starts by itself
 *	lib/	with a gfortran: its library, at the floor (build/cross_fortran.h) */
typedef struct wrapper_spec {
	const toolchain *target; /* clang or gcc */
	const toolchain *build;	 /* always clang */
	const platform *platform;
	const platform *build_platform; /* x86_64 */
	/* The trees as wrapper.conf names them: absolute or relative to its folder. */
	const char *toolchain_dir, *build_toolchain_dir, *sysroot_dir, *build_sysroot_dir;
	const char *gcc_version; /* of the sysroot's libstdc++: "10" */
	const char *hidden;	 /* further archives whose symbols no module shows:
				  * "libssl.a:libcrypto.a"; or NULL */
} wrapper_spec;

typedef struct wrapper_set {
	char *conf;
	GPtrArray *names; /* "bin/cc", "libexec/cc1" …, no name twice */
} wrapper_set;

/* Does the toolchain bring a gfortran for the platform? */
gboolean wrapper_has_fortran(const toolchain *chain, const platform *p);

void wrapper_set_make(const wrapper_spec *spec, wrapper_set *out);
void wrapper_set_clear(wrapper_set *set);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(wrapper_set, wrapper_set_clear)
