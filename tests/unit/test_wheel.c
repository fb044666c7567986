#include "format/wheel.h"
#include "base/error.h"
#include "format/project_name.h"
#include <string.h>

static void names(void)
{
	static const struct {
		const char *file, *again;
	} good[] = {
		{"cwcwidth-0.1.12-cp311-cp311-manylinux_2_17_aarch64.manylinux2014_"
		 "aarch64.whl",
			"cwcwidth-0.1.12-cp311-cp311-manylinux2014_aarch64.manylinux_2_"
			"17_aarch64.whl"},
		{"a_b-1.0-2x-py3-none-any.whl", "a_b-1.0-2x-py3-none-any.whl"},
		{"a-1!2.0+local.1-py2.py3-none-any.whl",
			"a-1!2.0+local.1-py2.py3-none-any.whl"},
		{"x-1-cp39-abi3-linux_armv7l.linux_armv7l.whl",
			"x-1-cp39-abi3-linux_armv7l.whl"},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autoptr(GError) err = NULL;
		g_autoptr(wheel_name) n = wheel_name_parse(good[i].file, &err);
		g_assert_no_error(err);
		g_autofree char *again = wheel_name_format(n);
		g_assert_cmpstr(again, ==, good[i].again);
	}
	g_autoptr(wheel_name) n = wheel_name_parse(good[0].file, NULL);
	g_autoptr(GPtrArray) tags = wheel_name_tags(n);
	g_assert_cmpuint(tags->len, ==, 2);
	g_assert_cmpstr(
		g_ptr_array_index(tags, 0), ==, "cp311-cp311-manylinux2014_aarch64");
}

static void bad_names(void)
{
	g_autofree char *long_name = g_strnfill(260, 'a');
	g_autofree char *too_long = g_strconcat(long_name, "-1-py3-none-any.whl", NULL);
	const char *const bad[] = {"a-1-py3-none-any.zip", "a-1-py3-none.whl",
		"a/b-1-py3-none-any.whl", "../a-1-py3-none-any.whl",
		"a-1\n-py3-none-any.whl", "a-..-py3-none-any.whl",
		"a-1-x-py3-none-any.whl", "a-1-py3..py2-none-any.whl",
		"a--py3-none-any.whl", "a-1-2-3-py3-none-any.whl", ".whl", too_long,
		"a-1-py3-none-any$(x).whl"};

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) err = NULL;
		g_assert_null(wheel_name_parse(bad[i], &err));
		g_assert_error(err, XORCH_ERROR, EXIT_AUDIT);
		g_assert_null(strchr(err->message, '\n'));
	}
}

static void versions(void)
{
	static const struct {
		const char *a, *b;
		gboolean equal;
	} cases[] = {
		{"1.0", "1", TRUE},
		{"1.0.0", "1.0", TRUE},
		{"1.0a1", "1.0alpha1", TRUE},
		{"1.0-alpha.1", "1.0a1", TRUE},
		{"1.0rc1", "1.0c1", TRUE},
		{"v1.0", "1.0", TRUE},
		{"1.0.post1", "1.0-r1", TRUE},
		{"1.0.DEV3", "1.0dev03", TRUE},
		{"1.0a", "1a0", TRUE},
		{"1.0+ubuntu-1", "1.0+ubuntu.1", TRUE},
		{"1!1.0", "1!1", TRUE},
		{"1.0", "1.0.1", FALSE},
		{"1.10", "1.1", FALSE},
		{"1.0a1", "1.0b1", FALSE},
		{"1.0+a", "1.0", FALSE},
		{"1!1.0", "1.0", FALSE},
		{"0.1.12", "0.1.1.2", FALSE},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		if (wheel_version_equal(cases[i].a, cases[i].b) != cases[i].equal)
			g_error("%s and %s", cases[i].a, cases[i].b);
}

static void normalizing(void)
{
	g_autofree char *a = project_name_normalize("Foo.Bar__baz-x");
	g_autofree char *b = project_name_escape("Foo.Bar--baz");

	g_assert_cmpstr(a, ==, "foo-bar-baz-x");
	g_assert_cmpstr(b, ==, "foo_bar_baz");
}

static void fields(void)
{
	const char *text =
		"Metadata-Version: 2.1\r\nName: a\nSummary: one\n  two\n\nName: body\n";
	g_autoptr(GPtrArray) list = wheel_fields_parse(text, strlen(text));

	g_assert_cmpuint(list->len, ==, 3);
	g_assert_cmpstr(wheel_header(list, "name"), ==, "a");
	g_assert_cmpstr(wheel_header(list, "Summary"), ==, "one\ntwo");
	g_assert_null(wheel_header(list, "Version"));
}

static void records(void)
{
	const char *text = "a.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\r\n"
			   "\"b,\"\"c\"\".py\",,\n\nx-1.dist-info/RECORD,,";
	g_autoptr(GError) err = NULL;
	g_autoptr(GPtrArray) list = wheel_record_parse(text, strlen(text), &err);
	static const guint8 digest[32] = {0};

	g_assert_no_error(err);
	g_assert_cmpuint(list->len, ==, 3);
	const wheel_record *a = g_ptr_array_index(list, 0),
			   *b = g_ptr_array_index(list, 1);
	g_assert_cmpstr(a->algorithm, ==, "sha256");
	g_assert_cmpint(a->size, ==, 0);
	g_assert_cmpstr(b->path, ==, "b,\"c\".py");
	g_assert_cmpint(b->size, ==, -1);
	g_assert_null(b->digest);

	g_autoptr(GString) out = g_string_new(NULL);
	wheel_record_append(out, "b,\"c\".py", digest, 7);
	g_assert_cmpstr(out->str, ==,
		"\"b,\"\"c\"\".py\",sha256=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA,"
		"7\n");
	g_autoptr(GPtrArray) again = wheel_record_parse(out->str, out->len, &err);
	g_assert_no_error(err);
	g_assert_cmpuint(again->len, ==, 1);
}

static void bad_records(void)
{
	static const char *const bad[] = {"a,sha256,1\n", "a,sha256=x,one\n", "\"a,,\n",
		",sha256=x,1\n", "a,sha256=x,1,2\n", "a,=x,1\n", "a,sha256=,1\n"};

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) err = NULL;
		g_assert_null(wheel_record_parse(bad[i], strlen(bad[i]), &err));
		g_assert_error(err, XORCH_ERROR, EXIT_AUDIT);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wheel/names", names);
	g_test_add_func("/wheel/W03-bad-names", bad_names);
	g_test_add_func("/wheel/versions", versions);
	g_test_add_func("/wheel/normalizing", normalizing);
	g_test_add_func("/wheel/fields", fields);
	g_test_add_func("/wheel/records", records);
	g_test_add_func("/wheel/W14-bad-records", bad_records);
	return g_test_run();
}
