#pragma once
#include "build/context.h"
#include "format/solv.h"
#include "plan/package_def.h"

/* One suite of the Debian archive for one architecture, down the signed chain:
 * InRelease, its signature by a key that the definition names, Packages by the sum in
 * it. Every .deb is then named by its sha256. Where the archive is comes from
 * build/registry.h; nothing needs trust on the way, so plain http will do. */
typedef struct debian_repo debian_repo;

/* `not_before` (may be NULL) is the Date of the Release of an earlier look: an older
 * one is refused (rollback). Errors: EXIT_NETWORK X0520 (mirror in the middle of an
 * update), X05…; EXIT_INTEGRITY X0630 to X0635; EXIT_HOST X0840 without a verifier,
 * X0841 without a keyring. */
debian_repo *debian_repo_open(const build_context *ctx, const package_source *source,
	const char *architecture, const char *not_before, GError **err);
void debian_repo_free(debian_repo *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(debian_repo, debian_repo_free)
/* Of its Release, as it stands there. */
const char *debian_repo_date(const debian_repo *r);

/* See format/solv.h: elements solv_package. */
GPtrArray *debian_repo_resolve(
	debian_repo *r, const GPtrArray *roots, const GPtrArray *without, GError **err);
solv_package *debian_repo_find(debian_repo *r, const char *name, GError **err);

/* The suite's index of source packages (Sources), down the same chain, as a file of the
 * store, compressed as the archive has it. New string. */
char *debian_repo_sources(
	const build_context *ctx, const package_source *source, GError **err);

/* The suite's index of the files of its packages (Contents) for one architecture, in the
 * same way; some 10 MB. */
char *debian_repo_contents(const build_context *ctx, const package_source *source,
	const char *architecture, GError **err);

/* The keyring file that signatures are checked with: $XORCH_KEYRING_DEBIAN, else the
 * host's debian-archive-keyring, else that package of toolchains/debian-keyring.yaml,
 * by its lock. New string, or NULL with X0841. */
char *debian_keyring(const build_context *ctx, GError **err);
