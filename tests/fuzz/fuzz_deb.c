/* A .deb from outside, laid into a folder: whatever it is, nothing may appear beside
 * that folder. The folder has a neighbour that must stay as it is. */
#include "base/fs.h"
#include "format/deb.h"
#include <stdint.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static guint entries(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	guint n = 0;

	while (dir && g_dir_read_name(dir))
		n++;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *folder = g_dir_make_tmp("xorch-fuzz-XXXXXX", NULL);
	g_autofree char *dest = g_build_filename(folder, "in", NULL);
	archive_slice slice = {.fd = -1, .data = data, .size = size};
	archive_policy policy = ARCHIVE_DEB_DATA;

	policy.max_bytes = 16 << 20;
	g_assert_nonnull(folder);
	g_assert_true(fs_mkdir_p(dest, 0755, NULL));
	deb_unpack_slice(&slice, "fuzz.deb", dest, &policy, NULL, NULL);
	g_autoptr(GBytes) control = deb_control(&slice, "fuzz.deb", NULL);
	(void)control;
	g_assert_cmpuint(entries(folder), ==, 1);
	g_assert_true(fs_remove_tree(folder, NULL));
	return 0;
}
