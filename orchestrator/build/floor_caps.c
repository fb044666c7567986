#include "build/floor_caps.h"
#include "build/floor_symbols.h"
#include <string.h>

/* The highest versions by floor (from this minor on), from the manylinux
 * policies. */
static const struct {
	int minor;
	const char *glibcxx, *cxxabi, *gcc, *gcc_x86, *libatomic, *zlib;
} rows[] = {
	{5, "GLIBCXX_3.4.8", "CXXABI_1.3.1", "GCC_4.2.0", "GCC_4.2.0", NULL, NULL},
	{12, "GLIBCXX_3.4.13", "CXXABI_1.3.3", "GCC_4.3.0", "GCC_4.3.0", NULL,
		"ZLIB_1.2.2.4"},
	{17, "GLIBCXX_3.4.19", "CXXABI_1.3.7", "GCC_4.7.0", "GCC_4.8.0", "LIBATOMIC_1.0",
		"ZLIB_1.2.5.2"},
	{24, "GLIBCXX_3.4.22", "CXXABI_1.3.10", "GCC_4.7.0", "GCC_4.8.0", "LIBATOMIC_1.2",
		"ZLIB_1.2.5.2"},
	{27, "GLIBCXX_3.4.24", "CXXABI_1.3.11", "GCC_7.0.0", "GCC_7.0.0", "LIBATOMIC_1.2",
		"ZLIB_1.2.9"},
	{31, "GLIBCXX_3.4.28", "CXXABI_1.3.12", "GCC_7.0.0", "GCC_7.0.0", "LIBATOMIC_1.2",
		"ZLIB_1.2.9"},
};

gboolean floor_caps_allow(
	const char *library, const char *name, const char *version, const void *data)
{
	const floor_caps *caps = data;
	const char *cap = NULL;
	char glibc[32];
	gsize row = 0;

	(void)library;
	if (caps->minor <= 17 && g_str_equal(name, "__cxa_thread_atexit_impl"))
		return FALSE;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		if (rows[i].minor <= caps->minor)
			row = i;
	g_snprintf(glibc, sizeof glibc, "GLIBC_2.%d", caps->minor);
	if (g_str_has_prefix(version, "GLIBC_"))
		cap = glibc;
	else if (g_str_equal(version, "CXXABI_TM_1") ||
		 g_str_equal(version, "CXXABI_ARM_1.3.3"))
		return caps->minor >= 17;
	else if (g_str_has_prefix(version, "GLIBCXX_"))
		cap = rows[row].glibcxx;
	else if (g_str_has_prefix(version, "CXXABI_"))
		cap = rows[row].cxxabi;
	else if (g_str_has_prefix(version, "GCC_"))
		cap = caps->platform->elf_machine == EM_X86_64 ? rows[row].gcc_x86
							       : rows[row].gcc;
	else if (g_str_has_prefix(version, "LIBATOMIC_"))
		cap = rows[row].libatomic;
	else if (g_str_has_prefix(version, "ZLIB_"))
		cap = rows[row].zlib;
	return cap && floor_version_compare(version, cap) <= 0;
}
