#include "build/python_symbols.h"

/* Whatever CPython is on PATH; a machine without any has nothing to ask. */
static void this_python(void)
{
	g_autofree char *out = NULL;
	g_auto(GStrv) part = NULL;
	const char *argv[] = {"python3", "-c",
		"import sys, os, sysconfig; print(os.path.realpath(sys.executable)); "
		"print(sys.base_prefix); print(sysconfig.get_config_var('MULTIARCH') or "
		"'')",
		NULL};

	if (!g_spawn_sync(NULL, (char **)(guintptr)argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
		    NULL, &out, NULL, NULL, NULL)) {
		g_test_skip("no python3");
		return;
	}
	part = g_strsplit(out, "\n", -1);
	host_python p = {.executable = part[0],
		.base_prefix = part[1],
		.multiarch = *part[2] ? part[2] : NULL};
	g_autoptr(GHashTable) names = host_python_symbols(&p);
	g_assert_nonnull(names);
	g_assert_true(g_hash_table_contains(names, "PyLong_FromLong"));
	g_assert_true(g_hash_table_contains(names, "_Py_NoneStruct"));
	g_assert_true(g_hash_table_contains(names, "_Py_Dealloc"));
	g_assert_false(g_hash_table_contains(names, "PyNoSuch_Function"));
}

static void no_python(void)
{
	host_python p = {.executable = (char *)(guintptr) "/bin/true",
		.base_prefix = (char *)(guintptr) "/usr"};

	g_assert_null(host_python_symbols(&p));
	p.executable = (char *)(guintptr) "/no/such/file";
	g_assert_null(host_python_symbols(&p));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/python-symbols/this", this_python);
	g_test_add_func("/python-symbols/none", no_python);
	return g_test_run();
}
