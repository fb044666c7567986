#include "format/simple_index.h"
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses how the server calls the rest. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const types[] = {
		"application/vnd.pypi.simple.v1+json", "text/html", "", "text/plain"};
	g_autoptr(index_page) page = NULL;

	if (!size)
		return 0;
	page = index_page_parse((const char *)data + 1, size - 1, types[data[0] % 4],
		"https://index.example/simple/foo-bar/", "foo-bar", NULL);
	return 0;
}
