#pragma once
#include "plan/recipe.h"

/* The Rust side of a source tree. Paths are relative to its top. */
typedef struct rust_project {
	char *manifest; /* Cargo.toml of the extension, or of its workspace */
	char *lock;	/* the Cargo.lock that counts for it; NULL: none */
} rust_project;

void rust_project_clear(rust_project *p);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(rust_project, rust_project_clear)

/* Looks in the unpacked source, runs nothing. The manifest is cargo.manifest of the
 * recipe, else [tool.maturin] manifest-path, else the Cargo.toml nearest to the top of
 * the project; EXIT_INPUT X0953 when there is none, or several as near. */
gboolean rust_project_find(
	const recipe *r, const char *source, rust_project *out, GError **err);

/* The settings (format/settings_file.h) of a file below the source; NULL: there is none
 * that can be read. */
GPtrArray *rust_project_toml(const char *source, const char *rel);

/* The rust-version of the manifest's package, its workspace's where it says so ("1.88");
 * NULL when it has none that is a version. New string. */
char *rust_project_wants(const rust_project *p, const char *source);
