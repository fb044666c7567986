/* A source archive (tar or zip, compressed or not) from outside: unpacked into a fresh
 * folder, which is there afterwards exactly if all went well. */
#include "base/fs.h"
#include "format/archive.h"
#include <stdint.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *folder = g_dir_make_tmp("xorch-fuzz-XXXXXX", NULL);
	g_autofree char *dest = g_build_filename(folder, "in", NULL);
	archive_slice slice = {.fd = -1, .data = data, .size = size};
	archive_policy policy = ARCHIVE_SDIST;

	policy.max_bytes = 16 << 20;
	g_assert_nonnull(folder);
	gboolean ok = archive_unpack_slice(&slice, "fuzz.tar", dest, &policy, NULL, NULL);
	g_assert_true(ok == (access(dest, F_OK) == 0));
	g_assert_true(rmdir(folder) == 0 || ok);
	g_assert_true(fs_remove_tree(folder, NULL));
	return 0;
}
