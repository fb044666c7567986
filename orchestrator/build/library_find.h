#pragma once
#include "build/pipeline.h"
#include "plan/catalog.h"

/* Shared libraries of a sysroot's suite by their sonames, for wheels that were built
 * elsewhere (`xorch repair`): which packages have them is what the suite's signed index
 * of files says, so nothing is guessed from names. */

/* The sysroot's own libraries: library_place *, of its locked packages; of a sysroot
 * that is not of Debian packages as build/sysroot_parts.h has them. */
GPtrArray *library_find_own(const build_context *ctx, const sysroot_def *def,
	const platform *target, GError **err);

/* Of `sonames` (char *) those that a package has are packages in the result (char *,
 * sorted, each once). The others are told in `unknown` (char *). The first of several
 * packages is taken. NULL with the errors of build/debian_repo.h; X0337 for an image. */
GPtrArray *library_find_packages(const build_context *ctx, const sysroot_def *def,
	const platform *target, const GPtrArray *sonames, GPtrArray *unknown,
	GError **err);

/* The packages (char *) with all they depend on, but for what the sysroot has itself, as
 * the suite has them now: locked_package *. */
GPtrArray *library_find_files(const build_context *ctx, const sysroot_def *def,
	const platform *target, const GPtrArray *packages, GError **err);

/* Their places, library_place *. EXIT_LOCK X0431 when the mirror has one no more. */
GPtrArray *library_find_places(const build_context *ctx, const sysroot_def *def,
	const platform *target, const GPtrArray *files, GError **err);
