#include "format/pep440.h"
#include "base/error.h"
#include <string.h>

/* What is expected was answered by the `packaging` library, version 26.3. */

/* In ascending order. */
static const char *const ascending[] = {"1.0.dev1", "1.0a1.dev2", "1.0a1", "1.0a2",
	"1.0b1", "1.0rc1", "1.0", "1.0+abc", "1.0+abc.1", "1.0+5", "1.0+10",
	"1.0.post1.dev1", "1.0.post1", "1.0.1", "1.1.dev0", "1.1", "1.10", "2.0",
	"2024.1", "1!0.1"};

static void order(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(ascending); i++)
		for (guint j = 0; j < G_N_ELEMENTS(ascending); j++) {
			g_autoptr(pep440_version) a = pep440_version_parse(ascending[i]);
			g_autoptr(pep440_version) b = pep440_version_parse(ascending[j]);
			int c = pep440_version_compare(a, b);
			g_assert_cmpint((c > 0) - (c < 0), ==, (i > j) - (i < j));
		}
}

static void spellings(void)
{
	static const char *const equal[][2] = {{"v1.0", "1.0"}, {"1.0.0", "1"},
		{"01.0", "1.0"}, {"1.0-1", "1.0.post1"}, {"1.0r1", "1.0.post1"},
		{"1.0_rev.1", "1.0.post1"}, {"1.0c1", "1.0rc1"},
		{"1.0.preview1", "1.0rc1"}, {"1.0-RC.1", "1.0rc1"},
		{"1.0.alpha", "1.0a0"}, {"1.0dev", "1.0.dev0"}, {"1.0+ABC", "1.0+abc"},
		{"1.0+a-b_c", "1.0+a.b.c"}, {" 1.0 ", "1.0"}, {"1.0.post", "1.0.post0"},
		{"1.0-1.dev3", "1.0.post1.dev3"}, {"not.a.version", "not.a.version"}};
	static const char *const bad[] = {"", "1.", "a", "1..0", "1.0+", "1.0+a+b",
		"1.0--1", "1.0.x", "-1", "1.0 1", "1!", "v", "1.0-", "1.0a1b2",
		"1.0+\xc3\xa9", "1.0dev1post1", "1.0.post1.2", "99999999999999999999"};

	for (guint i = 0; i < G_N_ELEMENTS(equal); i++)
		g_assert_true(pep440_equal(equal[i][0], equal[i][1]));
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++)
		g_assert_null(pep440_version_parse(bad[i]));
	g_assert_false(pep440_equal("1.0", "1.0.post0"));
}

static void specifiers(void)
{
	/* One digit for each version of `ascending`. */
	static const char *const table[][2] = {
		{">=1.0", "00000011111111111111"},
		{"<=1.0", "11111111111000000000"},
		{">1.0", "00000000000001111111"},
		{"<1.0", "00000000000000000000"},
		{"==1.0", "00000011111000000000"},
		{"!=1.0", "11111100000111111111"},
		{"==1.0.*", "11111111111111000000"},
		{"!=1.0.*", "00000000000000111111"},
		{"~=1.0", "00000011111111111000"},
		{"~=1.0.0", "00000011111111000000"},
		{"==1.*", "11111111111111111000"},
		{"==1.0+abc", "00000001000000000000"},
		{"!=1.0+abc", "11111110111111111111"},
		{"===1.0", "00000010000000000000"},
		{"===1.0+ABC", "00000001000000000000"},
		{">=1.0rc1", "00000111111111111111"},
		{"<1.0rc2", "11111100000000000000"},
		{">1.0.post1", "00000000000001111111"},
		{"<1.0.post1", "11111111111000000000"},
		{">1.0a1", "00011111111111111111"},
		{"<1.1.dev1", "11111111111111100000"},
		{">=1.0,<2", "00000011111111111000"},
		{">=1!0", "00000000000000000001"},
		{"~=1.0a1", "00111111111111111000"},
		{"==1.0.0.0", "00000011111000000000"},
		{"!=1.0.1,>=1.0", "00000011111110111111"},
		{"~=1.0.post1", "00000000000011111000"},
		{"<1!0", "11111111111111111110"},
		{"", "11111111111111111111"},
		{"==1.0.post1", "00000000000010000000"},
		{"<=1.0.dev1", "10000000000000000000"},
		{">= 1.0 , < 1.1", "00000011111111000000"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) err = NULL;
		g_autoptr(pep440_specifiers) s =
			pep440_specifiers_parse(table[i][0], &err);
		g_assert_no_error(err);
		g_autofree char *got = g_strnfill(G_N_ELEMENTS(ascending), '0');
		for (guint v = 0; v < G_N_ELEMENTS(ascending); v++)
			if (pep440_specifiers_match(s, ascending[v]))
				got[v] = '1';
		g_test_message("%s", table[i][0]);
		g_assert_cmpstr(got, ==, table[i][1]);
	}
}

static void bad_specifiers(void)
{
	static const char *const bad[] = {"1.0", "=1.0", "=>1", "~=1", "~=1.*", ">=1.*",
		"<1.0+x", "==1.0a1.*", "==1.0.dev1.*", "==", "== 1.0 2", "=== a b",
		">=1.0;x", "!=1.0.*.*", "==1.0.*+x", "==1.0.post1.*", "==="};

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) err = NULL;
		g_test_message("%s", bad[i]);
		g_assert_null(pep440_specifiers_parse(bad[i], &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
		g_assert_nonnull(strstr(err->message, "X0241"));
	}
}

static void requires_python(void)
{
	g_assert_true(pep440_python_matches(NULL, "3.9.18"));
	g_assert_true(pep440_python_matches(">=3.9", "3.9.18"));
	g_assert_false(pep440_python_matches(">=3.11", "3.10.13"));
	g_assert_true(pep440_python_matches(">=3.8,<4.0,!=3.10.*", "3.11.7"));
	g_assert_false(pep440_python_matches(">=3.8,<4.0,!=3.10.*", "3.10.13"));
	g_assert_true(pep440_python_matches(">=3.9.*", "3.8.0")); /* unreadable */
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pep440/order", order);
	g_test_add_func("/pep440/spellings", spellings);
	g_test_add_func("/pep440/specifiers", specifiers);
	g_test_add_func("/pep440/bad-specifiers", bad_specifiers);
	g_test_add_func("/pep440/requires-python", requires_python);
	return g_test_run();
}
