#pragma once
#include "build/pypi.h"

/* What upstream's own wheel of a release tells about a build of it: the one for x86_64
 * Linux that this Python would install. It is read, not installed. Where there is one for
 * aarch64 too, only the modules in both count: the others are for one processor. */
typedef struct upstream_wheel {
	char *file;	       /* its name; NULL: there is none */
	gboolean pure;	       /* there are wheels, but only pure ones */
	char *abi3;	       /* "3.9" for cp39-abi3 and older ones; NULL */
	gboolean code;	       /* it holds machine code, be it a program */
	GPtrArray *programs;   /* char *: those of machine code in its .data/scripts */
	gboolean compared;     /* with the one for aarch64 */
	GPtrArray *extensions; /* char *: "a/b" without the ABI's suffix, sorted */
	GPtrArray *modules;    /* char *: as wheel_modules, less those that only an x86
				* machine has, that need what the wheel does not ask for or
				* that are libraries for ctypes */
	GPtrArray *libraries;  /* char *: file names below NAME.libs, and what the
				* objects need of the system (DT_NEEDED) */
	GPtrArray *linked;     /* char *: of the former those that an object of either
				* wheel needs and that auditwheel copied from where it
				* was built: "libfftw3-6b983104.so.3.5.5" */
	GPtrArray *shared;     /* char *: where other shared libraries of it are put, by
				* their paths below NAME.data/SCHEME/ or in the wheel */
	GPtrArray *optional;   /* char *: "aiohttp>=3.10", what the wheel asks for with an
				* extra alone */
	GPtrArray *asked; /* char *: the projects of these, and of what it always asks
			   * for, by their normalised names */
} upstream_wheel;

void upstream_wheel_clear(upstream_wheel *u);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(upstream_wheel, upstream_wheel_clear)

/* No wheel is no error. `minor`: CPython 3.minor. */
gboolean upstream_wheel_read(const build_context *ctx, const pypi_project *p,
	const char *version, guint minor, upstream_wheel *out, GError **err);
