#include "base/error.h"
#include "base/fs.h"
#include "format/zip_writer.h"
#include "ship/repair.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define NAME "pkg-1.0-cp311-cp311-linux_aarch64.whl"

static GBytes *fixture(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(FIXTURES, folder, name, NULL);
	GBytes *bytes = fs_read(path, 1 << 20, NULL);

	g_assert_nonnull(bytes);
	return bytes;
}

/* A wheel with a module that needs libver.so.1. */
static GBytes *make_wheel(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, NAME, NULL);
	g_autoptr(GBytes) module = fixture("elf", "use-aarch64.so");
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	g_autoptr(zip_writer) out = zip_writer_new(fd, path, 1700000000);
	static const char *const texts[][2] = {
		{"pkg-1.0.dist-info/METADATA",
			"Metadata-Version: 2.1\nName: pkg\nVersion: 1.0\n"},
		{"pkg-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n"
					    "Tag: cp311-cp311-linux_aarch64\n"},
		{"pkg-1.0.dist-info/RECORD", ""}};

	g_assert_true(zip_writer_add(out, "pkg/use.so", g_bytes_get_data(module, NULL),
		g_bytes_get_size(module), TRUE, NULL));
	for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
		g_assert_true(zip_writer_add(
			out, texts[i][0], texts[i][1], strlen(texts[i][1]), FALSE, NULL));
	g_assert_true(zip_writer_finish(out, NULL));
	close(fd);
	return fs_read(path, 1 << 20, NULL);
}

/* An owner whose folder holds that library, with something behind its end. */
static void add_owner(
	GPtrArray *owners, const char *dir, const char *package, const char *tail)
{
	g_autofree char *folder = g_build_filename(dir, package, NULL);
	g_autofree char *path = g_build_filename(folder, "libver.so.1", NULL);
	g_autoptr(GBytes) library = fixture("elf", "ver-aarch64.so");
	g_autoptr(GByteArray) all = g_byte_array_new();

	g_mkdir(folder, 0755);
	g_byte_array_append(
		all, g_bytes_get_data(library, NULL), (guint)g_bytes_get_size(library));
	g_byte_array_append(all, (const guint8 *)tail, (guint)strlen(tail));
	g_assert_true(fs_write_atomic(path, all->data, all->len, 0644, NULL));
	g_ptr_array_add(owners, repair_owner_new(package, folder, NULL));
}

/* Debian has libblas.so.3 in two packages, each in a folder of its own: of two different
 * libraries none is chosen, of two that are the same either will do. */
static void two_of_one_name(void)
{
	g_autofree char *dir = g_dir_make_tmp("xorch-repair-XXXXXX", NULL);
	g_autoptr(GBytes) whole = make_wheel(dir);

	for (int differ = 0; differ < 2; differ++) {
		g_autoptr(GPtrArray) owners =
			g_ptr_array_new_with_free_func((GDestroyNotify)repair_owner_free);
		g_autoptr(GPtrArray) grafts =
			g_ptr_array_new_with_free_func((GDestroyNotify)repair_graft_free);
		g_autoptr(GError) err = NULL;
		add_owner(owners, dir, differ ? "first2" : "first", "");
		add_owner(owners, dir, differ ? "second2" : "second",
			differ ? "other" : "");
		repair_options o = {.patchelf = "/nowhere/patchelf",
			.work = dir,
			.platform = platform_by_name("aarch64"),
			.floor = "2_17",
			.owners = owners};
		g_autoptr(GBytes) out = wheel_repair(whole, NAME, &o, grafts, &err);
		g_assert_null(out); /* the same: on to patchelf, which is not there */
		g_assert_nonnull(err);
		if (!differ) {
			g_assert_null(strstr(err->message, "[X0744]"));
			continue;
		}
		g_assert_error(err, XORCH_ERROR, EXIT_AUDIT);
		g_assert_nonnull(strstr(err->message,
			"[X0744] two different libraries are called libver.so.1: of "
			"first2 and of second2"));
	}
	g_assert_true(fs_remove_tree(dir, NULL));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/repair/two-of-one-name", two_of_one_name);
	return g_test_run();
}
