#pragma once
#include "build/context.h"
#include "plan/catalog.h"
#include "plan/package_lock.h"

/* A tool of the build machine that is published as a wheel on the Python package
 * index (toolchains/uv.yaml, toolchains/go.yaml): which release is locked, and its
 * file. `family` is how the platform tag of the wheel wanted begins: "musllinux_"; "any"
 * for one that is no program of a machine. */

/* What the definition's lock says; chosen (the definition's version, else the newest)
 * and written when it says nothing or with `upgrade`. EXIT_LOCK X0410 when nothing may
 * be written, EXIT_NETWORK X0501, X0504. Free it. */
locked_package *pypi_tool_locked(const build_context *ctx, const toolchain_def *def,
	const char *family, gboolean upgrade, GError **err);

/* The wheel, fetched if need be: its path in the store. New string. */
char *pypi_tool_fetch(const build_context *ctx, const toolchain_def *def,
	const locked_package *p, GError **err);
