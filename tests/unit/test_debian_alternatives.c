#include "format/debian_alternatives.h"
#include <string.h>

static const char script[] =
	"#!/bin/sh\n"
	"set -e\n"
	"update-alternatives --install /usr/lib/arm/libblas.so \\\n"
	"                    libblas.so-arm \\\n"
	"\t/usr/lib/arm/openblas/libblas.so \\\n"
	"                    100 \\\n"
	"                    --slave /usr/include/arm/cblas.h cblas.h-arm \\\n"
	"                    /usr/include/arm/openblas/cblas.h\n"
	"if [ \"$1\" = configure ]; then\n"
	"    update-alternatives --quiet --install /usr/bin/cc cc /usr/bin/gcc -5\n"
	"fi\n"
	/* none of these is what it would be when the script ran */
	"update-alternatives --install $lib/a.so a /usr/lib/a/a.so 10\n"
	"update-alternatives --install /usr/lib/a.so a \"/usr/lib/a/a.so\" 10\n"
	"update-alternatives --install /etc/a.so a /usr/lib/a/a.so 10\n"
	"update-alternatives --install /usr/lib/../../a.so a /usr/lib/a/a.so 10\n"
	"update-alternatives --install /usr/lib/a.so a ../a.so 10\n"
	"update-alternatives --install /usr/lib/a.so a /usr/lib/a.so 10\n"
	"update-alternatives --install /usr/lib/a.so a /usr/lib/a/a.so high\n"
	"update-alternatives --install /usr/lib/a.so a /usr/lib/a/a.so\n"
	"update-alternatives --install\n"
	"update-alternatives --remove a /usr/lib/a/a.so\n"
	"echo update-alternatives --install /usr/lib/a.so a /usr/lib/a/a.so 1\n"
	"update-alternatives --install /usr/lib/b.so b /usr/lib/b/b.so 1 --slave /usr/c "
	"c";

static void parse(void)
{
	static const char *const want[][2] = {
		{"usr/lib/arm/libblas.so", "usr/lib/arm/openblas/libblas.so"},
		{"usr/include/arm/cblas.h", "usr/include/arm/openblas/cblas.h"},
		{"usr/bin/cc", "usr/bin/gcc"}, {"usr/lib/b.so", "usr/lib/b/b.so"}};
	static const int ranks[] = {100, 100, -5, 1};
	g_autoptr(GPtrArray) found = debian_alternatives_parse(script);

	g_assert_cmpuint(found->len, ==, G_N_ELEMENTS(want));
	for (guint i = 0; i < found->len; i++) {
		const debian_alternative *a = g_ptr_array_index(found, i);
		g_assert_cmpstr(a->link, ==, want[i][0]);
		g_assert_cmpstr(a->path, ==, want[i][1]);
		g_assert_cmpint(a->rank, ==, ranks[i]);
	}
	g_autoptr(GPtrArray) none = debian_alternatives_parse("");
	g_assert_cmpuint(none->len, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/debian-alternatives/parse", parse);
	return g_test_run();
}
