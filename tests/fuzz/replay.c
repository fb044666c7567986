/* Runs a fuzz target once over each file named on the command line, so that
 * the corpora are replayed by ctest with any compiler. */
#include <glib.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		g_autofree char *bytes = NULL;
		gsize size;
		if (argv[i][0] == '-')
			continue;
		if (!g_file_get_contents(argv[i], &bytes, &size, NULL))
			g_error("cannot read %s", argv[i]);
		LLVMFuzzerTestOneInput((const uint8_t *)bytes, size);
		n++;
	}
	g_print("%d inputs replayed\n", n);
	return n ? 0 : 1;
}
