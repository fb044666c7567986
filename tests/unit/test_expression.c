#include "plan/expression.h"
#include <string.h>

static expression_name lookup(const char *name, const char **value, void *data)
{
	static const char *const known[][2] = {{"target", "armv7"}, {"python", "3.10"},
		{"threaded", "3.13t"}, {"version", "1.2.0"}, {"fast", "true"},
		{"host.x", "/p"}};

	(void)data;
	for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
		if (g_str_equal(name, known[i][0])) {
			*value = known[i][1];
			return NAME_KNOWN;
		}
	}
	return g_str_equal(name, "later") ? NAME_OPEN : NAME_UNKNOWN;
}

static const struct {
	const char *text;
	expression_result want;
} evals[] = {{"target == \"armv7\" and python < \"3.11\"", EXPRESSION_TRUE},
	{"target == 'aarch64' or python >= 3.11", EXPRESSION_FALSE},
	{"python == 3.10", EXPRESSION_TRUE}, {"python == \"3.1\"", EXPRESSION_FALSE},
	{"python > 3.9", EXPRESSION_TRUE}, {"threaded == 3.13", EXPRESSION_FALSE},
	{"threaded >= 3.13", EXPRESSION_TRUE}, {"threaded == \"3.13t\"", EXPRESSION_TRUE},
	{"version == 1.2", EXPRESSION_TRUE}, {"not fast", EXPRESSION_FALSE},
	{"not (target == 'x' or not fast)", EXPRESSION_TRUE},
	{"target != 'x' and fast and true", EXPRESSION_TRUE},
	{"later == 'x'", EXPRESSION_OPEN}, {"later == 'x' and false", EXPRESSION_FALSE},
	{"later == 'x' or fast", EXPRESSION_TRUE}, {"not later == 'x'", EXPRESSION_OPEN},
	{"host.x == '/p'", EXPRESSION_TRUE},
	{"false or false and true", EXPRESSION_FALSE},
	{"true or true and false", EXPRESSION_TRUE}};

static void evaluates(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(evals); i++) {
		g_auto(expression_problem) p = {0};
		g_test_message("%s", evals[i].text);
		g_autoptr(expression) e = expression_parse(evals[i].text, &p);
		g_assert_nonnull(e);
		g_assert_cmpint(expression_eval(e, lookup, NULL, &p), ==, evals[i].want);
	}
}

static const struct {
	const char *text, *says;
	gsize offset, len;
} bads[] = {{"target = 'x'", "use ==", 7, 1}, {"target == ", "missing at the end", 10, 1},
	{"target == 'x", "never closed", 10, 1}, {"(fast", "`(` is never closed", 0, 1},
	{"fast)", "never opened", 4, 1}, {"fast fast", "`and` or `or`", 5, 4},
	{"and fast", "a value was expected", 0, 3}, {"fast && fast", "`&`", 5, 1},
	{"", "missing at the end", 0, 1}, {"tagret == 'x'", "there is no `tagret`", 0, 6},
	{"fast or tagret", "there is no `tagret`", 8, 6},
	{"target < 'x'", "`armv7` is no version", 0, 6},
	{"later < 'x'", "`x` is no version", 8, 3},
	{"target", "neither true nor false", 0, 6}};

static void refuses(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(bads); i++) {
		g_auto(expression_problem) p = {0};
		g_autoptr(expression) e = expression_parse(bads[i].text, &p);
		if (e)
			g_assert_cmpint(expression_eval(e, lookup, NULL, &p), ==,
				EXPRESSION_ERROR);
		g_test_message("%s: %s", bads[i].text, p.text);
		g_assert_nonnull(strstr(p.text, bads[i].says));
		g_assert_cmpuint(p.offset, ==, bads[i].offset);
		g_assert_cmpuint(p.len, ==, bads[i].len);
	}
}

static void limits(void)
{
	g_autoptr(GString) deep = g_string_new(NULL);
	g_auto(expression_problem) p = {0}, q = {0}, r = {0};

	for (int i = 0; i < 400; i++)
		g_string_append_c(deep, '(');
	g_assert_null(expression_parse(deep->str, &p));
	g_assert_nonnull(strstr(p.text, "deeper"));
	g_string_truncate(deep, 0);
	for (int i = 0; i < 100; i++)
		g_string_append(deep, "not ");
	g_assert_null(expression_parse(deep->str, &q));
	g_assert_nonnull(strstr(q.text, "deeper"));
	for (int i = 0; i < 100; i++)
		g_string_append(deep, "and x ");
	g_assert_null(expression_parse(deep->str, &r));
	g_assert_nonnull(strstr(r.text, "500"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/expression/evaluates", evaluates);
	g_test_add_func("/expression/Y18-refuses", refuses);
	g_test_add_func("/expression/limits", limits);
	return g_test_run();
}
