/* The text of CMake files of any source. */
#include "format/cmake_fetch.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = g_strndup((const char *)data, size);
	g_auto(cmake_reading) r;

	cmake_reading_init(&r);
	cmake_reading_add(&r, text);
	g_autoptr(GPtrArray) all = cmake_reading_fetches(&r);
	for (guint n = 0; n < all->len; n++) {
		const cmake_fetch *f = all->pdata[n];
		g_assert_true(f->unusable || f->urls->len || (f->git && f->revision));
	}
	return 0;
}
