#pragma once
#include <glib.h>

/* Toolchains that rustup has installed: below RUSTUP_HOME, else ~/.rustup. */
typedef struct rustup_toolchain {
	char *dir;
	char *version;	/* "1.95.0" */
	char *identity; /* what `rustc -vV` says */
} rustup_toolchain;

void rustup_toolchain_clear(rustup_toolchain *t);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(rustup_toolchain, rustup_toolchain_clear)

/* The default one (version NULL) or the one of that version. FALSE without an error
 * when there is none. */
gboolean rustup_find(const char *version, rustup_toolchain *out);
/* Names of the standard libraries it has for a Rust triple, sorted; they carry a hash
 * of their contents. Empty: it has none. */
GPtrArray *rustup_libraries(const rustup_toolchain *t, const char *triple);
