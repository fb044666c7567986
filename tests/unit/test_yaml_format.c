#include "base/text_diff.h"
#include "format/yaml_format.h"
#include <string.h>

static const char *const order[] = {"a", "b", "c", "d", NULL};

typedef struct format_case {
	const char *name, *text, *want; /* NULL: refused */
} format_case;

static const format_case cases[] = {
	{"as-it-is", "# c\na: 1\n\n# d\nb:\n  - x # y\n",
		"# c\na: 1\n\n# d\nb:\n  - x # y\n"},
	{"line-ends",
		"\xef\xbb\xbf"
		"a: 1  \r\nb: 2\t\r\rc: 3",
		"a: 1\nb: 2\n\nc: 3\n"},
	{"blank-lines", "\n\n# x\n\n\n\na: 1\n \n  \nb: 2\n\n\n",
		"# x\n\na: 1\n\nb: 2\n"},
	{"indentation", "a:\n    b:\n       c: 1\n       d: 2\n",
		"a:\n  b:\n    c: 1\n    d: 2\n"},
	{"list-below-key", "a:\n- x\n- y\nb:\n- - p\n  - q\n",
		"a:\n  - x\n  - y\nb:\n  - - p\n    - q\n"},
	{"maps-in-list", "a:\n-   b: 1\n    c:\n    -   d\n",
		"a:\n  - b: 1\n    c:\n      - d\n"},
	{"map-below-dash", "a:\n-\n    b: 1\n    c: 2\n",
		"a:\n  -\n    b: 1\n    c: 2\n"},
	{"value-on-its-line", "a:\n      long\n", "a:\n  long\n"},
	{"colons", "a :   1\nb:\t2 #\tc\n", "a: 1\nb: 2 #\tc\n"},
	{"brackets", "a: [ x,y ,  z ]\nb: { c : 1,d: {e: [ ]}}\n",
		"a: [x, y, z]\nb: {c: 1, d: {e: []}}\n"},
	{"missing-in-brackets", "a: {\"x\":, y: }\n", "a: {x: , y: }\n"},
	{"brackets-on-lines", "b:\n    a: [\n      x,   # one\n      y\n    ]\n",
		"b:\n  a: [\n    x,   # one\n    y\n  ]\n"},
	{"comment-columns", "a: 1     # one\nb: 22    # two\n",
		"a: 1     # one\nb: 22    # two\n"},
	{"comments-move-along",
		"a:\n    # of x\n    x: 1\n    # below\nb:\n# of the item\n- 1\n",
		"a:\n  # of x\n  x: 1\n  # below\nb:\n  # of the item\n  - 1\n"},
	{"comment-between", "a:\n    - x\n    # still a\n# of b\nb: 1\n",
		"a:\n  - x\n  # still a\n# of b\nb: 1\n"},
	{"quotes", "a: \"word\"\nb: 'it'\nc: {'x': \"deb:libc6\"}\n",
		"a: word\nb: it\nc: {x: deb:libc6}\n"},
	{"quotes-needed", "a: \"1.10\"\nb: 'no'\nc: \"a b\"\nd: ''\n",
		"a: \"1.10\"\nb: 'no'\nc: \"a b\"\nd: ''\n"},
	{"quotes-of-a-list", "a: [\"-s\", \"x\"]\nb: [\"x\", y]\n",
		"a: [\"-s\", \"x\"]\nb: [x, y]\n"},
	{"quotes-escape", "a: \"\\x41\"\n", "a: \"\\x41\"\n"},
	{"key-order", "c: 3\nb: 2\na: 1\n", "a: 1\nb: 2\nc: 3\n"},
	{"key-order-comments",
		"# file\n\n# of c\nc:\n  - 3\n  # in c\n# of b\nb: 2\n# of a\na: 1\n# "
		"end\n",
		"# file\n\n# of a\na: 1\n# of b\nb: 2\n# of c\nc:\n  - 3\n  # in c\n# "
		"end\n"},
	{"key-order-top-comment", "# file\nb: 2\na: 1\n", "# file\na: 1\nb: 2\n"},
	{"key-order-unknown", "c: 1\nx: 2\ny: 3\nb: 4\n", "b: 4\nc: 1\nx: 2\ny: 3\n"},
	{"key-order-blank", "b: 2\n\na: 1\n", "a: 1\nb: 2\n"},
	{"block",
		"x:\n    a: |\n        one\n          two  \n\n        three\n\n\n    b: "
		"1\n",
		"x:\n  a: |\n    one\n      two  \n\n    three\n\n  b: 1\n"},
	{"block-keeps", "a: |+\n   x\n\n\nb: 1\n", "a: |+\n  x\n\n\nb: 1\n"},
	{"block-digit", "x:\n    a: |2\n         one\n      two\n",
		"x:\n  a: |2\n       one\n    two\n"},
	{"block-without-line-end", "a: |\n    x", "a: |\n  x"},
	{"block-comment", "x:\n    a: >-  # c\n        one\n      # below\n    b: 1\n",
		"x:\n  a: >-  # c\n    one\n  # below\n  b: 1\n"},
	{"long-strings",
		"x:\n    a: one\n      two\n    b: \"one  \n\n       two\\\n       "
		"three\"  # c\n",
		"x:\n  a: one\n    two\n  b: \"one\n\n     two\\\n     three\"  # c\n"},
	{"explicit-key", "?   a\n:   1\n", "? a\n: 1\n"},
	{"marker", "---\na: 1\n...\n", "---\na: 1\n...\n"},
	{"no-map", "[ a ,b]\n", "[a, b]\n"},
	{"no-yaml", "a: [1\n", NULL},
	{"empty", "# c\n", NULL},
	{"twice", "a: 1\na: 2\n", NULL},
	{"anchor", "a: &x 1\n", NULL},
};

static void test_case(gconstpointer data)
{
	const format_case *c = data;
	g_autoptr(GError) err = NULL;
	g_autofree char *once =
		yaml_format("r.yaml", c->text, strlen(c->text), order, &err);

	g_assert_cmpstr(once, ==, c->want);
	g_assert_true((err == NULL) == (c->want != NULL));
	if (!once)
		return;
	g_autofree char *twice = yaml_format("r.yaml", once, strlen(once), order, &err);
	g_assert_cmpstr(twice, ==, once);
}

static void test_same(void)
{
	static const struct {
		const char *a, *b;
		gboolean in_order, any_order;
	} pairs[] = {{"{a: 1, b: 2}", "{b: 2, a: 1}", FALSE, TRUE},
		{"{a: {x: 1, y: 2}}", "{a: {y: 2, x: 1}}", FALSE, FALSE},
		{"{a: 1}", "{a: '1'}", TRUE, TRUE}, {"{a: }", "{a: ''}", FALSE, FALSE},
		{"{a: 1}", "{a: 2}", FALSE, FALSE},
		{"{a: 1}", "{a: 1, b: 2}", FALSE, FALSE}, {"[1, 2]", "[1]", FALSE, FALSE},
		{"[1]", "{a: 1}", FALSE, FALSE}};

	for (guint i = 0; i < G_N_ELEMENTS(pairs); i++) {
		g_autoptr(diag_list) l = diag_list_new();
		g_autoptr(yaml_doc) a =
			yaml_parse("a", pairs[i].a, strlen(pairs[i].a), l);
		g_autoptr(yaml_doc) b =
			yaml_parse("b", pairs[i].b, strlen(pairs[i].b), l);
		g_assert_cmpint(
			yaml_same(a->root, b->root, FALSE), ==, pairs[i].in_order);
		g_assert_cmpint(
			yaml_same(a->root, b->root, TRUE), ==, pairs[i].any_order);
	}
}

static void test_diff(void)
{
	g_autofree char *none = text_diff("f", "a\n", "a\n");
	g_autofree char *one = text_diff(
		"f", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n");
	g_autofree char *two = text_diff(
		"f", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "0\n1\n2\n3\n4\n5\n6\n7\n8\n");
	g_autofree char *empty = text_diff("f", "", "a");

	g_assert_cmpstr(none, ==, "");
	g_assert_cmpstr(one, ==,
		"--- f\n+++ f\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n");
	g_assert_cmpstr(two, ==,
		"--- f\n+++ f\n@@ -1,3 +1,4 @@\n+0\n 1\n 2\n 3\n@@ -6,4 +7,3 @@\n 6\n "
		"7\n "
		"8\n-9\n");
	g_assert_cmpstr(empty, ==,
		"--- f\n+++ f\n@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strconcat("/yaml_format/", cases[i].name, NULL);
		g_test_add_data_func(path, &cases[i], test_case);
	}
	g_test_add_func("/yaml_format/same", test_same);
	g_test_add_func("/text_diff", test_diff);
	return g_test_run();
}
