#pragma once
#include "build/context.h"
#include "build/go.h"
#include "plan/platform.h"

/* The core of Go's standard library compiled for a target, in the form of the go
 * command's own build cache: made once from the toolchain alone, without anything of a
 * recipe, kept as a tree of the store, and only read by builds. What a build compiles
 * itself never gets into it. */

/* The tree; made if need be. New string, or NULL: EXIT_BUILD X0945 when the toolchain
 * cannot compile its own library. */
char *go_std_prepare(const build_context *ctx, const go_tool *go, const platform *target,
	GError **err);

/* The folder of it that is a build cache (GOCACHE). New string. */
char *go_std_cache(const char *tree);
