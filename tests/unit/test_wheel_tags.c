#include "plan/wheel_tags.h"

static guint64 rank(const char *file, const wheel_host *h)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(wheel_name) w = wheel_name_parse(file, &err);

	g_assert_no_error(err);
	return wheel_tags_rank(w, h);
}

static const wheel_host cp311 = {.minor = 11, .arch = "x86_64", .glibc_minor = 36};

/* Best first. */
static void order(void)
{
	static const char *const files[] = {
		"a-1-2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
		"a-1-1-cp311-cp311-manylinux2014_x86_64.whl",
		"a-1-cp311-cp311-manylinux_2_17_x86_64.whl",
		"a-1-cp311-cp311-manylinux_2_28_x86_64.whl",
		"a-1-cp311-cp311-manylinux_2_36_x86_64.whl",
		"a-1-cp311-cp311-linux_x86_64.whl",
		"a-1-cp311-abi3-manylinux_2_17_x86_64.whl",
		"a-1-cp39-abi3-manylinux_2_17_x86_64.whl",
		"a-1-cp38.cp37-abi3-manylinux1_x86_64.whl",
		"a-1-cp311-none-manylinux2010_x86_64.whl",
		"a-1-py3-none-manylinux2010_x86_64.whl",
		"a-1-cp311-none-any.whl",
		"a-1-py311-none-any.whl",
		"a-1-py2.py3-none-any.whl",
		"a-1-py310-none-any.whl",
		"a-1-py39-none-any.whl",
	};

	for (guint i = 1; i < G_N_ELEMENTS(files); i++) {
		g_test_message("%s", files[i]);
		g_assert_cmpuint(rank(files[i], &cp311), >, 0);
		g_assert_cmpuint(rank(files[i - 1], &cp311), >, rank(files[i], &cp311));
	}
}

static void misfits(void)
{
	static const char *const files[] = {
		"a-1-cp311-cp311-manylinux_2_37_x86_64.whl",
		"a-1-cp311-cp311-musllinux_1_2_x86_64.whl",
		"a-1-cp311-cp311-manylinux_2_17_aarch64.whl",
		"a-1-cp311-cp311-win_amd64.whl",
		"a-1-cp311-cp311-macosx_10_9_x86_64.whl",
		"a-1-cp312-cp312-manylinux_2_17_x86_64.whl",
		"a-1-cp312-abi3-manylinux_2_17_x86_64.whl",
		"a-1-cp311-cp311t-manylinux_2_17_x86_64.whl",
		"a-1-cp310-cp310-manylinux_2_17_x86_64.whl",
		"a-1-py2-none-any.whl",
		"a-1-py312-none-any.whl",
		"a-1-pp311-pypy311_pp73-manylinux_2_17_x86_64.whl",
		"a-1-cp3-none-any.whl",
	};

	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_test_message("%s", files[i]);
		g_assert_cmpuint(rank(files[i], &cp311), ==, 0);
	}
}

static void others(void)
{
	static const wheel_host t = {
		.minor = 13, .free_threaded = TRUE, .arch = "x86_64", .glibc_minor = 31};
	static const wheel_host musl = {.minor = 12, .arch = "x86_64", .musl_minor = 2};

	g_assert_cmpuint(rank("a-1-cp313-cp313t-manylinux_2_28_x86_64.whl", &t), >, 0);
	g_assert_cmpuint(rank("a-1-cp313-cp313-manylinux_2_28_x86_64.whl", &t), ==, 0);
	g_assert_cmpuint(rank("a-1-cp39-abi3-manylinux_2_28_x86_64.whl", &t), ==, 0);
	g_assert_cmpuint(rank("a-1-cp313-cp313t-manylinux_2_34_x86_64.whl", &t), ==, 0);
	g_assert_cmpuint(rank("a-1-py3-none-any.whl", &t), >, 0);
	g_assert_cmpuint(rank("a-1-cp312-cp312-musllinux_1_2_x86_64.whl", &musl), >, 0);
	g_assert_cmpuint(rank("a-1-cp312-cp312-musllinux_1_3_x86_64.whl", &musl), ==, 0);
	g_assert_cmpuint(rank("a-1-cp312-cp312-manylinux1_x86_64.whl", &musl), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/wheel-tags/order", order);
	g_test_add_func("/wheel-tags/misfits", misfits);
	g_test_add_func("/wheel-tags/others", others);
	return g_test_run();
}
