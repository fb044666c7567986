#pragma once
#include "build/context.h"
#include "plan/package_lock.h"

/* The files of locked packages: into the store, and out of it into a tree. */

/* All of them (locked_package *) in parallel, by path from every mirror of the Debian
 * archive. On failure `gone` gets (borrowed) those that no mirror has. */
gboolean package_files_fetch(const build_context *ctx, const GPtrArray *packages,
	GPtrArray *gone, GError **err);

/* The path of a fetched package in the store, new; *label (new) is its name for people.
 * NULL with EXIT_INTEGRITY X0601. */
char *package_files_blob(
	const build_context *ctx, const locked_package *p, char **label, GError **err);

/* Unpacks them below `dir`, an empty folder, ctx->jobs at a time, with /usr merged and
 * its links lib -> usr/lib …; `prune` (char *, may be NULL) are patterns of
 * plan/package_def.h. Every package was fetched before; each is hashed again if this
 * process has not seen it yet. */
gboolean package_files_unpack(const build_context *ctx, const GPtrArray *packages,
	const char *dir, const GPtrArray *prune, GError **err);

/* The links lib -> usr/lib … of a merged /usr in `dir`, for the folders that exist. */
gboolean package_files_merge_usr(const char *dir, GError **err);
