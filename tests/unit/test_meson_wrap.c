#include "format/meson_wrap.h"
#include <string.h>

#define SHA "33ca55ee147b1926dbea904f50fe4902494e97bc742205abbbf10c709e43815f"

static void reads_a_file(void)
{
	g_autoptr(meson_wrap) w = meson_wrap_parse("freetype-2.6.1",
		"# a comment\n[wrap-file]\ndirectory = freetype-2.6.1\n"
		"source_url = https://a.example/f-2.6.1.tar.gz\n"
		"source_fallback_url = https://b.example/f-2.6.1.tar.gz\n"
		"source_filename = f-2.6.1.tar.gz\nsource_hash = " SHA "\n"
		"patch_url = https://w.example/f_patch.zip\n"
		"patch_filename = f_patch.zip\npatch_hash = " SHA "\n\n"
		"[provide]\nfree_type2 = freetype_dep\n"
		"dependency_names = one, Two\nprogram_names = gen\n");
	const wrap_file *f = w->files->pdata[0], *p = w->files->pdata[1];

	g_assert_null(w->unusable);
	g_assert_cmpuint(w->files->len, ==, 2);
	g_assert_cmpstr(w->directory, ==, "freetype-2.6.1");
	g_assert_cmpstr(f->name, ==, "f-2.6.1.tar.gz");
	g_assert_cmpstr(f->sha256, ==, SHA);
	g_assert_cmpuint(f->urls->len, ==, 2);
	g_assert_cmpstr(f->urls->pdata[1], ==, "https://b.example/f-2.6.1.tar.gz");
	g_assert_cmpstr(p->name, ==, "f_patch.zip");
	g_ptr_array_add(w->provides, NULL);
	g_autofree char *all = g_strjoinv(" ", (char **)w->provides->pdata);
	g_ptr_array_set_size(w->provides, (gint)w->provides->len - 1);
	g_assert_cmpstr(all, ==, "freetype-2.6.1 free-type2 one two gen");
}

static void reads_a_repository(void)
{
	g_autoptr(meson_wrap) w = meson_wrap_parse("c-hash",
		"[wrap-git]\nurl = https://a.example/c-hash.git\nrevision = v1.0\n"
		"clone-recursive = true\n");

	g_assert_null(w->unusable);
	g_assert_cmpstr(w->git, ==, "https://a.example/c-hash.git");
	g_assert_cmpstr(w->revision, ==, "v1.0");
	g_assert_cmpstr(w->directory, ==, "c-hash");
	g_assert_true(w->submodules);
	g_assert_cmpuint(w->files->len, ==, 0);
}

#define URL "[wrap-file]\nsource_url = https://a.example/a.zip\n"

static void refuses(void)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{URL "source_filename = a.zip\n", "no sha256"},
		{URL "source_filename = a.zip\nsource_hash = 12\n", "no sha256"},
		{URL "source_filename = ../a.zip\nsource_hash = " SHA "\n",
			"no proper file"},
		{URL "source_filename = .a\nsource_hash = " SHA "\n", "no proper file"},
		{URL "source_hash = " SHA "\n", "no proper file"},
		{"[wrap-file]\nsource_url = file:///etc/passwd\nsource_filename = a\n"
		 "source_hash = " SHA "\n",
			"an address that is none"},
		{URL "directory = ../up\nsource_filename = a.zip\nsource_hash = " SHA
		     "\n",
			"no proper directory"},
		{"[wrap-git]\nurl = https://a.example/a\n", "no repository"},
		{"[wrap-git]\nurl = git@a.example:a\nrevision = 1\n", "no repository"},
		{"[wrap-svn]\nurl = https://a.example/a\nrevision = 1\n", "of a kind"},
		/* Nothing to be had: inside the source, or nothing at all. */
		{"[wrap-file]\nsource_filename = a.zip\n", NULL},
		{"[wrap-redirect]\nfilename = a/subprojects/b.wrap\n", NULL},
		{"", NULL},
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(meson_wrap) w = meson_wrap_parse("a", rows[i].text);
		if (!rows[i].why) {
			g_assert_null(w->unusable);
			g_assert_cmpuint(w->files->len, ==, 0);
			g_assert_null(w->git);
		} else if (!w->unusable || !strstr(w->unusable, rows[i].why)) {
			g_error("%s: %s, not %s", rows[i].text,
				w->unusable ? w->unusable : "fine", rows[i].why);
		}
	}
}

static void finds_words(void)
{
	static const char text[] =
		"project('p', subproject_dir : 'extern')\n"
		"# don't look at 'this'\n"
		"if x\n  d = dependency('Free_Type2', version: '>=1')\n"
		"else\n  s = subproject(f'qhull-@V@', default_options: ['a=b'])\n"
		"  t = subproject( 'called' )\n  u = subproject('lib-@0@.x'.format(v))\n"
		"  n = subproject('@0@'.format(v))\nendif\n";
	static const struct {
		const char *name;
		gboolean named, called;
	} rows[] = {
		{"free_type2", TRUE, FALSE},
		{"qhull-8.0.2", TRUE, TRUE},
		{"qhull", FALSE, FALSE},
		{"called", TRUE, TRUE},
		{"lib-7.x", TRUE, TRUE},
		{"lib-7.y", FALSE, FALSE},
		{"zlib", FALSE, FALSE},
	};
	g_auto(wrap_words) w = {0};

	wrap_words_init(&w);
	wrap_words_add(&w, text);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(meson_wrap) wrap = meson_wrap_parse(rows[i].name, "");
		if (wrap_words_name(&w, wrap) != rows[i].named ||
			wrap_words_call(&w, wrap) != rows[i].called)
			g_error("%s", rows[i].name);
	}
	g_autofree char *folder = wrap_folder(text);
	g_autofree char *usual = wrap_folder("project('p', 'c')");
	g_assert_cmpstr(folder, ==, "extern");
	g_assert_cmpstr(usual, ==, "subprojects");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/meson-wrap/file", reads_a_file);
	g_test_add_func("/meson-wrap/repository", reads_a_repository);
	g_test_add_func("/meson-wrap/refuses", refuses);
	g_test_add_func("/meson-wrap/words", finds_words);
	return g_test_run();
}
