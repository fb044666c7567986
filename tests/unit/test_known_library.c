#include "plan/known_library.h"

static void known(void)
{
	static const struct {
		const char *text, *deb;
		const known_library *(*find)(const char *);
	} rows[] = {
		{"z", "zlib1g-dev", known_library_by_name},
		{"OpenSSL", "libssl-dev", known_library_by_name},
		{"libxml-2.0", "libxml2-dev", known_library_by_name},
		{"openssl-sys", "libssl-dev", known_library_by_name},
		{"m", NULL, known_library_by_name},
		{"", NULL, known_library_by_name},
		{"openssl/evp.h", "libssl-dev", known_library_by_header},
		{"libxml/tree.h", "libxml2-dev", known_library_by_header},
		{"ffi.h", "libffi-dev", known_library_by_header},
		{"sys/stat.h", NULL, known_library_by_header},
		{"xzlib.h", NULL, known_library_by_header},
		{"libffi.so.8", "libffi-dev", known_library_by_soname},
		{"libffi-1a2b3c4d.so.8.1.0", "libffi-dev", known_library_by_soname},
		{"libssh2", "libssh2-1-dev", known_library_by_name},
		{"libssh2.so.1", "libssh2-1-dev", known_library_by_soname},
		{"srtp2/srtp.h", "libsrtp2-dev", known_library_by_header},
		{"libSDL2-2.0.so.0", "libsdl2-dev", known_library_by_soname},
		{"libyaml-0-1a2b3c4d.so.2.0.6", "libyaml-dev", known_library_by_soname},
		{"libusb-1.0.so.0", "libusb-1.0-0-dev", known_library_by_soname},
		{"libz.so.1", "zlib1g-dev", known_library_by_soname},
		{"libzz.so.1", NULL, known_library_by_soname},
		{"libc.so.6", NULL, known_library_by_soname},
		{"libz", NULL, known_library_by_soname},
		/* what pkg-config, *-config programs and link lines call them */
		{"icu-i18n", "libicu-dev", known_library_by_name},
		{"icu-config", "libicu-dev", known_library_by_name},
		{"mysql_config", "libmariadb-dev", known_library_by_name},
		{"Xrandr", "libxrandr-dev", known_library_by_name},
		{"avformat", "libavformat-dev", known_library_by_name},
		{"librdkafka", "librdkafka-dev", known_library_by_name},
		{"lib", NULL, known_library_by_name},
		{"cbc", "coinor-libcbc-dev", known_library_by_name},
		{"Clp", "coinor-libclp-dev", known_library_by_name},
		{"dsdp5.h", "libdsdp-dev", known_library_by_header},
		{"ogr_api.h", "libgdal-dev", known_library_by_header},
		{"coin/other.h", NULL, known_library_by_header},
		{"libCbcSolver.so.3", "coinor-libcbc-dev", known_library_by_soname},
		{"unicode/uchar.h", "libicu-dev", known_library_by_header},
		{"mysql.h", "libmariadb-dev", known_library_by_header},
		/* a folder of several packages: the file, else the nearest folder */
		{"X11/extensions/Xrandr.h", "libxrandr-dev", known_library_by_header},
		{"X11/Xlib.h", "libx11-dev", known_library_by_header},
		{"xcb/randr.h", "libxcb-randr0-dev", known_library_by_header},
		{"xcb/xcb.h", "libxcb1-dev", known_library_by_header},
		{"lua.h", "liblua5.4-dev", known_library_by_header},
		{"pixman-1", "libpixman-1-dev", known_library_by_name},
		{"apr-1-config", "libapr1-dev", known_library_by_name},
		{"libjsoncpp.so.24", "libjsoncpp-dev", known_library_by_soname},
		{"google/protobuf/io/coded_stream.h", "libprotobuf-dev",
			known_library_by_header},
		{"google/other.h", NULL, known_library_by_header},
		{"libicuuc.so.72", "libicu-dev", known_library_by_soname},
		{"libX11.so.6", "libx11-dev", known_library_by_soname},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		const known_library *h = rows[i].find(rows[i].text);
		if (g_strcmp0(h ? h->deb : NULL, rows[i].deb) != 0)
			g_error("%s: %s, not %s", rows[i].text, h ? h->deb : "none",
				rows[i].deb ? rows[i].deb : "none");
	}
}

/* What is marked as another's is one's. */
static gboolean is_not_shared(const known_library *h, const char *name)
{
	const known_library *first = known_library_by_header(name);

	return !first || first == h || !known_library_has_header(h, name);
}

/* Neither may a header or a file; packages are in order. */
static void unambiguous_files(void)
{
	for (const known_library *h = known_libraries; h->deb; h++) {
		g_auto(GStrv) headers = g_strsplit(h->headers, " ", -1);
		g_auto(GStrv) sonames = g_strsplit(h->sonames, " ", -1);
		for (char **n = headers; *n; n++)
			if (**n == '~' ? is_not_shared(h, *n + 1)
				       : **n && known_library_by_header(*n) != h)
				g_error("%s: %s", h->deb, *n);
		for (char **n = sonames; *n; n++) {
			g_autofree char *file = g_strconcat(*n, ".so.1", NULL);
			if (**n && known_library_by_soname(file) != h)
				g_error("%s: %s", h->deb, *n);
		}
		if (h[1].deb)
			g_assert_cmpstr(h->deb, <, h[1].deb);
	}
}

/* No name may stand for two libraries. */
static void unambiguous(void)
{
	for (const known_library *h = known_libraries; h->deb; h++) {
		g_auto(GStrv) names = g_strsplit(h->names, " ", -1);
		for (char **n = names; *n; n++)
			if (**n && known_library_by_name(*n) != h)
				g_error("%s: %s", h->deb, *n);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/known-library/known", known);
	g_test_add_func("/known-library/unambiguous", unambiguous);
	g_test_add_func("/known-library/unambiguous-files", unambiguous_files);
	return g_test_run();
}
