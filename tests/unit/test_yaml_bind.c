#include "format/yaml_bind.h"
#include <string.h>

typedef struct part {
	char *name;
	gint64 jobs;
	const yaml_node *node;
} part;

typedef struct thing {
	char *name;
	gboolean fast;
	gint64 jobs, size, time;
	int colour;
	GPtrArray *words, *env, *parts, *named;
	part inner;
} thing;

static const char *check_lower(const char *text)
{
	for (; *text; text++)
		if (!g_ascii_islower(*text))
			return "wants lower case letters";
	return NULL;
}

static const char *const colours[] = {"auto", "red", "green", NULL};
static const bind_field part_fields[] = {
	{"name", BIND_STRING, offsetof(part, name), BIND_REQUIRED, .doc = "its name"},
	{"jobs", BIND_INT, offsetof(part, jobs), .min = 1, .max = 8},
	{"", BIND_NODE, offsetof(part, node)}, {0}};
static const bind_struct part_binding = {"a part", sizeof(part), part_fields, NULL};
static const bind_field named_fields[] = {
	{"jobs", BIND_INT, offsetof(part, jobs), .min = 1, .max = 8}, {0}};
static const bind_struct named_binding = {
	"a named part", sizeof(part), named_fields, NULL};

static void thing_init(void *out)
{
	((thing *)out)->jobs = 7;
}

static const bind_field fields[] = {
	{"name", BIND_STRING, offsetof(thing, name), BIND_REQUIRED, .check = check_lower},
	{"fast", BIND_BOOL, offsetof(thing, fast)},
	{"jobs", BIND_INT, offsetof(thing, jobs), .min = 1, .max = 1024},
	{"size", BIND_SIZE, offsetof(thing, size)},
	{"time", BIND_DURATION, offsetof(thing, time)},
	{"colour", BIND_CHOICE, offsetof(thing, colour), .arg = colours},
	{"words", BIND_STRLIST, offsetof(thing, words), BIND_UNIQUE | BIND_ONE_OK,
		.check = check_lower},
	{"env", BIND_STRMAP, offsetof(thing, env), .name_check = check_lower},
	{"parts", BIND_STRUCTS, offsetof(thing, parts), BIND_ONE_OK,
		.arg = &part_binding},
	{"named", BIND_NAMED, offsetof(thing, named), .arg = &named_binding},
	{"inner", BIND_STRUCT, offsetof(thing, inner), .arg = &part_binding},
	{"extra", BIND_IGNORE, 0}, {0}};
static const bind_struct binding = {"a thing", sizeof(thing), fields, thing_init};

static char *bind(const char *text, thing *out, gboolean partial)
{
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(yaml_doc) doc = yaml_parse("t.yaml", text, strlen(text), l);

	g_assert_nonnull(doc);
	gboolean ok = yaml_bind(&(binder){doc, l, partial}, doc->root, &binding, out);
	g_assert_cmpint(ok, ==, diag_list_errors(l) == 0);
	return diag_list_text(l);
}

static void all_types(void)
{
	thing t;
	g_autofree char *out =
		bind("name: abc\nfast: true\nsize: 3MiB\ntime: 45m\n"
		     "colour: green\nwords: [x, y]\nenv: {b: '', a: '1'}\n"
		     "parts:\n  - {name: p, jobs: 2}\n  - name: q\n"
		     "named: {n: {jobs: 3}}\ninner: {name: i}\nextra: [1]\n",
			&t, FALSE);

	g_assert_cmpstr(out, ==, "");
	g_assert_cmpstr(t.name, ==, "abc");
	g_assert_true(t.fast);
	g_assert_cmpint(t.jobs, ==, 7);
	g_assert_cmpint(t.size, ==, 3 << 20);
	g_assert_cmpint(t.time, ==, 2700);
	g_assert_cmpint(t.colour, ==, 2);
	g_assert_cmpuint(t.words->len, ==, 2);
	g_assert_cmpstr(((bind_pair *)g_ptr_array_index(t.env, 0))->name, ==, "b");
	g_assert_cmpstr(((bind_pair *)g_ptr_array_index(t.env, 1))->value, ==, "1");
	const part *p = g_ptr_array_index(t.parts, 0), *n = g_ptr_array_index(t.named, 0);
	g_assert_cmpint(p->jobs, ==, 2);
	g_assert_nonnull(p->node);
	g_assert_cmpstr(n->name, ==, "n");
	g_assert_cmpint(n->jobs, ==, 3);
	g_assert_cmpstr(t.inner.name, ==, "i");
	yaml_bind_clear(&binding, &t);
	g_assert_null(t.words);
}

static const char *const bads[][3] = {
	{"Y01-unknown-key", "name: a\nword: [x]\n", "did you mean `words`?"},
	{"Y01-unknown-key-list", "name: a\nzzzz: 1\n", "keys here: name, fast, jobs"},
	{"required", "fast: true\n", "key `name` is missing"},
	{"required-inner", "name: a\nparts: [{jobs: 1}]\n", "a part needs it"},
	{"Y03-list-for-string", "name: [a]\n", "wants a string, found a list"},
	{"Y03-map-for-list", "name: a\nwords: {a: b}\n",
		"wants a list of strings, found a map"},
	{"Y03-string-for-map", "name: a\nenv: x\n", "wants a map, found a string"},
	{"Y03-nested-list", "name: a\nwords: [[x]]\n", "wants a string, found a list"},
	{"Y03-empty-value", "name:\n", "the value is missing"},
	{"Y03-list-of-maps", "name: a\nparts: x\n", "wants a map or a list of maps"},
	{"Y05-bool-yes", "name: a\nfast: yes\n", "`yes` is neither true nor false"},
	{"Y05-int-octal", "name: a\njobs: 010\n", "`010` is not a whole number"},
	{"int-range", "name: a\njobs: 5000\n", "wants 1 to 1024"},
	{"int-huge", "name: a\njobs: 99999999999999999999\n", "wants 1 to 1024"},
	{"size", "name: a\nsize: 5MB\n", "wants a size such as 512MiB"},
	{"size-huge", "name: a\nsize: 99999999999GiB\n", "wants a size"},
	{"duration", "name: a\ntime: 1d\n", "wants a duration"},
	{"choice", "name: a\ncolour: gren\n", "did you mean `green`?"},
	{"unique", "name: a\nwords: [x, x]\n", "in the list twice"},
	{"empty-list", "name: a\nwords: []\n", "must not be empty"},
	{"empty-string", "name: ''\n", "must not be empty"},
	{"check", "name: ABC\n", "wants lower case letters"},
	{"name-check", "name: a\nenv: {A: x}\n", "wants lower case letters"},
	{"expression-when-final", "name: a\njobs: ${{ x }}\n", "not a whole number"}};

static void refused(gconstpointer data)
{
	const char *const *t = data;
	thing out;
	g_autofree char *text = bind(t[1], &out, FALSE);

	g_test_message("%s", text);
	g_assert_nonnull(strstr(text, t[2]));
	yaml_bind_clear(&binding, &out);
}

static void open_values(void)
{
	thing t;
	g_autofree char *out =
		bind("name: A${{ x }}\njobs: ${{ n }}\nfast: ${{ f }}\n"
		     "words: ['${{ w }}']\nsize: ${{ s }}\ncolour: ${{ c }}\n",
			&t, TRUE);

	g_assert_cmpstr(out, ==, "");
	g_assert_cmpstr(t.name, ==, "A${{ x }}");
	g_assert_cmpint(t.jobs, ==, 7);
	yaml_bind_clear(&binding, &t);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bind/all-types", all_types);
	for (guint i = 0; i < G_N_ELEMENTS(bads); i++) {
		g_autofree char *path = g_strconcat("/bind/", bads[i][0], NULL);
		g_test_add_data_func(path, bads[i], refused);
	}
	g_test_add_func("/bind/open-values", open_values);
	return g_test_run();
}
