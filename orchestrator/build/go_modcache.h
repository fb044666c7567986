#pragma once
#include "build/context.h"
#include "plan/lock_go.h"

/* The locked modules of a program in the form of the go command's own module cache
 * (Go Modules Reference, "Module cache"): cache/download laid out as a proxy, which
 * GOPROXY can name by file://, with the hash of each module beside it, and the modules
 * unpacked. Made once for a list of modules, a tree of the store, and only read by
 * builds: go holds the hashes against the source's go.sum, and unpacks nothing. */

/* The tree; made if need be. New string, or NULL: EXIT_NETWORK X0509 for a module the
 * store lacks, EXIT_INPUT X0535, EXIT_INTEGRITY for an archive that is refused. */
char *go_modcache_prepare(const build_context *ctx, const lock_go *lock, GError **err);

/* cache/download below such a tree. New string. */
char *go_modcache_proxy(const char *tree);
