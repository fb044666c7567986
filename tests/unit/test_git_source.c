#include "format/git_source.h"
#include "base/error.h"
#include <string.h>

/* Names and addresses of submodules. What is refused is what git refuses since
 * CVE-2018-11235, CVE-2018-17456 and CVE-2019-1352. */

static void special_names(void)
{
	static const char *const special[] = {".git", ".GIT", ".Git ", ".git.",
		".git . .", "git~1", "GIT~1", ".git:x", ".g\xe2\x80\x8cit",
		"\xef\xbb\xbf.git"};
	static const char *const plain[] = {
		".gitignore", ".github", "git", "x.git", ".gi", "git~2", "", "\xff.git"};

	for (guint i = 0; i < G_N_ELEMENTS(special); i++)
		g_assert_true(git_name_is_special(special[i]));
	for (guint i = 0; i < G_N_ELEMENTS(plain); i++)
		g_assert_false(git_name_is_special(plain[i]));
}

static void modules(void)
{
	static const char text[] = "# comment\n"
				   "[core]\n\tpath = x\n"
				   "[submodule \"a/b\"]\n\tpath = third party/b\n"
				   "\tURL = ../b.git\n\tbranch = x\n"
				   "[submodule \"no-url\"]\n\tpath = c\n";
	static const char *const bad[] = {"[submodule \"../x\"]\n\tpath = a\n\turl = u\n",
		"[submodule \"-x\"]\n", "[submodule \"a\"]\n\tpath = ../a\n\turl = u\n",
		"[submodule \"a\"]\n\tpath = -a\n\turl = u\n",
		"[submodule \"a\"]\n\tpath = .git/hooks\n\turl = u\n",
		"[submodule \"a\"]\n\tpath = /etc\n\turl = u\n",
		"[submodule \"a\\..\\b\"]\n"};
	g_autoptr(GError) err = NULL;
	g_autoptr(GPtrArray) all = git_modules_parse(text, strlen(text), &err);

	g_assert_no_error(err);
	g_assert_cmpuint(all->len, ==, 1);
	const git_module *m = all->pdata[0];
	g_assert_cmpstr(m->name, ==, "a/b");
	g_assert_cmpstr(m->path, ==, "third party/b");
	g_assert_cmpstr(m->url, ==, "../b.git");
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_assert_null(git_modules_parse(bad[i], strlen(bad[i]), &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INTEGRITY);
		g_clear_error(&err);
	}
}

static void addresses(void)
{
	static const char parent[] = "https://forge.example/team/thing.git";
	static const struct {
		const char *url, *want;
	} table[] = {
		{"https://other.example/x.git", "https://other.example/x.git"},
		{"../lib.git", "https://forge.example/team/lib.git"},
		{"../../else/lib", "https://forge.example/else/lib"},
		{"./sub", "https://forge.example/team/thing.git/sub"},
		{"../../../lib.git", NULL},
		{"../../../other.example/lib.git", NULL},
		{"../a/../../../../x", NULL},
		{"http://other.example/x.git", NULL},
		{"ssh://-oProxyCommand=x/y", NULL},
		{"git@forge.example:x", NULL},
		{"file:///etc", NULL},
		{"ext::sh -c x", NULL},
		{"-ux", NULL},
		{"/etc", NULL},
		{"", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) err = NULL;
		g_autofree char *got = git_module_url(parent, table[i].url, &err);
		g_assert_cmpstr(got, ==, table[i].want);
		g_assert_true((got == NULL) ==
			      g_error_matches(err, XORCH_ERROR, EXIT_INTEGRITY));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/git_source/special_names", special_names);
	g_test_add_func("/git_source/modules", modules);
	g_test_add_func("/git_source/addresses", addresses);
	return g_test_run();
}
