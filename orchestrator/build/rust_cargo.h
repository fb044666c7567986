#pragma once
#include "build/rust.h"
#include "build/rust_project.h"
#include "build/sandbox.h"

/* cargo on a source tree, in the sandbox, outside of a build: to resolve the crates,
 * or to see that Cargo.lock fits. Neither runs anything of the source: cargo only
 * reads manifests, and its working folder is not the source, so that settings the
 * source brings (.cargo/) do not count. */
typedef struct rust_cargo {
	const build_context *ctx;
	const rust_toolchain *rust;
	const char *source;   /* host folder; Cargo.lock may be written there */
	const char *manifest; /* below it */
	sandbox_level level;
	const char *patches; /* tables for cargo's settings, when checked; may be NULL */
} rust_cargo;

/* With the network: writes Cargo.lock, taking for each crate the newest version that
 * this compiler can build (its rust-version); a Cargo.lock that is there is kept and
 * completed. EXIT_INPUT X0953 with cargo's own words; EXIT_NETWORK offline. */
gboolean rust_cargo_resolve(const rust_cargo *c, gboolean complete, GError **err);

/* Without: writes Cargo.lock, or takes out of it what the manifests do not want (an
 * sdist may lack members of the workspace it comes from), with nothing but the crates
 * in `crates` (tree of crates_tree) and the folder `git`, which may be NULL and is seen
 * at SANDBOX_CARGO_GIT (crates_git.h). EXIT_INPUT X0952 with cargo's own words when it
 * would need another one. */
gboolean rust_cargo_check(
	const rust_cargo *c, const char *crates, const char *git, GError **err);

#define SANDBOX_CRATES "/xorch/crates"
#define SANDBOX_CARGO_HOME "/xorch/cargo-home"
#define SANDBOX_CARGO_GIT "/xorch/cargo-git"

/* Fills `folder`, a CARGO_HOME, with settings that put the crates seen at `crates` in
 * place of the default registry, and `patches` (crates_git_place) below them. */
gboolean rust_cargo_home(
	const char *folder, const char *crates, const char *patches, GError **err);
/* In double quotes, as cargo's settings want a string. New string. */
char *rust_cargo_string(const char *text);
