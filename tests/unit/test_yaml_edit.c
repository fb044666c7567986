#include "base/error.h"
#include "format/yaml_edit.h"
#include <string.h>

typedef struct edit_case {
	const char *name, *text, *path, *value;
	const char *want; /* NULL: refused */
} edit_case;

static const edit_case cases[] = {
	{"plain", "a: 1 # one\nb: 2\n", "a", "10", "a: 10 # one\nb: 2\n"},
	{"plain-word", "a: foo\n", "a", "bar", "a: bar\n"},
	{"plain-version", "version: 1.9   # here\n", "version", "1.10",
		"version: 1.10   # here\n"},
	{"plain-to-word-of-yaml", "a: foo\n", "a", "no", "a: \"no\"\n"},
	{"plain-to-blanks", "a: foo\n", "a", "a: b # c", "a: \"a: b # c\"\n"},
	{"plain-to-empty", "a: foo\n", "a", "", "a: \"\"\n"},
	{"double", "version: \"1.9\"  # pinned\n", "version", "1.10",
		"version: \"1.10\"  # pinned\n"},
	{"double-escapes", "a: \"x\"\n", "a", "q\" \\ \n\t",
		"a: \"q\\\" \\\\ \\n\\t\"\n"},
	{"double-word", "a: \"x\"\n", "a", "word", "a: \"word\"\n"},
	{"single", "a: 'x' # y\n", "a", "it's", "a: 'it''s' # y\n"},
	{"single-to-lines", "a: 'x'\n", "a", "1\n2", "a: \"1\\n2\"\n"},
	{"in-flow", "p: {name: foo, version: \"1.0\"} # c\n", "p.version", "1.1",
		"p: {name: foo, version: \"1.1\"} # c\n"},
	{"in-flow-plain", "p: {v: 1.0}\n", "p.v", "a,b}", "p: {v: \"a,b}\"}\n"},
	{"in-list", "a:\n  # first\n  - x\n  - y # second\n", "a[1]", "z",
		"a:\n  # first\n  - x\n  - z # second\n"},
	{"in-map-of-list", "a:\n  - b: x\n    c: y\n", "a[0].c", "z",
		"a:\n  - b: x\n    c: z\n"},
	{"missing", "a:\nb: 1\n", "a", "x", "a: x\nb: 1\n"},
	{"missing-item", "a:\n  -\n  - y\n", "a[0]", "x", "a:\n  - x\n  - y\n"},
	{"missing-in-flow", "a: {b: , c: 1}\n", "a.b", "x", "a: {b: x, c: 1}\n"},
	{"missing-without-colon", "a: {b, c: 1}\n", "a.b", "x", NULL},
	{"byte-order-mark", "\xef\xbb\xbf# é\na: 1\n", "a", "2",
		"\xef\xbb\xbf# é\na: 2\n"},
	{"crlf", "a: 1\r\nb: 2\r\n", "b", "3", "a: 1\r\nb: 3\r\n"},
	{"no-line-end", "a: 1", "a", "2", "a: 2"},
	{"wide", "é: ü 語 \n", "é", "語", "é: \"語\" \n"},
	{"plain-of-two-lines", "a: one\n  two # c\nb: 3\n", "a", "x", "a: x # c\nb: 3\n"},
	{"quoted-of-two-lines", "a: \"one\n  two\" # c\n", "a", "x", "a: \"x\" # c\n"},
	{"same", "a:   'x'   \n", "a", "x", "a:   'x'   \n"},
	{"block", "a: |\n  x\nb: 1\n", "a", "y", NULL},
	{"folded", "a: >-\n  x\nb: 1\n", "a", "y", NULL},
	{"list", "a: [1]\n", "a", "y", NULL},
	{"map", "a: {b: 1}\n", "a", "y", NULL},
	{"no-such-path", "a: 1\n", "b.c", "y", NULL},
	{"control", "a: 1\n", "a", "\x1b", NULL},
	{"line-separator", "a: 1\n", "a", "x\xe2\x80\xa8y", NULL},
	{"not-utf8", "a: 1\n", "a", "\xff", NULL},
	{"no-yaml", "a: [1\n", "a", "2", NULL},
	{"alias", "a: &x 1\nb: *x\n", "a", "2", NULL},
};

static void test_case(gconstpointer data)
{
	const edit_case *c = data;
	g_autoptr(GError) err = NULL;
	g_autofree char *got = yaml_edit_value(
		"r.yaml", c->text, strlen(c->text), c->path, c->value, &err);

	g_assert_cmpstr(got, ==, c->want);
	g_assert_true((err == NULL) == (c->want != NULL));
	if (err)
		g_assert_cmpint(err->code, ==, EXIT_INPUT);
}

static void test_several(void)
{
	static const char text[] = "requirments: # typo\n  buidl: [a]\nversion: 1.10\n";
	g_autoptr(GError) err = NULL;
	g_autoptr(yaml_edit) e = yaml_edit_open("r.yaml", text, strlen(text), &err);

	g_assert_no_error(err);
	const yaml_node *root = yaml_edit_doc(e)->root;
	const yaml_node *inner = yaml_map_get(root, "requirments");
	g_assert_true(yaml_edit_set(e, yaml_map_get(root, "version"), "1.11", &err));
	g_assert_true(yaml_edit_set(e, yaml_map_key(inner, "buidl"), "build", &err));
	g_assert_true(yaml_edit_set(
		e, yaml_map_key(root, "requirments"), "requirements", &err));
	g_assert_no_error(err);
	g_assert_cmpuint(yaml_edit_count(e), ==, 3);
	g_autofree char *out = yaml_edit_text(e, &err);
	g_assert_cmpstr(out, ==, "requirements: # typo\n  build: [a]\nversion: 1.11\n");
	/* A later value takes the place of an earlier one; the old one is no change. */
	g_assert_true(yaml_edit_set(e, yaml_map_get(root, "version"), "1.10", &err));
	g_assert_cmpuint(yaml_edit_count(e), ==, 2);
	/* A key that is there already; what was done stays. */
	g_assert_false(
		yaml_edit_set(e, yaml_map_key(root, "version"), "requirments", &err));
	g_assert_nonnull(strstr(err->message, "[X0230]"));
	g_assert_nonnull(strstr(err->message, "r.yaml:3:1"));
	g_clear_error(&err);
	g_autofree char *again = yaml_edit_text(e, &err);
	g_assert_cmpstr(again, ==, "requirements: # typo\n  build: [a]\nversion: 1.10\n");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = g_strconcat("/yaml_edit/", cases[i].name, NULL);
		g_test_add_data_func(path, &cases[i], test_case);
	}
	g_test_add_func("/yaml_edit/several", test_several);
	return g_test_run();
}
