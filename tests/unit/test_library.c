#include "build/debian_source.h"
#include "build/library_tree.h"
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

static void test_upstream(void)
{
	static const struct {
		const char *version, *upstream;
		gboolean is;
	} rows[] = {{"3.5.7-1~deb13u2", "3.5.7", TRUE},
		{"1:1.2.13.dfsg-1", "1.2.13", TRUE},
		{"2.9.14+dfsg-1.3~deb12u2", "2.9.14", TRUE},
		{"2.12.7+dfsg+really2.9.14-2.1+deb13u3", "2.9.14", TRUE},
		{"2.12.7+dfsg+really2.9.14-2.1+deb13u3", "2.12.7", FALSE},
		{"3.5.70-1", "3.5.7", FALSE}, {"3.5.7.1-1", "3.5.7", FALSE},
		{"13.5.7-1", "3.5.7", FALSE}, {"1.0", "1.0", TRUE},
		{"3.5.7", "3.5.7-1", FALSE}};

	for (gsize n = 0; n < G_N_ELEMENTS(rows); n++) {
		g_test_message("%s %s", rows[n].version, rows[n].upstream);
		g_assert_cmpint(debian_upstream_is(rows[n].version, rows[n].upstream), ==,
			rows[n].is);
	}
}

static const char sources[] =
	"Package: libxml2-doc\nVersion: 1\n\n"
	"Package: libxml2\nVersion: 2.9.14+dfsg-1.3~deb12u2\n"
	"Directory: pool/main/libx/libxml2\nChecksums-Sha256:\n"
	" %s 2923 libxml2_2.9.14+dfsg-1.3~deb12u2.dsc\n"
	" %s 1981424 libxml2_2.9.14+dfsg.orig.tar.xz\n"
	" %s 900 libxml2_2.9.14+dfsg.orig.tar.xz.asc\n"
	" %s 32888 libxml2_2.9.14+dfsg-1.3~deb12u2.debian.tar.xz\n\n"
	"Package: native\nVersion: 1.2\nDirectory: pool/main/n/native\n"
	"Checksums-Sha256:\n %s 10 native_1.2.dsc\n %s 20 native_1.2.tar.xz\n\n"
	"Package: elsewhere\nVersion: 1-1\nDirectory: ../../etc\n"
	"Checksums-Sha256:\n %s 20 elsewhere_1.orig.tar.gz\n";

#define SUM "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_sources(void)
{
	g_autofree char *text =
		g_strdup_printf(sources, SUM, SUM, SUM, SUM, SUM, SUM, SUM);
	g_autofree char *path = NULL;
	g_auto(debian_tarball) t = {0};
	g_autoptr(GError) err = NULL;
	int fd = g_file_open_tmp("sources-XXXXXX", &path, NULL);

	g_close(fd, NULL);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	g_assert_true(
		debian_source_read(path, "bookworm", "libxml2", "2.9.14", &t, &err));
	g_assert_cmpstr(t.file, ==, "libxml2_2.9.14+dfsg.orig.tar.xz");
	g_assert_cmpstr(
		t.path, ==, "pool/main/libx/libxml2/libxml2_2.9.14+dfsg.orig.tar.xz");
	g_assert_cmpint(t.size, ==, 1981424);
	debian_tarball_clear(&t);
	g_assert_true(debian_source_read(path, "bookworm", "native", "1.2", &t, &err));
	g_assert_cmpstr(t.file, ==, "native_1.2.tar.xz");
	debian_tarball_clear(&t);
	g_assert_false(
		debian_source_read(path, "bookworm", "libxml2", "2.9.15", &t, &err));
	g_assert_nonnull(strstr(err->message, "X0336"));
	g_assert_nonnull(strstr(err->message, "2.9.14+dfsg-1.3~deb12u2"));
	g_clear_error(&err);
	/* a path of its own is not followed */
	g_assert_false(debian_source_read(path, "bookworm", "elsewhere", "1", &t, &err));
	g_assert_nonnull(strstr(err->message, "X0632"));
	g_unlink(path);
}

static void test_pc(void)
{
	g_autofree char *a = library_pc_public(
		"prefix=/usr\nName: x\nRequires: a\nRequires.private: b >= 2\n"
		"Libs: -L${libdir} -lx\nLibs.private: -L/xorch/sysroot/usr/lib -lz "
		"-lm\n");
	g_autofree char *b = library_pc_public("Name: x\nLibs: -lx\n");

	g_assert_cmpstr(a, ==,
		"prefix=/usr\nName: x\nRequires: a, b >= 2\nLibs: -L${libdir} -lx -lz "
		"-lm\n");
	g_assert_cmpstr(b, ==, "Name: x\nLibs: -lx\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/library/upstream", test_upstream);
	g_test_add_func("/library/sources", test_sources);
	g_test_add_func("/library/pc", test_pc);
	return g_test_run();
}
