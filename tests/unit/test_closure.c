#include "base/error.h"
#include "build/closure.h"
#include <string.h>

static void lines(void)
{
	static const char text[] = "# made by hand\n"
				   "numpy>=1.25,<3   # why\n"
				   "\n"
				   "requests[socks] ; python_version < '4' \\\n"
				   "    --hash=sha256:00ff \\\n"
				   "    --hash=sha256:11ff\n"
				   "-r other.txt\r\n"
				   "--index-url https://example.org/simple\n"
				   "  PyYAML==6.0.2\r\n"
				   "a#b\\\n";
	static const char *const want[] = {"numpy>=1.25,<3",
		"requests[socks] ; python_version < '4'", "PyYAML==6.0.2"};
	g_autoptr(GPtrArray) skipped = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GError) err = NULL;
	g_autofree char *good = g_strndup(text, strlen(text) - strlen("a#b\\\n"));
	g_autoptr(GPtrArray) got = requirements_parse(good, skipped, &err);

	g_assert_no_error(err);
	g_assert_cmpuint(got->len, ==, G_N_ELEMENTS(want));
	for (guint i = 0; i < got->len; i++)
		g_assert_cmpstr(got->pdata[i], ==, want[i]);
	g_assert_cmpuint(skipped->len, ==, 2);
	g_assert_cmpstr(skipped->pdata[0], ==, "-r other.txt");
	/* `#` within a word is no comment, and no requirement either. */
	g_assert_null(requirements_parse(text, NULL, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
	g_assert_nonnull(strstr(err->message, "X0985"));
	g_assert_nonnull(strstr(err->message, "line 10"));
}

static void refused(void)
{
	static const char *const texts[] = {"==1.0", "./local",
		"https://example.org/a.whl", "a @ https://example.org/a.whl",
		"a>=", "git+https://example.org/x"};

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GError) err = NULL;
		g_autoptr(GPtrArray) got = requirements_parse(texts[i], NULL, &err);
		if (got)
			g_error("taken: %s", texts[i]);
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
	}
	g_autoptr(GPtrArray) none = requirements_parse("\n# nothing\n", NULL, NULL);
	g_assert_cmpuint(none->len, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/closure/lines", lines);
	g_test_add_func("/closure/refused", refused);
	return g_test_run();
}
