#include "format/pep508.h"
#include "base/error.h"
#include <string.h>

/* What is expected was answered by the `packaging` library, version 26.3. */

static const pep508_environment armv7 = {
	.python_version = "3.11",
	.python_full_version = "3.11.7",
	.implementation_version = "3.11.7",
	.implementation_name = "cpython",
	.platform_python_implementation = "CPython",
	.os_name = "posix",
	.sys_platform = "linux",
	.platform_system = "Linux",
	.platform_machine = "armv7l",
	.platform_release = "5.10.0",
	.platform_version = "#1",
	.extra = "",
};

static void markers(void)
{
	static const struct {
		const char *marker;
		gboolean holds;
	} table[] = {
		{"python_version < \"3.12\"", TRUE},
		{"python_version < \"3.9\"", FALSE},
		{"python_version >= \"3.10\" and platform_machine == \"armv7l\"", TRUE},
		{"platform_machine == \"x86_64\" or sys_platform == \"win32\"", FALSE},
		{"'linux' in sys_platform", TRUE},
		{"sys_platform not in 'win32,darwin'", TRUE},
		{"python_version not in '2.7, 3.5'", TRUE},
		{"(python_version == '3.11' and (os_name == 'nt' or os_name == 'posix'))",
			TRUE},
		{"python_version == '3.11.*'", TRUE},
		{"python_full_version ~= '3.11.2'", TRUE},
		{"python_version ~= '3.8'", TRUE},
		{"implementation_name == 'cpython' and python_version < '3.9' or "
		 "platform_system == 'Linux'",
			TRUE},
		{"platform_release >= '4.19'", TRUE},
		{"platform_machine >= 'armv6'", FALSE},
		{"extra == 'Foo_Bar'", FALSE},
		{"os.name == 'posix'", TRUE},
		{"python_implementation != 'PyPy'", TRUE},
		{"'3.11' == python_version", TRUE},
		{"python_version > '3.2' and python_version < '3.11.0a1'", FALSE},
		{"platform_python_implementation == \"CPython\"", TRUE},
		{"sys_platform == \"linux\" and sys_platform != \"linux2\"", TRUE},
		{"platform_version == '#1'", TRUE},
		{"python_version in '3.10 3.11'", TRUE},
		{"platform_machine <= 'armv7l'", TRUE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) err = NULL;
		gboolean holds = !table[i].holds;
		g_test_message("%s", table[i].marker);
		pep508_marker_evaluate(table[i].marker, &armv7, &holds, &err);
		g_assert_no_error(err);
		g_assert_cmpint(holds, ==, table[i].holds);
	}
}

static void bad_markers(void)
{
	static const char *const bad[] = {"", "python_version", "python_version <",
		"foo == \"1\"", "python_version == \"3", "(python_version == \"3\"",
		"python_version == \"3\" or", "python_version = \"3\"",
		"python_version == 3", "\"a\" == \"a\" extra",
		"not python_version == \"3\"", "python_version not \"3\""};

	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) err = NULL;
		gboolean holds;
		g_test_message("%s", bad[i]);
		g_assert_false(pep508_marker_evaluate(bad[i], &armv7, &holds, &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
	}
	g_autoptr(GError) err = NULL;
	gboolean holds;
	g_autofree char *deep = g_strnfill(100000, '(');
	g_assert_false(pep508_marker_evaluate(deep, &armv7, &holds, &err));
}

static void requirements(void)
{
	static const struct {
		const char *text, *written, *normalised, *marker;
	} table[] = {
		{"setuptools >= 43", "setuptools>=43", "setuptools", NULL},
		{"Cython>=3.1,<4", "Cython>=3.1,<4", "cython", NULL},
		{"Foo.Bar__baz", "Foo.Bar__baz", "foo-bar-baz", NULL},
		{"a [ X_y , b ] ( >=1 , <2 ) ; extra == 'z'", "a[b,x-y]>=1,<2", "a",
			"extra == 'z'"},
		{"a @ https://e.example/a.whl ; os_name == 'posix'",
			"a @ https://e.example/a.whl", "a", "os_name == 'posix'"},
		{"a@https://e.example/a;b.whl", "a @ https://e.example/a;b.whl", "a",
			NULL},
		{"name[]", "name", "name", NULL},
		{"numpy~=2.0;python_version>='3.9'", "numpy~=2.0", "numpy",
			"python_version>='3.9'"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) err = NULL;
		g_autoptr(pep508_requirement) r = pep508_parse(table[i].text, &err);
		g_assert_no_error(err);
		g_autofree char *text = pep508_text(r);
		g_assert_cmpstr(text, ==, table[i].written);
		g_assert_cmpstr(r->normalised, ==, table[i].normalised);
		g_assert_cmpstr(r->marker, ==, table[i].marker);
	}
}

static void bad_requirements(void)
{
	static const struct {
		const char *text, *says;
	} table[] = {
		{"", "a name"},
		{">=3", "a name"},
		{"-a", "a name"},
		{"a-", "a name"},
		{"a b", "a version specifier"},
		{"a >= ", ">="},
		{"a==1.*.*", "==1.*.*"},
		{"a[b", "`]`"},
		{"a[b c]", "`]`"},
		{"a @", "a URL"},
		{"a (>=1", "`)`"},
		{"a; python", "variable"},
		{"a ;", "variable"},
		{"a>=1 b", ">=1 b"},
		{"a\x1b[31m", "\\x1b"},
		{"./local", "a name"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) err = NULL;
		g_test_message("%s", table[i].text);
		g_assert_null(pep508_parse(table[i].text, &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
		g_assert_nonnull(strstr(err->message, table[i].says));
	}
}

static void applies(void)
{
	g_autoptr(pep508_requirement) yes =
		pep508_parse("a; platform_machine == 'armv7l'", NULL);
	g_autoptr(pep508_requirement) no =
		pep508_parse("a; platform_machine == 'x86_64'", NULL);
	g_autoptr(pep508_requirement) always = pep508_parse("a", NULL);

	g_assert_true(pep508_applies(yes, &armv7));
	g_assert_false(pep508_applies(no, &armv7));
	g_assert_true(pep508_applies(always, &armv7));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/pep508/markers", markers);
	g_test_add_func("/pep508/bad-markers", bad_markers);
	g_test_add_func("/pep508/requirements", requirements);
	g_test_add_func("/pep508/bad-requirements", bad_requirements);
	g_test_add_func("/pep508/applies", applies);
	return g_test_run();
}
