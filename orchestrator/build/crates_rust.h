#pragma once
#include "build/context.h"
#include "format/json.h"

typedef struct crates_rust {
	char *version; /* the newest that any of the crates asks for; NULL: none does */
	char *which;   /* that crate, "idna 1.1.0" */
	char *stuck; /* one that no Rust here compiles, nor an earlier release of it that
		      * can stand in its place: "idna 1.1.0"; or NULL */
} crates_rust;

void crates_rust_clear(crates_rust *c);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(crates_rust, crates_rust_clear)

/* Which Rust the crates of a Cargo.lock want, by what the crate registry's index says of
 * each release (`rust_version`); many say nothing. `crates`: cargo_crate *. `have`: the
 * newest Rust there is. `least`: rows of `name` and `version`, the oldest release that
 * the source itself takes of a crate. `cargo` may be asked where the registry is
 * (registry.h). Crates that no Linux compiles are passed over. Errors of the network and
 * registry; EXIT_INPUT X0506 when no registry is known here. */
gboolean crates_rust_ask(const build_context *ctx, const GPtrArray *crates,
	const char *cargo, const char *have, const json_t *least, crates_rust *out,
	GError **err);
/* The version in the index's file of one crate: a JSON object a line. New string, or
 * NULL. */
char *crates_rust_of_index(const char *text, const char *version);
/* Has it an earlier release that cargo may take for `version` (1.4 for 1.9, 0.3.1 for
 * 0.3.7), not older than `least` (NULL: any), and that `have` compiles? */
gboolean crates_rust_has_earlier(
	const char *text, const char *version, const char *least, const char *have);
