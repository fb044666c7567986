#include "build/python_config.h"
#include "build/python_sysconfig.h"
#include <string.h>

static const char header[] = "/* pyconfig.h */\n"
			     "#ifndef Py_PYCONFIG_H\n"
			     "#define SIZEOF_LONG 8\n"
			     "#define ALIGNOF_LONG 8\n"
			     "#define SIZEOF_OFF_T 8\n"
			     "/* #undef SIZEOF_WEIRD */\n"
			     "#define HAVE_GCC_UINT128_T 1\n"
			     "#define HAVE___UINT128_T 1\n"
			     "#define HAVE_GCC_ASM_FOR_X64 1\n"
			     "#define HAVE_GCC_ASM_FOR_X87 1\n"
			     "#define PY_HAVE_PERF_TRAMPOLINE 1\n"
			     "/* #undef HAVE_USABLE_WCHAR_T */\n"
			     "/* #undef HAVE_LARGEFILE_SUPPORT */\n"
			     "#define Py_ENABLE_SHARED 1\n"
			     "#define PY_SUPPORT_TIER 1\n"
			     "#define HAVE_FORK 1\n"
			     "#endif\n";

static pyconfig_facts facts(guint word, gboolean int128, gboolean wchar_unsigned)
{
	pyconfig_facts f = {.int128 = int128, .wchar_unsigned = wchar_unsigned};

	f.sizes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_hash_table_insert(f.sizes, g_strdup("SIZEOF_LONG"), GUINT_TO_POINTER(word));
	g_hash_table_insert(f.sizes, g_strdup("ALIGNOF_LONG"), GUINT_TO_POINTER(word));
	g_hash_table_insert(f.sizes, g_strdup("SIZEOF_OFF_T"), GUINT_TO_POINTER(8));
	return f;
}

static void rewrite(void)
{
	static const struct {
		const char *platform;
		guint word;
		gboolean int128, wchar_unsigned;
		const char *lines[14]; /* all must be there */
	} table[] = {
		{"armv7", 4, FALSE, TRUE,
			{"#define SIZEOF_LONG 4\n", "#define ALIGNOF_LONG 4\n",
				"/* #undef SIZEOF_WEIRD */\n",
				"/* #undef HAVE_GCC_UINT128_T */\n",
				"/* #undef HAVE___UINT128_T */\n",
				"/* #undef HAVE_GCC_ASM_FOR_X64 */\n",
				"/* #undef HAVE_GCC_ASM_FOR_X87 */\n",
				"/* #undef PY_HAVE_PERF_TRAMPOLINE */\n",
				"#define HAVE_USABLE_WCHAR_T 1\n",
				"#define HAVE_LARGEFILE_SUPPORT 1\n",
				"/* #undef Py_ENABLE_SHARED */\n",
				"#define PY_SUPPORT_TIER 3\n", "#define HAVE_FORK 1\n"}},
		{"aarch64", 8, TRUE, TRUE,
			{"#define SIZEOF_LONG 8\n", "#define HAVE_GCC_UINT128_T 1\n",
				"#define HAVE___UINT128_T 1\n",
				"/* #undef HAVE_GCC_ASM_FOR_X64 */\n",
				"#define PY_HAVE_PERF_TRAMPOLINE 1\n",
				"#define HAVE_USABLE_WCHAR_T 1\n",
				"/* #undef HAVE_LARGEFILE_SUPPORT */\n",
				"#define PY_SUPPORT_TIER 2\n"}},
		{"x86_64", 8, TRUE, FALSE,
			{"#define HAVE_GCC_ASM_FOR_X64 1\n",
				"#define HAVE_GCC_ASM_FOR_X87 1\n",
				"/* #undef HAVE_USABLE_WCHAR_T */\n",
				"/* #undef Py_ENABLE_SHARED */\n",
				"#define PY_SUPPORT_TIER 1\n"}},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_auto(pyconfig_facts) f =
			facts(table[i].word, table[i].int128, table[i].wchar_unsigned);
		g_autofree char *got = pyconfig_rewrite(
			header, &f, platform_by_name(table[i].platform), NULL);
		for (const char *const *line = table[i].lines; *line; line++) {
			g_test_message("%s %s", table[i].platform, *line);
			g_assert_nonnull(strstr(got, *line));
		}
	}
}

static void names(void)
{
	static const struct {
		const char *line, *name;
		gboolean defined;
	} table[] = {{"#define A_b1 2", "A_b1", TRUE}, {"/* #undef X */", "X", FALSE},
		{"# define A 1", NULL, FALSE}, {"#define ", NULL, TRUE},
		{"/* #undefX */", NULL, FALSE}, {"", NULL, FALSE}};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		gboolean defined = FALSE;
		g_autofree char *name = pyconfig_line_name(table[i].line, &defined);
		g_assert_cmpstr(name, ==, table[i].name);
		if (name)
			g_assert_cmpint(defined, ==, table[i].defined);
	}
}

/* X06: nothing of the build machine's flags, folders or names is left. */
static void sysconfig(void)
{
	static const char vars[] =
		"{\"CC\":\"gcc\",\"CFLAGS\":\"-O3 -march=native\",\"EXT_SUFFIX\":"
		"\".cpython-311-x86_64-linux-gnu.so\",\"LIBDIR\":\"/opt/py/lib\","
		"\"LDFLAGS\":\"-Wl,-rpath,/opt/py/"
		"lib\",\"SIZEOF_LONG\":8,\"HAVE_FORK\":1,"
		"\"MULTIARCH\":\"x86_64-linux-gnu\",\"prefix\":\"/opt/"
		"py\",\"ODD\":\"q\\\"\"}";
	g_autoptr(GHashTable) changed = g_hash_table_new(g_str_hash, g_str_equal);
	host_python p = {.minor = 11, .abiflags = (char *)""};
	python_target t = {.soabi = (char *)"cpython-311-arm-linux-gnueabihf",
		.include = (char *)"include/python3.11"};
	python_target_spec spec = {.python = &p, .platform = platform_by_name("armv7")};
	g_autoptr(GError) err = NULL;

	g_hash_table_insert(changed, (char *)"SIZEOF_LONG", (char *)"4");
	g_autofree char *text = python_sysconfig_module(vars, changed, &spec, &t, &err);
	g_assert_no_error(err);
	g_assert_true(g_str_has_prefix(text, "build_time_vars = {\n"));
	static const char *const there[] = {"\"SIZEOF_LONG\": 4,", "\"HAVE_FORK\": 1,",
		"\"CC\": \"cc\",", "\"CFLAGS\": \"\",", "\"LIBDIR\": \"\",",
		"\"ODD\": \"\",",
		"\"EXT_SUFFIX\": \".cpython-311-arm-linux-gnueabihf.so\",",
		"\"INCLUDEPY\": \"/xorch/python/include/python3.11\",",
		"\"MULTIARCH\": \"arm-linux-gnueabihf\",", "\"VERSION\": \"3.11\","};
	for (guint i = 0; i < G_N_ELEMENTS(there); i++) {
		g_test_message("%s", there[i]);
		g_assert_nonnull(strstr(text, there[i]));
	}
	static const char *const gone[] = {
		"/opt/py", "native", "rpath", "x86_64-linux-gnu.so"};
	for (guint i = 0; i < G_N_ELEMENTS(gone); i++)
		g_assert_null(strstr(text, gone[i]));
	g_assert_null(python_sysconfig_module("[1", changed, &spec, &t, &err));
	g_assert_nonnull(err);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/python-target/rewrite", rewrite);
	g_test_add_func("/python-target/names", names);
	g_test_add_func("/python-target/X06-sysconfig", sysconfig);
	return g_test_run();
}
