#include "build/cross_shims.h"
#include "base/fs.h"
#include "build/embedded.h"
#include <string.h>

/* Program and the module whose .pc file knows the answers. */
static const char *const shims[][2] = {{"xml2-config", "libxml-2.0"},
	{"xslt-config", "libxslt"}, {"pg_config", "libpq"},
	{"freetype-config", "freetype2"}, {"curl-config", "libcurl"},
	{"libpng-config", "libpng"}, {"libpng16-config", "libpng16"},
	{"pcre-config", "libpcre"}, {"pcre2-config", "libpcre2-8"},
	{"mysql_config", "libmariadb"}, {"mariadb_config", "libmariadb"},
	{"krb5-config", "krb5"}, {"icu-config", "icu-i18n"}, {"sdl2-config", "sdl2"},
	{"gsl-config", "gsl"}, {"geos-config", "geos"}, {"gpgme-config", "gpgme"},
	{"ncurses6-config", "ncurses"}, {"ncursesw6-config", "ncursesw"},
	{"fltk-config", "fltk"}, {"apr-1-config", "apr-1"}, {"gdal-config", "gdal"},
	{"xmlsec1-config", "xmlsec1"}};

static gboolean has_module(const char *sysroot, const platform *p, const char *module)
{
	g_autofree char *own = g_strdup_printf(
		"%s/usr/lib/%s/pkgconfig/%s.pc", sysroot, p->triple, module);
	g_autofree char *lib =
		g_strdup_printf("%s/usr/lib/pkgconfig/%s.pc", sysroot, module);
	g_autofree char *share =
		g_strdup_printf("%s/usr/share/pkgconfig/%s.pc", sysroot, module);

	return g_file_test(own, G_FILE_TEST_EXISTS) ||
	       g_file_test(lib, G_FILE_TEST_EXISTS) ||
	       g_file_test(share, G_FILE_TEST_EXISTS);
}

static gboolean write_one(const char *bin, const platform *p, const char *const *shim,
	gboolean full, GError **err)
{
	const embedded_file *script = embedded_file_get("host-config");
	g_autoptr(GString) text = g_string_new((const char *)script->bytes);
	g_autofree char *name =
		full ? g_strdup_printf("%s-%s", p->triple, shim[0]) : g_strdup(shim[0]);
	g_autofree char *path = g_build_filename(bin, name, NULL);

	g_string_replace(text, "@PROGRAM@", shim[0], 0);
	g_string_replace(text, "@MODULE@", shim[1], 0);
	g_string_replace(text, "@TRIPLE@", p->triple, 0);
	return fs_write_atomic(path, text->str, text->len, 0755, err);
}

gboolean cross_shims_write(
	const char *bin, const char *sysroot, const platform *p, GError **err)
{
	for (gsize n = 0; n < G_N_ELEMENTS(shims); n++)
		if (has_module(sysroot, p, shims[n][1]) &&
			(!write_one(bin, p, shims[n], FALSE, err) ||
				!write_one(bin, p, shims[n], TRUE, err)))
			return FALSE;
	return TRUE;
}
