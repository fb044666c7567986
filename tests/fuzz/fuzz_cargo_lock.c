#include "format/cargo_lock.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A Cargo.lock of anyone's: what is read from it becomes file names and addresses. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_autoptr(GError) err = NULL;
	g_autoptr(GPtrArray) crates = cargo_lock_parse(text, "Cargo.lock", &err);

	g_assert_true((crates == NULL) == (err != NULL));
	for (guint i = 0; crates && i < crates->len; i++) {
		const cargo_crate *c = g_ptr_array_index(crates, i);
		g_assert_true(*c->name && !strpbrk(c->name, "/\\ \n"));
		g_assert_true(*c->version && !strpbrk(c->version, "/\\ \n"));
		g_assert_true(*c->name != '.' && *c->version != '.');
		g_assert_cmpuint(strlen(c->sha256), ==, 64);
		g_assert_cmpuint(strspn(c->sha256, "0123456789abcdef"), ==, 64);
	}
	return 0;
}
