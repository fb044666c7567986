#pragma once
#include "build/starter.h"
#include "build/upstream_wheel.h"
#include "format/json.h"
#include "plan/known_library.h"

/* Inside build/starter*.c only. */

/* Plain where YAML reads it as the string it is, else in double quotes. */
void starter_quote(GString *out, const char *text);
/* In double quotes: no number, no boolean. */
void starter_quote_always(GString *out, const char *text);
/* For the end of a comment: blanks for what cannot be shown or breaks a line. */
void starter_append_shown(GString *out, const char *text);
/* Adds `value  # guessed: why`, of a list or behind a key. */
void starter_row(GPtrArray *rows, const char *value, const char *why);
/* `# text`, folded, control characters gone. */
void starter_comment(GString *out, const char *text);
/* head: tops with the project's own words. */
void starter_head(GString *out, const char *name, const char *version, const char *kind,
	const json_t *facts);
void starter_about(GString *out, const json_t *facts);
/* `cpu` and `foreign` below `wheel:` (build/starter_cpu.c); nothing where no dispatch
 * shows, and the source brings no machine code. */
void starter_cpu(GString *out, const json_t *facts);
void starter_foreign(GString *out, const json_t *facts, const upstream_wheel *up);
/* What a wheel of this source needs, from `python:` to `tests:`. Which sysroot has its
 * libraries is asked with ctx; NULL: of nobody. */
void starter_wheel_parts(const build_context *ctx, GString *out, const json_t *facts,
	const upstream_wheel *up, GPtrArray *notes);
/* Puts toolchain_rust and toolchain_rust_why into the facts where a newer Rust than the
 * usual is wanted and the catalogue has it; where it has none cargo_renew_why, when only
 * a crate of the Cargo.lock wants it, else a note. */
void starter_rust(const build_context *ctx, json_t *facts, GPtrArray *notes);
/* Asks once which Rust the crates of the source's Cargo.lock want (crates_rust,
 * crates_which). Why the release cannot be built with any Rust here, or NULL: borrowed
 * from the facts. */
const char *starter_rust_ask(const build_context *ctx, json_t *facts);
/* Puts what its crates ask for into the facts of a project in Rust whose sdist has no
 * Cargo.lock that counts (sdist_facts_add_crates). */
void starter_rust_crates_of(const build_context *ctx, const pypi_project *p,
	const char *version, const host_python *python, json_t *facts);
/* The crate of the Cargo.lock that links this library and has no copy of it, "alsa-sys",
 * borrowed; NULL: none does. */
const char *starter_rust_links(const json_t *facts, const known_library *h);
/* `rust: "VERSION"` below toolchain, and `cargo:` with `renew: true`, by those facts, the
 * project's own features where the recipe says python.abi3, and the manifest where the
 * build starts cargo and its backend does not. */
void starter_rust_compiler(GString *out, const json_t *facts);
void starter_rust_crates(GString *out, const json_t *facts, gboolean abi3);
/* Rows of requirements.host. *grafted: one of them is not on every system, so it goes
 * into the wheel. `chosen` gets known_library * of each. */
GPtrArray *starter_host_rows(const json_t *facts, const upstream_wheel *up,
	GPtrArray *chosen, gboolean *grafted);
/* Does the source hold headers of it? */
gboolean starter_has_copy(const json_t *facts, const known_library *h);
/* "setuptools", "maturin" …, for people; "setuptools" when nothing is said. */
const char *starter_backend(const json_t *facts);
/* `tests:` with the modules that upstream's wheel or the source shows, and what they
 * import that the wheel asks for with an extra alone. */
void starter_tests(GString *out, const json_t *facts, const upstream_wheel *up);
/* `build:` with the variables that the facts are a reason for; nothing without any. */
void starter_build_env(GString *out, const json_t *facts, const upstream_wheel *up);
/* Is one of the facts' switches to be set, by what upstream's wheel holds? */
gboolean starter_switch_wanted(
	const json_t *s, const json_t *facts, const upstream_wheel *up);
/* Is there one that modules are compiled with, and none without? */
gboolean starter_switches_any(const json_t *facts, const upstream_wheel *up);
/* TRUE when the source or upstream's wheel show machine code. */
gboolean starter_is_native(const json_t *facts, const upstream_wheel *up);
/* What a build would fetch, and cannot. */
void starter_note_downloads(const json_t *facts, GPtrArray *notes);
