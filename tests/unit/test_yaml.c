#include "format/yaml.h"
#include <string.h>
#include <time.h>

typedef struct bad {
	const char *name, *text;
	const char *code;
	int line, col;	  /* of the first error */
	const char *says; /* part of its rendering */
} bad;

static const bad bads[] = {{"Y02-duplicate", "a: 1\nb: 2\na: 3\n", "X0202", 3, 1,
				   "1 | a: 1\n   | - first here"},
	{"Y02-duplicate-flow", "x: {a: 1, a: 2}\n", "X0202", 1, 11,
		"key `a` given twice"},
	{"Y06-braces", "build:\n  number: {{ n }}\n", "X0207", 2, 11,
		"^^^^^^^ write `${{ n }}`"},
	{"Y06-braces-more", "version: {{ v }}.1\n", "X0207", 1, 10, "write `${{ v }}`"},
	{"Y06-flow", "a: [${{ n }}]\n", "X0207", 1, 5, "write \"${{ n }}\""},
	{"Y07-tab", "a:\n\tb: 1\n", "X0211", 2, 1, "a tab indents this line"},
	{"Y07-tab-after-blanks", "a:\n  b: 1\n  \tc: 2\n", "X0211", 3, 3, "tab"},
	{"Y07-two-colons", "a: b: c\n", "X0206", 1, 5, "a second `: `"},
	{"Y07-quote", "a: 1\nb: \"x\nc: 2\n", "X0210", 2, 4,
		"this quote is never closed"},
	{"Y07-single-quote", "a: 'x\n", "X0210", 1, 4, "never closed"},
	{"Y07-bracket", "a: [1, 2\nb: 3\n", "X0210", 1, 4, "expected here at the latest"},
	{"Y07-brace", "a: {b: 1\nc: 3\n", "X0210", 1, 4, "this `{` is never closed"},
	{"Y07-depth", "a:\n  b: 1\n c: 2\n", "X0206", 3, 2, "fits nothing above"},
	{"Y07-no-colon", "a: 1\nb\nc: 2\n", "X0206", 2, 1, "a `:` is missing"},
	{"Y07-at", "a: @x\n", "X0206", 1, 4, "cannot begin with `@`"},
	{"Y07-escape", "a: \"\\d\"\n", "X0206", 1, 5, "unknown escape"},
	{"Y07-star", "a: *.so\n", "X0206", 1, 4, "cannot begin with `*`"},
	{"Y07-complex-key", "? [a]\n: b\n", "X0206", 1, 3, "a key must be a string"},
	{"Y08-utf8", "# ok\nab\xc3\xa9\xff\n", "X0214", 2, 4, "byte 0xff"},
	{"Y08-cut", "a: \xe2\x82", "X0214", 1, 4, "byte 0xe2"},
	{"Y08-esc", "a: 1\nb: \x1b[31m\n", "X0214", 2, 4, "ESC (byte 0x1b)"},
	{"Y08-escaped-esc", "a: \"\\e[31m\"\n", "X0214", 1, 4,
		"control character (0x1b)"},
	{"Y08-escaped-nul", "a: \"x\\0y\"\n", "X0214", 1, 4, "control character (0x00)"},
	{"Y08-utf16",
		"\xff\xfe"
		"a",
		"X0214", 1, 1, "UTF-16"},
	{"Y08-nel",
		"a: 1\xc2\x85"
		"b: 2\n",
		"X0214", 1, 5, "U+0085"},
	{"Y09-empty", "", "X0209", 0, 0, "the file is empty"},
	{"Y09-blank", "\n\n", "X0209", 0, 0, "the file is empty"},
	{"Y09-comment", "# nothing\n", "X0209", 0, 0, "holds only comments"},
	{"Y09-documents", "a: 1\n---\nb: 2\n", "X0209", 2, 1, "a second document"},
	{"Y10-anchor", "a: &x 1\nb: *x\n", "X0204", 1, 4, "anchors are not allowed"},
	{"Y10-merge", "a:\n  <<: {b: 1}\n", "X0204", 2, 3, "merge keys"},
	{"Y10-recursive", "a: &x [*x]\n", "X0204", 1, 4, "anchors"},
	{"Y10-glob", "a: *so\n", "X0204", 1, 4, "string that begins with"},
	{"Y13-python", "a: !!python/object/apply:os.system [x]\n", "X0205", 1, 4,
		"tags are not allowed"},
	{"Y13-str", "a: !!str 1\n", "X0205", 1, 4, "tags"},
	{"Y13-bare", "a: ! 1\n", "X0205", 1, 4, "tags"},
	{"Y13-own", "a: !x {b: 1}\n", "X0205", 1, 4, "tags"},
	{NULL, NULL, NULL, 0, 0, NULL}};

static const diag *first_error(diag_list *l)
{
	const GPtrArray *all = diag_list_sorted(l);

	g_assert_cmpuint(diag_list_errors(l), >, 0);
	return g_ptr_array_index(all, 0);
}

static void refused(gconstpointer data)
{
	const bad *t = data;
	g_autoptr(diag_list) l = diag_list_new();
	gsize len = strlen(t->text);
	g_autoptr(yaml_doc) doc = yaml_parse("r.yaml", t->text, len, l);
	const diag *d = first_error(l);
	g_autofree char *text = diag_text(d);

	g_test_message("%s", text);
	g_assert_cmpstr(d->code, ==, t->code);
	g_assert_cmpint(d->at.line, ==, t->line);
	g_assert_cmpint(d->at.col, ==, t->col);
	g_assert_nonnull(strstr(text, t->says));
}

static void nul_byte(void)
{
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(yaml_doc) doc = yaml_parse("r.yaml", "a: 1\nb: x\0y\n", 12, l);
	const diag *d = first_error(l);

	g_assert_null(doc);
	g_assert_cmpstr(d->code, ==, "X0214");
	g_assert_cmpint(d->at.line, ==, 2);
	g_assert_cmpint(d->at.col, ==, 5);
	g_assert_cmpint(d->offset, ==, 9);
}

/* Of this process: the machine may be busy with other tests. */
static double cpu_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

/* Milliseconds to refuse it; the code must be the expected one. */
static double refuse_ms(const char *text, gsize len, const char *code)
{
	g_autoptr(diag_list) l = diag_list_new();
	double begun = cpu_ms();
	g_autoptr(yaml_doc) doc = yaml_parse("r.yaml", text, len, l);
	double ms = cpu_ms() - begun;

	g_assert_cmpstr(first_error(l)->code, ==, code);
	g_test_message("%.1f ms", ms);
	return ms;
}

static void deep(void)
{
	static const char *const units[] = {"[", "{a: ", "- ", "[\n", "? ", NULL};

	for (int i = 0; units[i]; i++) {
		g_autoptr(GString) text = g_string_new(NULL);
		while (text->len < 160000)
			g_string_append(text, units[i]);
		g_assert_cmpfloat(refuse_ms(text->str, text->len, "X0208"), <, 50);
	}
}

static void depth_limit(void)
{
	for (int depth = YAML_DEPTH_MAX - 1; depth <= YAML_DEPTH_MAX + 1; depth++) {
		g_autoptr(diag_list) l = diag_list_new();
		g_autoptr(GString) text = g_string_new(NULL);
		for (int i = 0; i < depth; i++)
			g_string_append_c(text, '[');
		for (int i = 0; i < depth; i++)
			g_string_append_c(text, ']');
		g_autoptr(yaml_doc) doc = yaml_parse("r", text->str, text->len, l);
		g_assert_cmpint(doc != NULL, ==, depth <= YAML_DEPTH_MAX);
	}
}

static void laughs(void)
{
	g_autoptr(GString) text =
		g_string_new("a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]\n");

	for (char c = 'b'; c < 'j'; c++) {
		g_string_append_printf(text, "%c: &%c [", c, c);
		for (int i = 0; i < 9; i++)
			g_string_append_printf(text, "%s*%c", i ? "," : "", c - 1);
		g_string_append(text, "]\n");
	}
	g_assert_cmpfloat(refuse_ms(text->str, text->len, "X0204"), <, 10);
}

static void large(void)
{
	g_autofree char *text = g_malloc(2 * YAML_BYTES_MAX);

	memset(text, 'a', 2 * YAML_BYTES_MAX);
	g_assert_cmpfloat(refuse_ms(text, 2 * YAML_BYTES_MAX, "X0215"), <, 50);
	g_autoptr(GString) keys = g_string_new(NULL);
	for (int i = 0; i < 200000; i++)
		g_string_append_printf(keys, "k%d: v\n", i);
	g_assert_cmpfloat(refuse_ms(keys->str, keys->len, "X0215"), <, 50);
}

static yaml_doc *parse_ok(const char *text)
{
	g_autoptr(diag_list) l = diag_list_new();
	yaml_doc *doc = yaml_parse("r.yaml", text, strlen(text), l);
	g_autofree char *out = diag_list_text(l);

	g_assert_cmpstr(out, ==, "");
	g_assert_nonnull(doc);
	return doc;
}

static void scalars(void)
{
	g_autoptr(yaml_doc) doc =
		parse_ok("version: 1.10\nno: no\noctal: 010\n"
			 "time: 12:30\nnothing: ~\nempty:\nq: \"1.10\"\n");
	static const char *const want[][2] = {{"version", "1.10"}, {"no", "no"},
		{"octal", "010"}, {"time", "12:30"}, {"nothing", "~"}, {"empty", ""}};

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		const yaml_node *n = yaml_map_get(doc->root, want[i][0]);
		g_assert_cmpstr(n->text, ==, want[i][1]);
		g_assert_false(n->quoted);
	}
	g_assert_true(yaml_map_get(doc->root, "q")->quoted);
}

static void bom_crlf(void)
{
	g_autoptr(yaml_doc) doc = parse_ok("\xef\xbb\xbf"
					   "a: 1\r\nb:\r\n  - x\r\n  - y z\r\n");
	const yaml_node *n = yaml_path(doc->root, "b[1]");

	g_assert_cmpstr(yaml_path(doc->root, "a")->text, ==, "1");
	g_assert_cmpint(yaml_map_key(doc->root, "a")->col, ==, 1);
	g_assert_cmpstr(n->text, ==, "y z");
	g_assert_cmpint(n->line, ==, 4);
	g_assert_cmpint(n->col, ==, 5);
	g_assert_cmpint(yaml_span(doc, n), ==, 3);
}

static void paths(void)
{
	g_autoptr(yaml_doc) doc = parse_ok("a: {b: [x, {c: d}]}\n");

	g_assert_cmpstr(yaml_path(doc->root, "a.b[1].c")->text, ==, "d");
	g_assert_null(yaml_path(doc->root, "a.b[2]"));
	g_assert_null(yaml_path(doc->root, "a.c.d"));
	g_assert_null(yaml_path(doc->root, "a.b.c"));
}

static void quoting(void)
{
	static const char *const texts[] = {"plain", "1.10", "no", "~", "", " x", "a: b",
		"a #b", "\"q\"", "tab\tnl\n", "back\\slash", "- x", "*x",
		"x:", "コンニチハ", "https://example.org/a-b_c.tar.gz", "a,b", "{x}",
		"NULL", "0x10", "a'b"};

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *quoted = yaml_quote(texts[i]);
		g_autofree char *text = g_strdup_printf("k: [%s, %s]\n", quoted, quoted);
		g_autoptr(yaml_doc) doc = parse_ok(text);
		g_assert_cmpstr(yaml_path(doc->root, "k[1]")->text, ==, texts[i]);
	}
	g_autofree char *plain = yaml_quote("libc6-dev");
	g_assert_cmpstr(plain, ==, "libc6-dev");
	g_autofree char *word = yaml_quote("no");
	g_assert_cmpstr(word, ==, "\"no\"");
}

static void typed(void)
{
	static const char *const yes[] = {"true", "False", "ON", "no", "~", "null", "0",
		"-1", "+1.5", "1e3", "0x1F", ".inf", "-.5"};
	static const char *const no[] = {"", "truely", "inf", "nan", "-inf", "1a",
		"1.2.3", "-", "+", ".", "a", "cython>=3", "2_17"};

	for (guint i = 0; i < G_N_ELEMENTS(yes); i++)
		g_assert_true(yaml_is_typed(yes[i]));
	for (guint i = 0; i < G_N_ELEMENTS(no); i++)
		g_assert_false(yaml_is_typed(no[i]));
}

static void bidi(void)
{
	g_autoptr(diag_list) l = diag_list_new();
	const char *text = "a: x\xe2\x80\xaey\n";
	g_autoptr(yaml_doc) doc = yaml_parse("r", text, strlen(text), l);
	g_autofree char *out = diag_list_text(l);

	g_assert_nonnull(doc);
	g_assert_cmpuint(diag_list_errors(l), ==, 0);
	g_assert_nonnull(strstr(out, "U+202E"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	for (const bad *t = bads; t->name; t++) {
		g_autofree char *path = g_strconcat("/yaml/", t->name, NULL);
		g_test_add_data_func(path, t, refused);
	}
	g_test_add_func("/yaml/Y08-nul", nul_byte);
	g_test_add_func("/yaml/Y11-deep", deep);
	g_test_add_func("/yaml/Y11-limit", depth_limit);
	g_test_add_func("/yaml/Y10-billion-laughs", laughs);
	g_test_add_func("/yaml/Y12-large", large);
	g_test_add_func("/yaml/Y05-no-implicit-types", scalars);
	g_test_add_func("/yaml/Y21-bom-crlf", bom_crlf);
	g_test_add_func("/yaml/Y24-bidi", bidi);
	g_test_add_func("/yaml/paths", paths);
	g_test_add_func("/yaml/typed", typed);
	g_test_add_func("/yaml/quote", quoting);
	return g_test_run();
}
