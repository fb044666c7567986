#pragma once
#include "build/context.h"
#include "build/go.h"
#include "plan/platform.h"

/* The core of Go's standard library compiled for a target, in the form of the go
 * command's own build cache: made once from the toolchain alone, without anything of a
 * recipe, kept as a tree of the store, and only read by builds, whose own cache is full
 * of links to it. What a build compiles itself never gets back into it. */

/* The tree; made if need be. New string, or NULL: EXIT_BUILD X0945 when the toolchain
 * cannot compile its own library. */
char *go_std_prepare(const build_context *ctx, const go_tool *go, const platform *target,
	GError **err);

/* Makes the folder `dir` a build cache in which what `tree` has can be found. Where the
 * build sees the tree read-only as `seen`, by links to it: copies would be 156 MB in
 * 2,500 files for Go 1.26, made and removed for every program. `seen` NULL, where it is
 * not held apart so far: copies, for go sets the times of what it reads. */
gboolean go_std_lay(const char *tree, const char *seen, const char *dir, GError **err);
