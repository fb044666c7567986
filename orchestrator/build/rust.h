#pragma once
#include "build/context.h"
#include "plan/platform.h"

/* The Rust toolchain of a recipe (toolchain.rust):
 *
 *	nothing		toolchains/rust.yaml: Debian's rustc and cargo with the target's
 *			standard library, one tree, started through its own loader
 *	"1.85.0"	the toolchain in the catalogue called rust… that has this version,
 *			else an installed one of rustup of exactly that version
 *	rustup		rustup's default toolchain (RUSTUP_TOOLCHAIN, settings.toml)
 *
 * An installed toolchain must have the target's standard library. It is not locked:
 * its identity (commit of the compiler, names of the libraries, which carry their
 * hash) is part of every key instead. */
typedef struct rust_toolchain {
	char *version; /* "1.85.0" */
	char *key;
	char *definition;   /* its name in the catalogue: "rust"; NULL: rustup's */
	char *tree;	    /* host folder for SANDBOX_RUST; NULL after rust_describe */
	char *tools;	    /* host folder with bin/cargo, bin/rustc that start it, for
			     * SANDBOX_RUST_TOOLS; NULL after rust_describe */
	char *cargo;	    /* the program itself; NULL after rust_describe */
	gboolean installed; /* rustup's */
} rust_toolchain;

#define SANDBOX_RUST "/xorch/rust"
#define SANDBOX_RUST_TOOLS "/xorch/rust-tools"

void rust_toolchain_clear(rust_toolchain *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(rust_toolchain, rust_toolchain_clear)

/* The version that a wish comes to, "1.85.0", whatever targets it has; NULL when there is
 * no such toolchain. New string; nothing is run or fetched. */
char *rust_version_of(const char *wish);
/* The oldest in the catalogue that is as new as `wants`, "1.88"; of all of them the
 * newest when that is NULL. One that is not locked for each of its targets does not
 * count, but for the one that is taken without a wish. NULL: there is none. New string.
 */
char *rust_version_for(const char *wants);
/* Version and key alone, from definition and lock. `wish` is toolchain.rust or NULL.
 * EXIT_INPUT X0950 when there is no such toolchain, or it lacks the target. */
gboolean rust_describe(const build_context *ctx, const char *wish, const platform *target,
	rust_toolchain *out, GError **err);
/* Makes it ready, fetching what is missing unless ctx->offline. */
gboolean rust_prepare(const build_context *ctx, const char *wish, const platform *target,
	rust_toolchain *out, GError **err);
