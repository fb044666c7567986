#include "format/link_map.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A linker's map, written where code of packages runs: what is read from it is looked up
 * among packages by its last part. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(link_map) map = link_map_parse((const char *)data, size);

	g_assert_nonnull(map->layout);
	for (guint n = 0; n < map->archives->len; n++) {
		const char *path = g_ptr_array_index(map->archives, n);
		g_assert_true(*path && !strpbrk(path, "\n"));
		for (guint k = 0; k < n; k++)
			g_assert_cmpstr(path, !=, g_ptr_array_index(map->archives, k));
	}
	return 0;
}
