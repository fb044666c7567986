#include "format/cmake_fetch.h"
#include "format/cmake_text.h"
#include <string.h>

#define SHA "33ca55ee147b1926dbea904f50fe4902494e97bc742205abbbf10c709e43815f"

static void check_words(const char *text, const char *name, const char *words)
{
	g_autoptr(GPtrArray) all = cmake_text_parse(text);
	const cmake_command *c = all->len ? all->pdata[0] : NULL;

	g_assert_cmpuint(all->len, ==, 1);
	g_assert_cmpstr(c->name, ==, name);
	g_ptr_array_add(c->words, NULL);
	g_autofree char *joined = g_strjoinv("|", (char **)c->words->pdata);
	g_ptr_array_set_size(c->words, (gint)c->words->len - 1);
	g_assert_cmpstr(joined, ==, words);
}

/* cmake-language(7) */
static void reads_commands(void)
{
	check_words("Set(A b)", "set", "A|b");
	check_words("set ( A\n# a comment )\n b;c #[[ )\n ]] d)", "set", "A|b|c|d");
	check_words("#[=[ set(no) ]] ]=] set(A \"b c;d\" [==[e ]] f]==])", "set",
		"A|b c;d|e ]] f");
	check_words("set(A \"a\\\"b\\n\\\nc\" d\\ e \\${f} -DX=\"g h\")", "set",
		"A|a\"b\nc|d e|\\${f}|-DX=g h");
	check_words("if(A AND (B OR C))", "if", "A|AND|(|B|OR|C|)");
	check_words("set(A \"\" [[\nb]])", "set", "A||b");
	check_words("set(A b", "set", "A|b");
	check_words("set(A \"b", "set", "A|b");
	check_words("set(A [[b", "set", "A|b");
	check_words("1) ]] a b set(A \\", "set", "A|");
}

static GPtrArray *read_all(const char *first, const char *second)
{
	g_auto(cmake_reading) r;

	cmake_reading_init(&r);
	cmake_reading_add(&r, first);
	if (second)
		cmake_reading_add(&r, second);
	return cmake_reading_fetches(&r);
}

static void reads_an_archive(void)
{
	g_autoptr(GPtrArray) all = read_all(
		"project(top VERSION 3.1 LANGUAGES C)\n"
		"set(BASE \"https://a.example/${NAME}\")\n"
		"include(FetchContent)\n"
		"FetchContent_Declare(\n  near\n  URL "
		"${BASE}/near-${PROJECT_VERSION}.tar.gz\n"
		"      https://b.example/near.tar.gz\n  URL_HASH SHA256=" SHA "\n"
		"  PATCH_COMMAND patch -p1 < near.patch)\n",
		"set(NAME lib)\nset(NAME other)\n");
	const cmake_fetch *f = all->pdata[0];

	g_assert_cmpuint(all->len, ==, 1);
	g_assert_null(f->unusable);
	g_assert_cmpstr(f->name, ==, "near");
	g_assert_cmpstr(f->sha256, ==, SHA);
	g_assert_null(f->git);
	g_assert_cmpuint(f->urls->len, ==, 2);
	g_assert_cmpstr(f->urls->pdata[0], ==, "https://a.example/lib/near-3.1.tar.gz");
}

static void reads_a_repository(void)
{
	g_autoptr(GPtrArray) all = read_all(
		"set(TAG v1)\n"
		"externalproject_add(Deep GIT_REPOSITORY https://a.example/deep.git\n"
		"  GIT_TAG ${TAG}.0 GIT_SUBMODULES \"\" GIT_SHALLOW TRUE)\n"
		"FetchContent_Declare(wide GIT_REPOSITORY https://a.example/w GIT_TAG "
		"\"x\")\n"
		"FetchContent_Declare(WIDE GIT_REPOSITORY https://a.example/w GIT_TAG "
		"x)\n"
		"FetchContent_Declare(WIDE URL https://other.example/w.zip)\n",
		NULL);
	const cmake_fetch *deep = all->pdata[0], *wide = all->pdata[1];

	g_assert_cmpuint(all->len, ==, 3);
	g_assert_cmpstr(deep->git, ==, "https://a.example/deep.git");
	g_assert_cmpstr(deep->revision, ==, "v1.0");
	g_assert_false(deep->submodules);
	g_assert_null(deep->unusable);
	g_assert_true(wide->submodules);
	g_assert_cmpstr(wide->revision, ==, "x");
}

static void says_what_stands_in_the_way(void)
{
	g_autoptr(GPtrArray) all =
		read_all("set(LOOP a${LOOP})\n"
			 "FetchContent_Declare(a URL ${LATER}/a.zip)\n"
			 "FetchContent_Declare(b GIT_REPOSITORY https://a.example/b)\n"
			 "FetchContent_Declare(c URL ftp://a.example/c.zip)\n"
			 "FetchContent_Declare(d GIT_REPOSITORY https://a.example/d "
			 "GIT_TAG ${LOOP})\n"
			 "FetchContent_Declare(inside URL ${CMAKE_SOURCE_DIR}/x.zip)\n"
			 "FetchContent_Declare(folder SOURCE_DIR deps/y)\n"
			 "FetchContent_Declare(file URL deps/y.zip)\n"
			 "FetchContent_Declare(${LATER}_x URL "
			 "https://a.example/x.zip)\n"
			 "FetchContent_Declare()\n",
			NULL);
	static const char *const why[] = {"LATER", "GIT_TAG", "neither http nor https",
		"LOOP", "CMAKE_SOURCE_DIR", "LATER"};

	g_assert_cmpuint(all->len, ==, G_N_ELEMENTS(why));
	for (guint n = 0; n < all->len; n++) {
		const cmake_fetch *f = all->pdata[n];
		g_assert_nonnull(f->unusable);
		g_assert_nonnull(strstr(f->unusable, why[n]));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/cmake/commands", reads_commands);
	g_test_add_func("/cmake/archive", reads_an_archive);
	g_test_add_func("/cmake/repository", reads_a_repository);
	g_test_add_func("/cmake/unusable", says_what_stands_in_the_way);
	return g_test_run();
}
