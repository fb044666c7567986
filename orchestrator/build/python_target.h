#pragma once
#include "build/context.h"
#include "build/python_host.h"
#include "build/toolchain.h"
#include "plan/platform.h"

/* What a build sees of the target's Python: no interpreter, but its headers and
 * its sysconfig data, derived from a CPython of the build machine; headers and the values
 * of pyconfig.h from the target's own Python where the sysroot has one
 * (build/python_found.h).
 *
 *	include/python3.11/	headers, pyconfig.h with the platform's values
 *	lib/_sysconfigdata__linux_TRIPLE.py	lib/python3.11 is lib itself
 *	bin/uname, bin/arch	answer for the target; first in a build's PATH
 *	identity.json		what build/data/xorch_identity.py answers with
 *
 * Paths in them are those of the sandbox (SANDBOX_PYTHON). */
typedef struct python_target_spec {
	const host_python *python;
	const platform *platform;
	const char *floor;	/* "2_17": the C library the identity reports */
	const toolchain *clang; /* compiles the one file that measures types */
	const char *sysroot;	/* tree with the platform's C headers */
	const char *sysroot_key;
} python_target_spec;

typedef struct python_target {
	char *tree, *key;
	char *include;	     /* "include/python3.11", below tree */
	char *sysconfigdata; /* "_sysconfigdata__linux_aarch64-linux-gnu" */
	char *soabi, *ext_suffix;
} python_target;

void python_target_clear(python_target *t);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(python_target, python_target_clear)

/* Names and key only; makes nothing. */
gboolean python_target_describe(
	store *s, const python_target_spec *spec, python_target *out, GError **err);
/* The tree too, made once. */
gboolean python_target_prepare(const build_context *ctx, const python_target_spec *spec,
	python_target *out, GError **err);
