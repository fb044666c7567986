/* Debian's control files, Release, clear-signed messages, versions; rows H10 (form),
 * H13 (fields). The signature itself is tests/faults/test_debian.py. */
#include "base/error.h"
#include "format/debian.h"
#include "format/solv.h"
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static void paragraphs(void)
{
	static const char text[] = "# comment\nPackage: a\nVersion:1.0 \nDescription: x\n"
				   " more\n .\n last\n\n\nPackage: b\r\nSize: 3\n";
	g_autoptr(GError) err = NULL;
	g_autoptr(GPtrArray) all = deb822_parse("t", text, strlen(text), &err);

	g_assert_no_error(err);
	g_assert_cmpuint(all->len, ==, 2);
	g_assert_cmpstr(deb822_get(all->pdata[0], "version"), ==, "1.0");
	g_assert_cmpstr(deb822_get(all->pdata[0], "Description"), ==, "x\nmore\n.\nlast");
	g_assert_cmpstr(deb822_get(all->pdata[1], "Package"), ==, "b");
	g_assert_null(deb822_get(all->pdata[1], "Version"));
}

static void bad_paragraphs(void)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"no colon\n", "in line 1"},
		{"A: b\n\n continuation\n", "in line 3: a continuation"},
		{"A: b\na: c\n", "comes twice"},
		{": b\n", "neither a field"},
		{"A b: c\n", "a field name"},
		{"A: b\033[2J\n", "a control character"},
		{"A\xc3\xa4: b\n", "a field name"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) err = NULL;
		g_assert_null(
			deb822_parse("t", rows[i].text, strlen(rows[i].text), &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
		if (!strstr(err->message, rows[i].says))
			g_error("want '%s' in %s", rows[i].says, err->message);
	}
}

#define SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void release(void)
{
	static const char text[] =
		"Origin: Debian\nSuite: oldoldstable\nCodename: bullseye\n"
		"Date: Sat, 09 Aug 2025 09:16:30 UTC\nAcquire-By-Hash: yes\n"
		"MD5Sum:\n 00 5 main/binary-arm64/Packages\n"
		"SHA256:\n " SHA "   123 main/binary-arm64/Packages.xz\n";
	g_autoptr(GError) err = NULL;
	g_autoptr(debian_release) r = debian_release_parse("t", text, strlen(text), &err);

	g_assert_no_error(err);
	g_assert_cmpint(r->time, ==, 1754730990);
	g_assert_true(r->by_hash);
	g_assert_cmpint(r->valid_until, ==, 0);
	release_file *f = g_hash_table_lookup(r->files, "main/binary-arm64/Packages.xz");
	g_assert_nonnull(f);
	g_assert_cmpint(f->size, ==, 123);
	g_assert_cmpstr(f->sha256, ==, SHA);
	g_assert_cmpuint(g_hash_table_size(r->files), ==, 1);
}

static void bad_release(void)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"Date: yesterday\nSHA256:\n " SHA " 1 a\n", "no proper Date"},
		{"SHA256:\n " SHA " 1 a\n", "no proper Date"},
		{"Date: Sat, 09 Aug 2025 09:16:30 UTC\nMD5Sum:\n 00 1 a\n", "no SHA256"},
		{"Date: Sat, 09 Aug 2025 09:16:30 UTC\nSHA256:\n 00 1 a\n",
			"a line that"},
		{"Date: Sat, 09 Aug 2025 09:16:30 UTC\nSHA256:\n " SHA " 1 ../a\n",
			"a line that"},
		{"Date: Sat, 09 Aug 2025 09:16:30 UTC\nSHA256:\n " SHA " -1 a\n",
			"a line that"},
		{"Date: Sat, 09 Aug 2025 09:16:30 UTC\nSHA256:\n " SHA " 1 /a\n",
			"a line that"},
		{"Date: Sat, 09 Aug 2025 09:16:30 UTC\nValid-Until: x\nSHA256:\n " SHA
		 " 1 a\n",
			"Valid-Until"},
		{"Date: a\n\nDate: b\n", "not one paragraph"},
		{"", "not one paragraph"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) err = NULL;
		g_assert_null(debian_release_parse(
			"t", rows[i].text, strlen(rows[i].text), &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
		if (!strstr(err->message, rows[i].says))
			g_error("want '%s' in %s", rows[i].says, err->message);
	}
}

static void dates(void)
{
	static const struct {
		const char *text;
		gint64 seconds;
	} rows[] = {
		{"Thu, 01 Jan 1970 00:00:00 UTC", 0},
		{"Tue, 29 Feb 2028 23:59:59 GMT", 1835481599},
		{"Sat,  9 Aug 2025 09:16:30 +0000", 1754730990},
		{"Sat, 09 Aug 2025 09:16:30", -1},
		{"Sat, 09 Aug 2025 09:16:30 CET", -1},
		{"Sat, 31 Feb 2025 09:16:30 UTC", -1},
		{"Sat, 09 Aug 2025 25:16:30 UTC", -1},
		{"09 Aug 2025 09:16:30 UTC", -1},
		{"Sat, 09 Xxx 2025 09:16:30 UTC", -1},
		{"", -1},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		gint64 seconds = -1;
		if (!debian_date(rows[i].text, &seconds))
			seconds = -1;
		g_assert_cmpint(seconds, ==, rows[i].seconds);
	}
}

#define HEAD "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n"
#define TAIL "-----BEGIN PGP SIGNATURE-----\n\nabcd\n=efgh\n-----END PGP SIGNATURE-----\n"

static void clearsigned(void)
{
	static const char text[] = HEAD "Origin: x  \n- -dash\n last\n" TAIL;
	g_autofree char *body = NULL, *signature = NULL;
	g_autoptr(GError) err = NULL;

	g_assert_true(
		clearsigned_split("t", text, strlen(text), &body, &signature, &err));
	g_assert_cmpstr(body, ==, "Origin: x\n-dash\n last");
	g_assert_cmpstr(signature, ==, TAIL);
}

static void bad_clearsigned(void)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "empty"},
		{"Origin: Debian\n", "no signature, or text before"},
		{"x\n" HEAD "a\n" TAIL, "text before"},
		{"\n" HEAD "a\n" TAIL, "text before"},
		{HEAD "a\n" TAIL "x\n", "text after"},
		{HEAD "a\n" TAIL HEAD "b\n" TAIL, "text after"},
		{HEAD "a\n", "ends before"},
		{HEAD "a\n-----BEGIN PGP SIGNATURE-----\n\nabcd\n", "ends before"},
		{HEAD "-----BEGIN PGP SIGNED MESSAGE-----\na\n" TAIL, "unescaped"},
		{HEAD "a\n-----BEGIN PGP SIGNATURE-----\n\n-----BEGIN PGP "
		      "SIGNATURE-----\n" TAIL,
			"second message"},
		{"-----BEGIN PGP SIGNED MESSAGE-----\nOrigin: evil\n\na\n" TAIL,
			"a header other"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *body = NULL, *signature = NULL;
		g_autoptr(GError) err = NULL;
		g_assert_false(clearsigned_split("t", rows[i].text, strlen(rows[i].text),
			&body, &signature, &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
		if (!strstr(err->message, rows[i].says))
			g_error("want '%s' in %s", rows[i].says, err->message);
		g_assert_null(body);
	}
}

static void versions(void)
{
	static const struct {
		const char *a, *b;
		int sign;
	} rows[] = {
		{"1.0", "1.0", 0},
		{"1.0-1", "1.0-2", -1},
		{"2.31-13+deb11u11", "2.31-13+deb11u9", 1},
		{"1:4.4.18-4", "4.4.33-2", 1},
		{"1.0~rc1", "1.0", -1},
		{"1.0~~", "1.0~", -1},
		{"1.0a", "1.0+", -1},
		{"1.09", "1.9", 0},
		{"10.2.1-6", "9.9", 1},
		{"1.0", "1.0-0", 0},
		{"1.2.13.dfsg-1", "1.2.13-1", 1},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		int d = debian_version_compare(rows[i].a, rows[i].b);
		int back = debian_version_compare(rows[i].b, rows[i].a);
		g_assert_cmpint((d > 0) - (d < 0), ==, rows[i].sign);
		g_assert_cmpint((back > 0) - (back < 0), ==, -rows[i].sign);
	}
}

#define ENTRY(name, extra)                                                               \
	"Package: " name "\nVersion: 1\nArchitecture: arm64\nFilename: pool/" name       \
	".deb\nSize: 10\nSHA256: " SHA "\n" extra "\n"

/* Closure of `roots` (blank-separated) without `without`: names, or the error. */
static char *closure(const char *index, const char *roots, const char *without)
{
	g_autofree char *path = NULL;
	g_autoptr(GError) err = NULL;
	int fd = g_file_open_tmp("xorch-solv-XXXXXX", &path, NULL);
	g_auto(GStrv) r = g_strsplit(roots, " ", -1);
	g_auto(GStrv) w = g_strsplit(without, " ", -1);
	g_autoptr(GPtrArray) root_list = g_ptr_array_new();
	g_autoptr(GPtrArray) paths = g_ptr_array_new();
	g_autoptr(GPtrArray) without_list = g_ptr_array_new();

	close(fd);
	g_assert_true(g_file_set_contents(path, index, -1, NULL));
	for (char **p = r; *p; p++)
		g_ptr_array_add(root_list, *p);
	for (char **p = w; *p; p++)
		g_ptr_array_add(without_list, *p);
	g_ptr_array_add(paths, path);
	g_autoptr(solv_index) i = solv_index_read(paths, "arm64", &err);
	GString *names = g_string_new(NULL);
	/* twice: as read, and as kept in libsolv's own form */
	for (int kept = 0; i && kept < 2; kept++) {
		g_string_truncate(names, 0);
		g_unlink(path);
		g_clear_error(&err);
		if (kept) {
			g_assert_true(solv_index_save(i, path, NULL));
			solv_index_free(i);
			i = solv_index_load(path, "arm64");
			g_assert_nonnull(i);
		}
		g_autoptr(GPtrArray) list =
			solv_index_closure(i, root_list, without_list, &err);
		for (guint n = 0; list && n < list->len; n++) {
			const solv_package *p = list->pdata[n];
			g_assert_cmpint(p->size, ==, 10);
			g_string_append_printf(names, "%s%s", n ? " " : "", p->name);
		}
	}
	if (err)
		g_string_assign(names, err->message);
	g_unlink(path);
	return g_string_free(names, FALSE);
}

static void closures(void)
{
	static const char index[] =
		ENTRY("a", "Depends: b (>= 1), x | c\nPre-Depends: d\n") ENTRY("b",
			"Depends: e\nRecommends: n\n") ENTRY("c", "Provides: virtual\n")
			ENTRY("d", "Depends: e, f\n") ENTRY("e", "") ENTRY(
				"f", "Depends: virtual\n") ENTRY("n", "") ENTRY("loop",
				"Depends: loop2\n") ENTRY("loop2", "Depends: loop\n")
				ENTRY("broken", "Depends: nothing (>= 2)\n");
	static const struct {
		const char *roots, *without, *want;
	} rows[] = {
		{"a", "none", "a b c d e f"},
		{"a", "d", "a b c e"},
		{"a", "b d", "a c"},
		{"f", "none", "c f"},
		{"b e", "e", "b"},
		{"loop", "none", "loop loop2"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = closure(index, rows[i].roots, rows[i].without);
		g_assert_cmpstr(got, ==, rows[i].want);
	}
	g_autofree char *missing = closure(index, "zzz", "none");
	g_assert_nonnull(strstr(missing, "[X0633] the suite has no package zzz"));
	g_autofree char *broken = closure(index, "broken", "none");
	g_assert_nonnull(strstr(broken, "[X0633] the packages' dependencies"));
	g_assert_nonnull(strstr(broken, "nothing"));
}

/* Long enough to be read in several parts, each entry needing the next. */
static void chain(void)
{
	enum { N = 3000 };
	g_autoptr(GString) index = g_string_new(NULL), want = g_string_new(NULL);

	for (int i = 0; i < N; i++) {
		g_string_append_printf(index,
			"Package: p%04d\nVersion: 1\nArchitecture: arm64\n"
			"Filename: pool/p%04d.deb\nSize: 10\nSHA256: " SHA "\n",
			i, i);
		if (i + 1 < N)
			g_string_append_printf(index, "Depends: p%04d\n", i + 1);
		g_string_append_printf(index, "Description: %0*d\n\n", i % 97 + 1, 0);
		g_string_append_printf(want, "%sp%04d", i ? " " : "", i);
	}
	g_autofree char *got = closure(index->str, "p0000", "none");
	g_assert_cmpstr(got, ==, want->str);
}

static void bad_entries(void)
{
	static const struct {
		const char *index, *says;
	} rows[] = {
		{"Package: a\nVersion: 1\nArchitecture: arm64\nFilename: pool/a.deb\n"
		 "Size: 10\nMD5sum: 900150983cd24fb0d6963f7d28e17f72\n",
			"has no SHA256"},
		{"Package: a\nVersion: 1\nArchitecture: arm64\nFilename: pool/../../x\n"
		 "Size: 10\nSHA256: " SHA "\n",
			"leads elsewhere"},
		{"Package: a\nVersion: 1\nArchitecture: arm64\nFilename: /etc/passwd\n"
		 "Size: 10\nSHA256: " SHA "\n",
			"leads elsewhere"},
		{"Package: a\nVersion: 1\nArchitecture: arm64\nFilename: pool/a.deb\n"
		 "SHA256: " SHA "\n",
			"has no size"},
		{"Package: a\nVersion: 1\nArchitecture: arm64\nFilename: pool/a.deb\n"
		 "Size: 10\nSHA256: 123\n",
			"has no SHA256"},
		{"Package: a\nVersion: 1\nArchitecture: arm64\nSize: 10\nSHA256: " SHA
		 "\n",
			"has no file name"},
		{"", "X06"},
		{"\n\n\n", "lists no packages"},
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = closure(rows[i].index, "a", "none");
		if (!strstr(got, rows[i].says))
			g_error("want '%s' in %s", rows[i].says, got);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/debian/paragraphs", paragraphs);
	g_test_add_func("/debian/bad-paragraphs", bad_paragraphs);
	g_test_add_func("/debian/release", release);
	g_test_add_func("/debian/bad-release", bad_release);
	g_test_add_func("/debian/dates", dates);
	g_test_add_func("/debian/clearsigned", clearsigned);
	g_test_add_func("/debian/H10-clearsigned", bad_clearsigned);
	g_test_add_func("/debian/versions", versions);
	g_test_add_func("/debian/closures", closures);
	g_test_add_func("/debian/chain", chain);
	g_test_add_func("/debian/H13-bad-entries", bad_entries);
	return g_test_run();
}
