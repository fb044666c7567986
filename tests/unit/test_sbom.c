/* The list of parts in a repaired wheel, and what it is made of: licences
 * of Debian's copyright files, the index of the files of its packages, search paths. */
#include "base/fs.h"
#include "format/debian_contents.h"
#include "format/debian_copyright.h"
#include "ship/rpath.h"
#include "ship/sbom.h"
#include <glib/gstdio.h>
#include <jansson.h>
#include <string.h>

#define DEP5 "Format: copyright-format/1.0\n\n"

static void licences(void)
{
	static const struct {
		const char *text, *want;
		gboolean spdx;
	} rows[] = {
		{DEP5 "Files: *\nCopyright: X\nLicense: Expat\n Permission …\n", "MIT",
			TRUE},
		{DEP5 "Files: debian/*\nLicense: GPL-2+\n\nFiles: *\nLicense: "
		      "LGPL-2.1+\n",
			"LGPL-2.1-or-later", TRUE},
		{DEP5 "Files: *\nLicense: LGPL-3+ or GPL-2+\n",
			"LGPL-3.0-or-later OR GPL-2.0-or-later", TRUE},
		/* neither the list's words nor a precedence that SPDX shares */
		{DEP5 "Files: *\nLicense: other-thing\n", "other-thing", FALSE},
		{DEP5 "Files: *\nLicense: Expat and ISC or Zlib\n",
			"Expat and ISC or Zlib", FALSE},
		{DEP5 "Files: *\nLicense: Expat or\n", "Expat or", FALSE},
		{DEP5 "Files: *\nLicense: Expat ISC\n", "Expat ISC", FALSE},
		{DEP5 "Files: src/*\nLicense: Expat\n", NULL, FALSE},
		{DEP5 "Files: *\nCopyright: X\n", NULL, FALSE},
		{DEP5 "Files: *\nLicense:\n text\n", NULL, FALSE},
		{"This package was debianized by hand.\n\nFiles: *\nLicense: Expat\n",
			NULL, FALSE},
		{"Files: *\nLicense: Expat\n", NULL, FALSE},
		{"", NULL, FALSE},
	};
	for (gsize n = 0; n < G_N_ELEMENTS(rows); n++) {
		gboolean spdx = TRUE;
		g_autofree char *got = debian_copyright_licence(
			rows[n].text, strlen(rows[n].text), &spdx);
		g_assert_cmpstr(got, ==, rows[n].want);
		g_assert_cmpint(spdx, ==, rows[n].spdx);
	}
}

static void contents(void)
{
	static const char text[] =
		"bin/lib/arm-linux-gnueabihf/libno.so.1 libs/no\n"
		"lib/arm-linux-gnueabihf/libz.so.1   libs/zlib1g\n"
		"usr/lib/aarch64-linux-gnu/libpq.so.5   libs/libpq5\n"
		"usr/lib/arm-linux-gnueabihf/atlas/libblas.so.3   libs/libatlas3\n"
		"usr/lib/arm-linux-gnueabihf/libpq.so.5\t "
		"libs/libpq5,contrib/libs/other\n"
		"usr/lib/arm-linux-gnueabihf/pkgconfig   libs/dev\n"
		"usr/lib/arm-linux-gnueabihf/libnothing.so.1\n"
		"usr/lib/arm-linux-gnueabihf/a b.so   x/y\n";
	g_autofree char *dir = g_dir_make_tmp("xorch-sbom-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "Contents", NULL);
	g_autoptr(GError) err = NULL;

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	g_autofree char *got =
		debian_contents_libraries(path, "arm-linux-gnueabihf", &err);
	g_assert_no_error(err);
	g_assert_cmpstr(
		got, ==, "libpq.so.5 libpq5\nlibpq.so.5 other\nlibz.so.1 zlib1g\n");
	/* cut short */
	static const guint8 gz[] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b};
	g_assert_true(g_file_set_contents(path, (const char *)gz, sizeof gz, NULL));
	g_autofree char *none =
		debian_contents_libraries(path, "arm-linux-gnueabihf", &err);
	g_assert_null(none);
	g_assert_nonnull(err);
	g_assert_true(fs_remove_tree(dir, NULL));
}

static void rpaths(void)
{
	static const struct {
		const char *member, *list, *more, *want;
		gboolean dropped;
	} rows[] = {
		{"pkg/x.so", NULL, "$ORIGIN/../pkg.libs", "$ORIGIN/../pkg.libs", FALSE},
		{"pkg/x.so", "$ORIGIN/lib:/usr/local/lib", NULL, "$ORIGIN/lib", TRUE},
		{"pkg/x.so", "/usr/local/lib::lib", NULL, NULL, TRUE},
		{"pkg/x.so", "$ORIGIN/..:${ORIGIN}:$ORIGIN/..", NULL,
			"$ORIGIN/..:${ORIGIN}", FALSE},
		{"pkg/x.so", "$ORIGIN/../..", NULL, NULL, TRUE},
		{"x.so", "$ORIGIN/..", "$ORIGIN/x.libs", "$ORIGIN/x.libs", TRUE},
		{"pkg/x.so", "$ORIGIN/../pkg.libs", "$ORIGIN/../pkg.libs",
			"$ORIGIN/../pkg.libs", FALSE},
		{"pkg/x.so", "$ORIGINAL/x", NULL, NULL, TRUE},
	};
	for (gsize n = 0; n < G_N_ELEMENTS(rows); n++) {
		gboolean dropped;
		g_autofree char *got =
			rpath_keep(rows[n].member, rows[n].list, rows[n].more, &dropped);
		g_assert_cmpstr(got, ==, rows[n].want);
		/* an empty list has no entry that could go */
		if (rows[n].list)
			g_assert_cmpint(dropped, ==, rows[n].dropped);
	}
	g_autofree char *top = rpath_to("x.so", "x.libs");
	g_autofree char *deep = rpath_to("a/b/x.so", "a.libs");
	g_assert_cmpstr(top, ==, "$ORIGIN/x.libs");
	g_assert_cmpstr(deep, ==, "$ORIGIN/../../a.libs");
}

static GPtrArray *parts(gboolean turned)
{
	GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)sbom_part_free);

	for (int n = 0; n < 3; n++) {
		int i = turned ? 2 - n : n;
		sbom_part *p = i == 2 ? sbom_part_new("libown.so.1", NULL)
				      : sbom_part_new("libssl1.1", "1.1.1w-0+deb11u1");
		if (i < 2) {
			p->purl = g_strdup("pkg:deb/debian/libssl1.1@1.1.1w-0%2Bdeb11u1");
			p->licence = g_strdup("OpenSSL");
			p->spdx = TRUE;
		} else {
			p->licence = g_strdup("odd\xff");
		}
		sbom_part_add_file(p,
			i == 0	 ? "x.libs/libssl-1.so"
			: i == 1 ? "x.libs/libcrypto-1.so"
				 : "x.libs/libown-1.so",
			"00");
		g_ptr_array_add(out, p);
	}
	return out;
}

static void same_text(void)
{
	g_autoptr(GPtrArray) a = parts(FALSE), b = parts(TRUE);
	g_autofree char *one = sbom_text("X_y", "1.0", a);
	g_autofree char *two = sbom_text("X_y", "1.0", b);
	g_autofree char *other = sbom_text("X_y", "1.1", a);
	json_t *j = json_loads(one, JSON_REJECT_DUPLICATES, NULL);
	json_t *k = json_loads(other, 0, NULL);
	const char *serial = json_string_value(json_object_get(j, "serialNumber"));

	g_assert_cmpstr(one, ==, two);
	g_assert_true(
		g_regex_match_simple("^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-"
				     "[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
			serial, 0, 0));
	g_assert_cmpstr(
		serial, !=, json_string_value(json_object_get(k, "serialNumber")));
	json_t *list = json_object_get(j, "components");
	g_assert_cmpuint(json_array_size(list), ==, 2); /* one package, two files */
	json_t *ssl = json_array_get(list, 0), *own = json_array_get(list, 1);
	g_assert_cmpuint(json_array_size(json_object_get(ssl, "components")), ==, 2);
	g_assert_cmpstr(json_string_value(json_object_get(own, "purl")), ==,
		"pkg:generic/libown.so.1");
	g_assert_null(json_object_get(own, "version"));
	json_decref(j);
	json_decref(k);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sbom/licences", licences);
	g_test_add_func("/sbom/contents", contents);
	g_test_add_func("/sbom/rpaths", rpaths);
	g_test_add_func("/sbom/same-text", same_text);
	return g_test_run();
}
