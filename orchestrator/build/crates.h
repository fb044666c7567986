#pragma once
#include "build/context.h"

/* Crates of the default registry (registry.h: registry_crates), by cargo's sparse
 * protocol: config.json of the index says where the files are. Each is verified by its
 * sha256 in the recipe's lock. */

/* Fetches what is missing of `crates` (locked_file *) into the store. `cargo` is the
 * program to ask where the registry is, or NULL; `where` names the lock, for
 * messages. */
gboolean crates_fetch(const build_context *ctx, const GPtrArray *crates,
	const char *cargo, const char *where, GError **err);

/* A folder with every crate unpacked, as cargo's directory sources want it
 * (NAME-VERSION/ with .cargo-checksum.json); made once, kept in the store. All must
 * have been fetched. New string; *key may be NULL. */
char *crates_tree(
	const build_context *ctx, const GPtrArray *crates, char **key, GError **err);
/* Its key alone. */
char *crates_key(const GPtrArray *crates);
/* The folder of an index that a crate's file lies in: 1 (of "a"), 2 (of "ab"), 3/a,
 * ab/cd. */
char *crates_prefix(const char *name);
