#pragma once
#include "build/wrapper_conf.h"

/* Everything that is needed to compile for a platform at a floor. */
typedef struct cross {
	char *dir; /* bin/ (put it first in PATH), libexec/, wrapper.conf */
	char *key; /* over toolchains, sysroots, floor and the wrapper itself */
	char *toolchain_tree, *sysroot_tree; /* the floor applied */
	char *build_toolchain_tree;	     /* of build-cc; the same tree with clang */
	char *build_sysroot_tree;
	char *gcc_version; /* of the sysroot's libstdc++: "10" */
	toolchain_family family;
} cross;

void cross_clear(cross *c);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(cross, cross_clear)

/* Fills the existing folder `dir` with the wrappers and their file. */
gboolean cross_fill(const wrapper_spec *spec, const char *dir, GError **err);
