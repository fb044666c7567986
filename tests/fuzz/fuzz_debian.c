/* Debian's index from outside: control paragraphs, Release, clear-signed messages.
 * The first byte chooses the reader. */
#include "format/debian.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	const char *text = (const char *)data + 1;
	gsize n = size - 1;
	switch (*data) {
	case 'R':
		debian_release_free(debian_release_parse("fuzz", text, n, NULL));
		break;
	case 'S': {
		g_autofree char *body = NULL, *signature = NULL;
		gboolean ok = clearsigned_split("fuzz", text, n, &body, &signature, NULL);
		g_assert_true(ok == (body != NULL) && ok == (signature != NULL));
		break;
	}
	case 'V': {
		g_autofree char *both = g_strndup(text, n);
		char *space = strchr(both, ' ');
		if (!space)
			break;
		*space = '\0';
		int d = debian_version_compare(both, space + 1);
		int back = debian_version_compare(space + 1, both);
		g_assert_cmpint((d > 0) - (d < 0), ==, (back < 0) - (back > 0));
		break;
	}
	default: {
		g_autoptr(GPtrArray) all = deb822_parse("fuzz", text, n, NULL);
		for (guint i = 0; all && i < all->len; i++)
			deb822_get(all->pdata[i], "Package");
		break;
	}
	}
	return 0;
}
