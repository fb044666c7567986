#include "ship/abi3_data.h"
#include "ship/audit_names.h"
#include <string.h>

static void libc(void)
{
	static const char *const yes[] = {"exp", "expf", "expl", "sin", "atan2f",
		"memcpy", "malloc", "write", "wcscmp", "abort", "pthread_create", "trunc",
		"acos"};
	static const char *const no[] = {"f", "l", "", "my_exp", "expx", "npy_exp",
		"floorll", "exp_", "memcpyf", "PyInit_exp",
		"a_very_long_name_that_ends_in_f"};

	for (gsize i = 0; i < G_N_ELEMENTS(yes); i++)
		if (!audit_name_is_libc(yes[i]))
			g_error("%s", yes[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(no); i++)
		if (audit_name_is_libc(no[i]))
			g_error("%s", no[i]);
}

static void libstdcxx(void)
{
	static const char *const yes[] = {"__cxa_throw", "__gxx_personality_v0",
		"_ZNSt6locale5facetD1Ev", "_ZSt9terminatev", "_ZTISt9exception",
		"_ZTVSt13runtime_error", "_ZNSt8ios_base4InitC1Ev"};
	/* A template may be instantiated or specialised by the module itself. */
	static const char *const no[] = {"_ZN3foo3barEv",
		"_ZNKSt5ctypeIcE8do_widenEPKcS2_Pc", "_ZNSt6vectorIiSaIiEE9push_backEOi",
		"_ZNKSt4hashI3FooEclES0_", "_ZStlsISt11char_traitsIcEERSt13basic_ostream",
		"_ZSt4swapI3FooEvRT_S2_", "main", "_Z1fv", "_ZNSt", "_ZNSt99x",
		"_ZTI3foo", ""};

	for (gsize i = 0; i < G_N_ELEMENTS(yes); i++)
		if (!audit_name_is_libstdcxx(yes[i]))
			g_error("%s", yes[i]);
	for (gsize i = 0; i < G_N_ELEMENTS(no); i++)
		if (audit_name_is_libstdcxx(no[i]))
			g_error("%s", no[i]);
}

static void stable_abi(void)
{
	for (unsigned i = 1; i < abi3_count; i++)
		g_assert_cmpstr(abi3_names[i - 1].name, <, abi3_names[i].name);
	g_assert_cmpuint(abi3_count, >, 800);
	g_assert_cmpuint(audit_abi3_since("PyLong_FromLong"), ==, AUDIT_ABI3_OLDEST);
	g_assert_cmpuint(audit_abi3_since("_Py_NoneStruct"), ==, AUDIT_ABI3_OLDEST);
	g_assert_cmpuint(audit_abi3_since("PyType_FromModuleAndSpec"), ==, 9);
	g_assert_cmpuint(audit_abi3_since("PyBuffer_Release"), ==, 11);
	g_assert_cmpuint(audit_abi3_since("PyObject_Vectorcall"), ==, 12);
	g_assert_cmpuint(audit_abi3_since("PyList_GetItemRef"), ==, 13);
	g_assert_cmpuint(audit_abi3_since("PyFrame_GetBack"), ==, 0);
	g_assert_cmpuint(audit_abi3_since("PyUnicode_AsUTF8AndSize"), ==, 10);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/audit-names/libc", libc);
	g_test_add_func("/audit-names/libstdcxx", libstdcxx);
	g_test_add_func("/audit-names/stable-abi", stable_abi);
	return g_test_run();
}
