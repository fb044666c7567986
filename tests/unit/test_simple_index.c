#include "base/error.h"
#include "format/simple_index.h"
#include <string.h>

#define SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define BASE "https://index.example/simple/foo-bar/"

static index_page *parse(const char *text, const char *type, GError **err)
{
	/* An exact copy, so that reading past the end is seen. */
	gsize n = strlen(text);
	g_autofree char *copy = g_memdup2(text, n ? n : 1);

	return index_page_parse(copy, n, type, BASE, "Foo.Bar", err);
}

static void json(void)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(index_page) p = parse(
		"{\"meta\":{\"api-version\":\"1.1\"},\"name\":\"foo_bar\",\"files\":["
		"{\"filename\":\"foo-bar-1.0.tar.gz\",\"url\":\"../../f/"
		"foo-bar-1.0.tar.gz"
		"#x\",\"hashes\":{\"sha256\":\"" SHA "\"},\"size\":12,"
		"\"requires-python\":\">=3.8\",\"yanked\":\"broken\","
		"\"upload-time\":\"2024-01-01T00:00:00Z\"},"
		"{\"filename\":\"foo_bar-2.0-1-py3-none-any.whl\","
		"\"url\":\"https://files.example/"
		"a.whl?sig=1\",\"hashes\":{\"md5\":\"x\"},"
		"\"core-metadata\":{\"sha256\":\"" SHA "\"}},"
		"{\"filename\":\"../evil-1.0.tar.gz\",\"url\":\"x\"},"
		"{\"filename\":\"foo-bar-3.0.tar.gz\",\"url\":\"http://plain.example/"
		"x\"},"
		"{\"filename\":\"foo-bar-4.0.tar.gz\",\"url\":\"file:///etc/passwd\"},"
		"{\"filename\":7,\"url\":[]},null,"
		"{\"filename\":\"other-1.0.tar.gz\",\"url\":\"o.tar.gz\",\"size\":-5}]}",
		"application/vnd.pypi.simple.v1+json", &err);
	g_assert_no_error(err);
	g_assert_cmpuint(p->files->len, ==, 3);
	const index_file *a = p->files->pdata[0], *b = p->files->pdata[1];
	const index_file *c = p->files->pdata[2];
	g_assert_cmpstr(p->name, ==, "foo-bar");
	g_assert_cmpstr(a->url, ==, "https://index.example/f/foo-bar-1.0.tar.gz");
	g_assert_cmpstr(a->sha256, ==, SHA);
	g_assert_cmpint(a->size, ==, 12);
	g_assert_cmpstr(a->version, ==, "1.0");
	g_assert_true(a->is_sdist && a->yanked);
	g_assert_cmpstr(a->yanked_reason, ==, "broken");
	g_assert_cmpstr(a->requires_python, ==, ">=3.8");
	g_assert_true(b->is_wheel && !b->yanked);
	g_assert_null(b->sha256);
	g_assert_cmpstr(b->version, ==, "2.0");
	g_assert_cmpstr(b->url, ==, "https://files.example/a.whl?sig=1");
	g_assert_cmpstr(b->metadata_sha256, ==, SHA);
	g_assert_null(c->version); /* another project's file */
	g_assert_cmpint(c->size, ==, -1);
}

static void html(void)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(index_page) p =
		parse("<!DOCTYPE html><html><head><base href='../../files/'></head><body>"
		      "<!-- <a href=\"foo-bar-0.1.tar.gz\">no</a> -->"
		      "<script>var a = '<a href=\"foo-bar-0.2.tar.gz\">';</script>"
		      "<A HREF=\"foo-bar-1.0.tar.gz#sha256=" SHA
		      "\" data-requires-python=\"&gt;=3.8,"
		      "&lt;&#52;\" data-yanked>foo</A>"
		      "<a class=x href=foo%5Fbar-1.1-py3-none-any.whl "
		      "data-core-metadata=true>x</a>"
		      "<a href=\"..\">up</a><abbr href=\"foo-bar-9.tar.gz\">",
			"text/html", &err);
	g_assert_no_error(err);
	g_assert_cmpuint(p->files->len, ==, 2);
	const index_file *a = p->files->pdata[0], *b = p->files->pdata[1];
	g_assert_cmpstr(a->url, ==, "https://index.example/files/foo-bar-1.0.tar.gz");
	g_assert_cmpstr(a->sha256, ==, SHA);
	g_assert_cmpstr(a->requires_python, ==, ">=3.8,<4");
	g_assert_true(a->yanked);
	g_assert_null(a->yanked_reason);
	g_assert_cmpstr(b->filename, ==, "foo_bar-1.1-py3-none-any.whl");
	g_assert_cmpstr(b->metadata_sha256, ==, "");
}

static const struct {
	const char *name, *type, *text, *message;
} refused[] = {
	{"other-project", "application/vnd.pypi.simple.v1+json",
		"{\"name\":\"evil\",\"files\":[]}", "page of another project: evil"},
	{"no-name", "application/json", "{\"files\":[]}", "another project"},
	{"no-files", "application/json", "{\"name\":\"foo-bar\"}", "no list of files"},
	{"newer", "application/json", "{\"meta\":{\"api-version\":\"2.0\"}}",
		"version 2.0"},
	{"cut", "application/json", "{\"name\":\"foo-bar\",\"files\":[", "not JSON"},
	{"twice", "application/json", "{\"name\":\"a\",\"name\":\"foo-bar\"}",
		"not JSON"},
	{"trailing", "application/json", "{\"name\":\"foo-bar\",\"files\":[]}x",
		"not JSON"},
	{"list", "application/json", "[1]", "another project"},
	{"nul", "application/json", "{\"name\":\"foo-bar\\u0000\",\"files\":[]}",
		"not JSON"},
	{"empty", "text/html", "", "lists no file"},
	{"portal", "text/html", "<html><title>Login\x1b[31m</title><a href=/login>x</a>",
		"begins: \"<html><title>Login\\x1b"},
	{"sniffed", "text/plain", "  {\"name\":\"x\"}", "another project: x"},
};

static void refuses(gconstpointer data)
{
	gsize i = GPOINTER_TO_SIZE(data);
	g_autoptr(GError) err = NULL;

	g_assert_null(parse(refused[i].text, refused[i].type, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
	g_test_message("%s", err->message);
	g_assert_nonnull(strstr(err->message, refused[i].message));
	g_assert_nonnull(strstr(err->message, "[X0604]"));
}

static void deep(void)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(GString) text = g_string_new(NULL);

	for (int i = 0; i < 100000; i++)
		g_string_append_c(text, '[');
	g_assert_null(parse(text->str, "application/json", &err));
	g_assert_nonnull(strstr(err->message, "nested deeper"));
	/* Brackets in strings do not nest. */
	g_string_assign(text, "{\"name\":\"foo-bar\",\"files\":[],\"x\":\"\\\"");
	for (int i = 0; i < 100; i++)
		g_string_append_c(text, '[');
	g_string_append(text, "\"}");
	g_clear_error(&err);
	g_autoptr(index_page) p = parse(text->str, "application/json", &err);
	g_assert_no_error(err);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/index/json", json);
	g_test_add_func("/index/html", html);
	for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
		g_autofree char *name = g_strconcat("/index/H15-", refused[i].name, NULL);
		g_test_add_data_func(name, GSIZE_TO_POINTER(i), refuses);
	}
	g_test_add_func("/index/H15-deep", deep);
	return g_test_run();
}
