#pragma once
#include "build/pipeline.h"
#include "plan/platform.h"

/* Which package a shared library of the target belongs to, and its licence: for
 * grafting. The sysroot has the libraries, but neither of the two. */

/* library_place * for each of the packages (locked_package *, fetched if need be) that
 * holds libraries, in their order. From a tree of the store (kind
 * "host-files"): each package in a folder of its own, its shared libraries and its
 * copyright file. `suite` is Debian's, for their package URLs. EXIT_LOCK X0431 when
 * the mirror has some of them no more. */
GPtrArray *host_files_prepare(const build_context *ctx, const GPtrArray *packages,
	const platform *target, const char *suite, GError **err);

/* The same of what is in the store already; NULL: it is not. Asks nobody. */
GPtrArray *host_files_find(const build_context *ctx, const GPtrArray *packages,
	const platform *target, const char *suite);
