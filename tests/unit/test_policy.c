#include "plan/policy.h"
#include <string.h>

static void indices(void)
{
	const policy_family *f = &policy_manylinux;
	int i217 = policy_index(f, "manylinux_2_17", FALSE);

	g_assert_cmpint(i217, >=, 0);
	g_assert_cmpint(policy_index(f, "2_17", FALSE), ==, i217);
	g_assert_cmpint(policy_index(f, "manylinux2014", FALSE), ==, i217);
	g_assert_cmpint(policy_index(f, "manylinux2014_armv7l", FALSE), ==, i217);
	g_assert_cmpint(policy_index(f, "2_18", FALSE), ==, -1);
	g_assert_cmpint(policy_index(f, "2_18", TRUE), ==, i217);
	g_assert_cmpint(policy_index(f, "manylinux_2_23", TRUE), ==, i217);
	g_assert_cmpint(policy_index(f, "2_4", TRUE), ==, -1);
	g_assert_cmpint(policy_index(f, "nonsense", TRUE), ==, -1);
}

static int allowed(const char *arch, const char *version)
{
	return policy_version(policy_arch_find(&policy_manylinux, arch), version);
}

static void membership(void)
{
	const policy_family *f = &policy_manylinux;
	static const struct {
		const char *arch, *version, *policy; /* NULL: none */
	} cases[] = {
		{"aarch64", "GLIBC_2.17", "2_17"},
		{"aarch64", "GLIBC_2.18", "2_17"}, /* a known oddity of that policy */
		{"armv7l", "GLIBC_2.18", "2_24"},
		{"armv7l", "GLIBC_2.4", "2_17"},
		{"aarch64", "GLIBC_2.4", NULL}, /* a version aarch64 never had */
		{"aarch64", "GLIBC_2.28", "2_28"},
		{"x86_64", "GLIBC_2.2.5", "2_5"},
		{"x86_64", "GLIBC_PRIVATE", NULL},
		{"aarch64", "GLIBCXX_3.4.19", "2_17"},
		{"aarch64", "GLIBCXX_3.4.20", "2_24"},
		{"armv7l", "CXXABI_ARM_1.3.3", "2_17"},
		{"aarch64", "GLIBC_ABI_DT_RELR", "2_36"},
		{"aarch64", "GLIBC_2.99", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		int want = cases[i].policy ? policy_index(f, cases[i].policy, FALSE)
					   : POLICY_NONE;
		if (allowed(cases[i].arch, cases[i].version) != want)
			g_error("%s %s", cases[i].arch, cases[i].version);
	}
	g_assert_cmpint(allowed("aarch64", "LIBXML2_2.4.30"), ==, 0);
	g_assert_cmpint(allowed("aarch64", "noversion"), ==, 0);
}

/* bsearch needs what the generator promises. */
static void sorted(void)
{
	const policy_family *families[] = {&policy_manylinux, &policy_musllinux};

	for (gsize k = 0; k < G_N_ELEMENTS(families); k++) {
		const policy_family *f = families[k];
		for (int a = 0; a < f->n_arches; a++)
			for (int i = 1; i < f->arches[a].n_versions; i++)
				g_assert_cmpstr(f->arches[a].versions[i - 1].name, <,
					f->arches[a].versions[i].name);
		for (int i = 1; i < f->n_libraries; i++)
			g_assert_cmpstr(
				f->libraries[i - 1].name, <, f->libraries[i].name);
		for (int i = 1; i < f->n_privates; i++) {
			int c = strcmp(
				f->privates[i - 1].library, f->privates[i].library);
			g_assert_true(
				c < 0 || (c == 0 && strcmp(f->privates[i - 1].symbol,
							    f->privates[i].symbol) < 0));
		}
	}
}

static void libraries(void)
{
	const policy_family *f = &policy_manylinux;
	const policy_arch *a = policy_arch_find(f, "aarch64");
	const policy_arch *m = policy_arch_find(&policy_musllinux, "armv7l");

	g_assert_cmpint(policy_library(f, a, "libc.so.6"), ==, 0);
	g_assert_cmpint(policy_library(f, a, "ld-linux-aarch64.so.1"), ==, 0);
	g_assert_cmpint(policy_library(f, a, "libssl.so.3"), ==, POLICY_NONE);
	g_assert_cmpint(policy_library(f, a, "libexpat.so.1"), ==,
		policy_index(f, "2_12", FALSE));
	g_assert_cmpint(
		policy_library(&policy_musllinux, m, "libc.musl-armv7.so.1"), ==, 0);
	g_assert_cmpint(policy_library(&policy_musllinux, m, "libc.musl-aarch64.so.1"),
		==, POLICY_NONE);
	g_assert_cmpint(policy_symbol(f, "libc.so.6", "__cxa_thread_atexit_impl"), ==,
		policy_index(f, "2_24", FALSE));
	g_assert_cmpint(policy_symbol(f, "libc.so.6", "malloc"), ==, 0);
	g_assert_cmpint(policy_symbol(f, "libz.so.1", "inflate_table"), ==, POLICY_NONE);
}

static void tags(void)
{
	int claimed;
	const char *arch;
	const policy_family *f = &policy_manylinux;
	g_auto(GStrv) both = policy_tags(f, policy_index(f, "2_17", FALSE), "aarch64");
	g_auto(GStrv) one = policy_tags(f, policy_index(f, "2_28", FALSE), "armv7l");
	g_auto(GStrv) none = policy_tags(f, POLICY_NONE, "armv7l");

	g_assert_cmpstr(both[0], ==, "manylinux2014_aarch64");
	g_assert_cmpstr(both[1], ==, "manylinux_2_17_aarch64");
	g_assert_null(both[2]);
	g_assert_cmpstr(one[0], ==, "manylinux_2_28_armv7l");
	g_assert_null(one[1]);
	g_assert_cmpstr(none[0], ==, "linux_armv7l");

	g_assert_true(policy_tag_split(f, "manylinux2014_x86_64", &claimed, &arch));
	g_assert_cmpstr(arch, ==, "x86_64");
	g_assert_cmpint(claimed, ==, policy_index(f, "2_17", FALSE));
	g_assert_true(policy_tag_split(f, "linux_armv7l", &claimed, &arch));
	g_assert_cmpint(claimed, ==, POLICY_NONE);
	g_assert_false(policy_tag_split(f, "any", &claimed, &arch));
	g_assert_false(policy_tag_split(f, "macosx_11_0_arm64", &claimed, &arch));
	g_assert_false(policy_tag_split(f, "manylinux_2_17_arm", &claimed, &arch));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/policy/indices", indices);
	g_test_add_func("/policy/membership", membership);
	g_test_add_func("/policy/sorted", sorted);
	g_test_add_func("/policy/libraries", libraries);
	g_test_add_func("/policy/tags", tags);
	return g_test_run();
}
