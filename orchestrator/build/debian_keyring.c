#include "base/error.h"
#include "build/debian_repo.h"
#include "build/package_set.h"

/* The name in newer Debian first; they hold the same keys. */
static const char *const host_keyrings[] = {
	"/usr/share/keyrings/debian-archive-keyring.pgp",
	"/usr/share/keyrings/debian-archive-keyring.gpg"};

#define KEYRING_PACKAGE "debian-keyring"

char *debian_keyring(const build_context *ctx, GError **err)
{
	const char *named = g_getenv("XORCH_KEYRING_DEBIAN");

	if (named && *named) {
		if (g_file_test(named, G_FILE_TEST_IS_REGULAR))
			return g_strdup(named);
		error_set(err, EXIT_HOST, "X0841",
			"XORCH_KEYRING_DEBIAN names no file: %s", named);
		return NULL;
	}
	for (guint i = 0; i < G_N_ELEMENTS(host_keyrings); i++)
		if (g_file_test(host_keyrings[i], G_FILE_TEST_IS_REGULAR))
			return g_strdup(host_keyrings[i]);
	/* By its locked sha256, so that no signature is needed to get at it; and what it
	 * holds counts only where the definition names the fingerprint. */
	g_autoptr(toolchain_def) def = toolchain_def_find(KEYRING_PACKAGE, err);
	if (def) {
		build_context locked = *ctx;
		package_set set = package_set_of_toolchain(def, NULL);
		locked.locked = TRUE;
		g_autofree char *tree = package_set_tree(&locked, &set, NULL, err);
		if (tree)
			return g_build_filename(tree,
				"usr/share/keyrings/debian-archive-keyring.gpg", NULL);
	}
	error_note(err, "it was wanted for the keys of the Debian archive");
	error_help(err, "install debian-archive-keyring, or name a keyring file in "
			"XORCH_KEYRING_DEBIAN");
	return NULL;
}
