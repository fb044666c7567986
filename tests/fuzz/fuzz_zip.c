#include "format/zip.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GBytes) bytes = g_bytes_new(data, size);
	g_autoptr(zip_file) zip = zip_open_bytes(bytes, "fuzz", NULL);

	for (guint i = 0; zip && i < zip->n_entries && i < 100; i++) {
		const zip_entry *e = &zip->entries[i];
		GBytes *content = e->size < (1 << 24) ? zip_read(zip, e, NULL) : NULL;
		/* What is accepted has the size and the place it claims. */
		g_assert_true(!content || g_bytes_get_size(content) == e->size);
		g_assert_true(e->offset + e->packed <= zip->size);
		g_assert_true(zip_find(zip, e->name) == e);
		g_bytes_unref(content);
	}
	return 0;
}
