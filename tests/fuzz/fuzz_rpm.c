/* An RPM from outside, laid into a folder as a layer is (format/image_layers.h), and the
 * same bytes read as a repomd.xml: whatever it is, nothing may appear beside that folder,
 * and no index names a file outside of its repository. */
#include "base/fs.h"
#include "format/image_layers.h"
#include "format/repomd.h"
#include "format/rpm.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static guint entries(const char *folder)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	guint n = 0;

	while (dir && g_dir_read_name(dir))
		n++;
	return n;
}

static char *everything(const char *path, G_GNUC_UNUSED guint layer, void *data)
{
	(void)data;
	return g_strdup(path);
}

static void try_index(const uint8_t *data, size_t size)
{
	g_autoptr(repomd) r = repomd_parse("fuzz", (const char *)data, size, NULL);

	if (!r)
		return;
	g_assert_null(repository_path_fault(r->primary.path));
	g_assert_cmpint(strlen(r->primary.sha256), ==, 64);
	g_assert_cmpint(r->primary.size, >, 0);
}

static void try_package(const uint8_t *data, size_t size)
{
	g_autofree char *folder = g_dir_make_tmp("xorch-fuzz-XXXXXX", NULL);
	g_autofree char *dest = g_build_filename(folder, "in", NULL);
	g_autofree char *path = g_build_filename(folder, "fuzz.rpm", NULL);
	image_layer layer = {.path = path, .label = "fuzz.rpm"};
	archive_slice slice = {.fd = -1, .data = data, .size = size}, payload;

	if (rpm_payload(&slice, "fuzz.rpm", &payload, NULL))
		g_assert_true(payload.offset + payload.size == size);
	g_assert_nonnull(folder);
	g_assert_true(fs_mkdir_p(dest, 0755, NULL));
	g_assert_true(g_file_set_contents(path, (const char *)data, (gssize)size, NULL));
	image_layers_unpack(&layer, 1, "fuzz", dest, everything, NULL, NULL, NULL);
	g_assert_cmpuint(entries(folder), ==, 2);
	g_assert_true(fs_remove_tree(folder, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (rpm_magic(data, size))
		try_package(data, size);
	else
		try_index(data, size);
	return 0;
}
