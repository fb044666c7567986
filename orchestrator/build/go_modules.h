#pragma once
#include "build/go_proxy.h"
#include "build/item.h"

/* The modules a Go program needs besides its own: found by the go command when the
 * recipe is locked, and fetched by hash from then on; the build, which has no network,
 * gets them unpacked (build/go_modcache.h). */
typedef struct go_project {
	const char *source;  /* host folder of the unpacked source; go.mod and go.sum are
			      * completed in it */
	const char *folder;  /* of the module in it; NULL: its top */
	const char *package; /* "./cmd/x"; NULL: "." */
	const GPtrArray *tags; /* build tags; NULL none */
	gboolean cgo;
} go_project;

/* Resolves them for `target` and, because one lock serves all, for every other
 * architecture that Go programs are built for; what only builds elsewhere is no error.
 * With a go.sum in the source every module must be vouched for by it; without, the
 * checksum database where it is on, and from then on the lock. Modules go into the
 * store and, with their hashes as computed here, into `out->modules`. EXIT_BUILD X0943
 * when the source cannot be loaded, EXIT_HOST X0941 when it wants a newer Go,
 * EXIT_INTEGRITY X0660 to X0662, errors of go_proxy_failed. */
gboolean go_modules_resolve(const build_context *ctx, const go_tool *go,
	const go_project *project, const platform *target, lock_go *out, GError **err);

/* Their downloads (fetch_item *). */
gboolean go_modules_fetch(
	const build_context *ctx, const item *i, GPtrArray *items, GError **err);

/* Completes a source whose author left out go.mod or go.sum, from the lock; a source
 * that has them stays as it is. `module` is the path of the main one. */
gboolean go_modules_complete(
	const go_project *project, const char *module, const lock_go *lock, GError **err);
