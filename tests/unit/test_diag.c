#include "base/diag.h"
#include "base/error.h"
#include <string.h>

static const char text[] = "name: x\n  env:\r\n\tk: \xe3\x82\xb3\xe3\x83\xb3 here\nlast";

static diag_source *source(void)
{
	return diag_source_new("r.yaml", text, strlen(text));
}

static void look(const char *want, diag_list *l)
{
	g_autofree char *got = diag_list_text(l);

	g_assert_cmpstr(got, ==, want);
}

static void plain(void)
{
	g_autoptr(diag_source) s = source();
	g_autoptr(diag_list) l = diag_list_new();
	diag *d = diag_add(l, DIAG_ERROR, "X0201", s, 2, 3, 3, "unknown key `%s`", "env");

	diag_label(d, "not a key");
	diag_help(d, "did you mean `%s`?", "environment");
	look("error[X0201]: unknown key `env`\n"
	     "  --> r.yaml:2:3\n"
	     "   |\n"
	     " 2 |   env:\n"
	     "   |   ^^^ not a key\n"
	     "   = help: did you mean `environment`?\n",
		l);
}

static void two_places(void)
{
	g_autoptr(diag_source) s = source();
	g_autoptr(diag_list) l = diag_list_new();
	diag *d = diag_add(l, DIAG_ERROR, "X0202", s, 4, 1, 4, "twice");

	diag_label(d, "again");
	diag_second(d, 1, 1, 4, "first");
	look("error[X0202]: twice\n"
	     "  --> r.yaml:4:1\n"
	     "   |\n"
	     " 1 | name: x\n"
	     "   | ---- first\n"
	     "   …\n"
	     " 4 | last\n"
	     "   | ^^^^ again\n",
		l);
}

static void wide_characters(void)
{
	g_autoptr(diag_source) s = source();
	g_autoptr(diag_list) l = diag_list_new();

	diag_add(l, DIAG_WARNING, NULL, s, 3, 8, 4, "a tab is 4, these are 2 each");
	look("warning: a tab is 4, these are 2 each\n"
	     "  --> r.yaml:3:8\n"
	     "   |\n"
	     " 3 |     k: \xe3\x82\xb3\xe3\x83\xb3 here\n"
	     "   |             ^^^^\n",
		l);
}

static void without_place(void)
{
	g_autoptr(diag_source) s = source();
	g_autoptr(diag_list) l = diag_list_new();

	diag_add(l, DIAG_ERROR, "X0209", s, 0, 0, 0, "empty\x1b[31m");
	diag_add(l, DIAG_ERROR, NULL, NULL, 0, 0, 0, "no file");
	look("error: no file\n\nerror[X0209]: empty\\x1b[31m\n  --> r.yaml\n", l);
}

static void long_line(void)
{
	g_autoptr(GString) line = g_string_new(NULL);

	for (int i = 0; i < 5000; i++)
		g_string_append_printf(line, "%d,", i);
	g_autoptr(diag_source) s = diag_source_new("r", line->str, line->len);
	g_autoptr(diag_list) l = diag_list_new();
	diag_add(l, DIAG_ERROR, NULL, s, 1, 2000, 3, "far");
	g_autofree char *got = diag_list_text(l);
	g_assert_cmpuint(strlen(got), <, 400);
	const char *caret = strchr(got, '^');
	const char *shown = strstr(got, "| …");
	g_assert_nonnull(caret);
	g_assert_nonnull(shown);
	/* What stands above the carets is what was meant. */
	const char *caret_line = caret;
	while (caret_line[-1] != '\n')
		caret_line--;
	const char *source_line = shown;
	while (source_line[-1] != '\n')
		source_line--;
	glong column = g_utf8_strlen(caret_line, caret - caret_line);
	const char *above = g_utf8_offset_to_pointer(source_line, column);
	g_assert_cmpmem(above, 3, line->str + 1999, 3);
}

static void sorted_and_capped(void)
{
	g_autoptr(GString) lines = g_string_new(NULL);

	for (int i = 0; i < 50; i++)
		g_string_append(lines, "x\n");
	g_autoptr(diag_source) s = diag_source_new("r", lines->str, lines->len);
	g_autoptr(diag_list) l = diag_list_new();
	for (int i = 40; i >= 1; i--)
		diag_add(l, DIAG_ERROR, NULL, s, i, 1, 1, "e%d.", i);
	g_autofree char *got = diag_list_text(l);
	g_assert_nonnull(strstr(got, "e1."));
	g_assert_nonnull(strstr(got, "e20."));
	g_assert_null(strstr(got, "e21."));
	g_assert_true(strstr(got, "e3.") > strstr(got, "e2."));
	g_assert_nonnull(strstr(got, "20 more"));
}

static void as_error(void)
{
	g_autoptr(diag_source) s = source();
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(GError) err = NULL;

	diag_add(l, DIAG_WARNING, "X0218", s, 1, 1, 1, "only a warning");
	g_assert_true(diag_list_to_error(l, &err));
	diag_add(l, DIAG_ERROR, "X0402", s, 1, 1, 4, "lock is stale");
	diag_add(l, DIAG_ERROR, "X0201", s, 2, 3, 3, "second");
	g_assert_false(diag_list_to_error(l, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_LOCK);
	g_assert_cmpstr(err->message, ==,
		"[X0402] lock is stale\n  --> r.yaml:1:1\n   |\n 1 | name: x\n   | ^^^^\n"
		"\nerror[X0201]: second\n  --> r.yaml:2:3\n   |\n 2 |   env:\n   |   "
		"^^^");
}

static void locate(void)
{
	g_autoptr(diag_source) s = source();
	int line, col;
	gsize len;

	diag_source_locate(s, 8, &line, &col);
	g_assert_cmpint(line * 100 + col, ==, 201);
	diag_source_locate(
		s, strlen("name: x\n  env:\r\n\tk: \xe3\x82\xb3"), &line, &col);
	g_assert_cmpint(line * 100 + col, ==, 306);
	diag_source_locate(s, 10000, &line, &col);
	g_assert_cmpint(line * 100 + col, ==, 405);
	g_assert_true(
		diag_source_line(s, 2, &len) == diag_source_at(s, 2, 1, &(gsize){0}));
	g_assert_cmpuint(len, ==, 6);
	g_assert_null(diag_source_at(s, 9, 1, &len));
}

static void nearest(void)
{
	static const char *const keys[] = {
		"requirements", "recipe", "source", "env", "env_pass", NULL};

	g_assert_cmpstr(text_nearest("requirments", keys), ==, "requirements");
	g_assert_cmpstr(text_nearest("suorce", keys), ==, "source");
	g_assert_cmpstr(text_nearest("Source", keys), ==, "source");
	g_assert_cmpstr(text_nearest("evn", keys), ==, "env");
	g_assert_null(text_nearest("zzz", keys));
	g_assert_null(text_nearest("", keys));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/diag/plain", plain);
	g_test_add_func("/diag/two-places", two_places);
	g_test_add_func("/diag/wide-characters", wide_characters);
	g_test_add_func("/diag/without-place", without_place);
	g_test_add_func("/diag/long-line", long_line);
	g_test_add_func("/diag/Y23-sorted-capped", sorted_and_capped);
	g_test_add_func("/diag/as-error", as_error);
	g_test_add_func("/diag/locate", locate);
	g_test_add_func("/diag/nearest", nearest);
	return g_test_run();
}
