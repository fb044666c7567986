/* Row A21: .deb containers made byte by byte. */
#include "base/error.h"
#include "base/fs.h"
#include "format/deb.h"
#include "tar_maker.h"
#include <string.h>
#include <unistd.h>

static GByteArray *small_tar(const char *name, const char *text)
{
	GByteArray *tar = g_byte_array_new();

	tar_add(tar, name, '0', NULL, text, 0644);
	tar_end(tar);
	return tar;
}

typedef struct row {
	const char *id;
	const char *names[4]; /* of the members; contents follow from the name */
	const char *says;     /* NULL: accepted */
} row;

static const row rows[] = {
	{"good", {"debian-binary", "control.tar", "data.tar"}, NULL},
	{"good-slashes", {"debian-binary/", "control.tar/", "data.tar/"}, NULL},
	{"good-extra", {"debian-binary", "_gpg", "control.tar", "data.tar"}, NULL},
	{"A21-no-data", {"debian-binary", "control.tar"}, "no data.tar"},
	{"A21-no-control", {"debian-binary", "data.tar"},
		"member data.tar stands where control.tar should"},
	{"A21-order", {"debian-binary", "data.tar", "control.tar"},
		"member data.tar stands where"},
	{"A21-no-version", {"control.tar", "data.tar"}, "first member is control.tar"},
	{"A21-unknown-compression", {"debian-binary", "control.tar", "data.tar.lz4"},
		"member data.tar.lz4 has an unknown compression"},
	{"A21-old-lzma", {"debian-binary", "control.tar", "data.tar.lzma"},
		"member data.tar.lzma has an unknown compression"},
	{"A21-data-not-a-tar", {"debian-binary", "control.tar", "data.tar.xz"},
		"in its member data.tar.xz"},
	{"A21-version-3", {"debian-binary", "control.tar", "data.tar"},
		"format version 3.0"},
};

static GByteArray *make(const row *r)
{
	GByteArray *deb = g_byte_array_new();

	for (int i = 0; i < 4 && r->names[i]; i++) {
		const char *name = r->names[i];
		if (g_str_has_prefix(name, "debian-binary")) {
			const char *v = strstr(r->id, "version-3") ? "3.0\n" : "2.0\n";
			ar_add(deb, name, v, 4);
		} else if (g_str_has_prefix(name, "control")) {
			g_autoptr(GByteArray) tar =
				small_tar("./control", "Package: a\nVersion: 1\n");
			ar_add(deb, name, tar->data, tar->len);
		} else if (!strcmp(name, "data.tar.xz")) {
			ar_add(deb, name, "nothing of the sort", 19);
		} else {
			g_autoptr(GByteArray) tar = small_tar("./usr/a", "hello");
			ar_add(deb, name, tar->data, tar->len);
		}
	}
	return deb;
}

static gboolean unpack_deb(GByteArray *deb, const char *dest, GError **err)
{
	archive_slice slice = {.fd = -1, .data = deb->data, .size = deb->len};
	return deb_unpack_slice(&slice, "a_1.deb", dest, &ARCHIVE_DEB_DATA, NULL, err);
}

static void check_row(gconstpointer data)
{
	const row *r = data;
	g_autofree char *folder = g_dir_make_tmp("xorch-deb-XXXXXX", NULL);
	g_autofree char *file = g_build_filename(folder, "usr", "a", NULL);
	g_autoptr(GByteArray) deb = make(r);
	g_autoptr(GError) err = NULL;

	gboolean ok = unpack_deb(deb, folder, &err);
	if (r->says) {
		g_assert_false(ok);
		g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
		if (!strstr(err->message, r->says) || !strstr(err->message, "a_1.deb"))
			g_error("want '%s' in: %s", r->says, err->message);
	} else {
		g_autofree char *text = NULL;
		archive_slice slice = {.fd = -1, .data = deb->data, .size = deb->len};
		g_assert_no_error(err);
		g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
		g_assert_cmpstr(text, ==, "hello");
		g_autoptr(GBytes) control = deb_control(&slice, "a_1.deb", &err);
		g_assert_no_error(err);
		g_assert_cmpint(
			memcmp(g_bytes_get_data(control, NULL), "Package: a\n", 11), ==,
			0);
	}
	fs_remove_tree(folder, NULL);
}

/* Every length but the whole is refused, and so is every damaged size field. */
static void truncated(void)
{
	g_autoptr(GByteArray) deb = make(&rows[0]);

	for (guint n = 0; n < deb->len; n += n < 400 ? 1 : 97) {
		g_autofree char *folder = g_dir_make_tmp("xorch-deb-XXXXXX", NULL);
		g_autoptr(GByteArray) cut = g_byte_array_new();
		g_autoptr(GError) err = NULL;
		g_byte_array_append(cut, deb->data, n);
		g_assert_false(unpack_deb(cut, folder, &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
		fs_remove_tree(folder, NULL);
	}
}

static void bad_sizes(void)
{
	static const char *const sizes[] = {
		"9999999999", "          ", "-1        ", "12x       ", "0x10      "};

	for (guint i = 0; i < G_N_ELEMENTS(sizes); i++) {
		g_autofree char *folder = g_dir_make_tmp("xorch-deb-XXXXXX", NULL);
		g_autoptr(GByteArray) deb = make(&rows[0]);
		g_autoptr(GError) err = NULL;
		memcpy(deb->data + 8 + 60 + 4 + 48, sizes[i], 10); /* of control.tar */
		g_assert_false(unpack_deb(deb, folder, &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
		g_assert_nonnull(strstr(err->message, "member control.tar"));
		fs_remove_tree(folder, NULL);
	}
}

static void control_bomb(void)
{
	g_autofree char *text = g_strnfill(2 << 20, 'x');
	g_autoptr(GByteArray) tar = small_tar("./control", text);
	g_autoptr(GByteArray) deb = g_byte_array_new();
	g_autoptr(GError) err = NULL;

	ar_add(deb, "debian-binary", "2.0\n", 4);
	ar_add(deb, "control.tar", tar->data, tar->len);
	ar_add(deb, "data.tar", tar->data, tar->len);
	archive_slice slice = {.fd = -1, .data = deb->data, .size = deb->len};
	g_autoptr(GBytes) control = deb_control(&slice, "a_1.deb", &err);
	g_assert_null(control);
	g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
	g_assert_nonnull(strstr(err->message, "in its member control.tar"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path = g_strdup_printf("/deb/%s", rows[i].id);
		g_test_add_data_func(path, &rows[i], check_row);
	}
	g_test_add_func("/deb/A15-truncated", truncated);
	g_test_add_func("/deb/A21-bad-sizes", bad_sizes);
	g_test_add_func("/deb/A21-control-bomb", control_bomb);
	return g_test_run();
}
