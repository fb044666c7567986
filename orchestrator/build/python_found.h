#pragma once
#include "build/python_host.h"
#include "plan/platform.h"

/* A Python of the target's own in the sysroot, as PyPA's images have them:
 * opt/_internal/cpython-3.11.9/{include/python3.11, lib/python3.11}. Its headers and
 * its pyconfig.h go before those derived from a Python of the build machine
 * (build/python_target.h). Nothing of it is run or read as code. */

/* The folder of its Python.h for the same minor and ABI; the newest of several. NULL
 * when there is none: only one whose sysconfig data is of this platform counts. New
 * string. */
char *python_found_include(
	const char *sysroot, const host_python *p, const platform *target);

/* What the macros of one pyconfig.h (text) have as integers: name -> decimal text, "0"
 * for what is expressly not defined, as sysconfig has it; added to `values`. */
void python_found_macros(const char *config, GHashTable *values);
