#pragma once
#include <glib.h>

/* Cargo.lock, format 2 to 4: which crates a Rust project is built from. TOML, written
 * by cargo in a fixed shape, so a reader of that shape is enough. */
typedef struct cargo_crate {
	char *name, *version; /* fit for file names and URLs */
	char *sha256; /* of the .crate file, 64 hex digits, lower case; NULL: from git */
	char *git;    /* the repository's address, as in Cargo.toml; NULL */
	char *commit; /* of that, 40 hex digits */
} cargo_crate;

/* The crates of the default registry and those from git; packages of the project itself
 * (path dependencies) are left out. `label` names the file in messages. EXIT_INPUT X0951
 * for a crate of another registry, one without a checksum or a commit, a name or version
 * that is none. Elements cargo_crate *, in the file's order. */
GPtrArray *cargo_lock_parse(const char *text, const char *label, GError **err);
/* Either goes into file names and URLs. Cargo takes "_x" as the name of a package. */
gboolean cargo_is_name(const char *text);
gboolean cargo_is_version(const char *text);
void cargo_crate_free(cargo_crate *c);
