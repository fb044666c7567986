#include "base/fs.h"
#include "format/yaml_bind.h"
#include "plan/recipe.h"
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD                                                                             \
	"schema_version: 1\npackage: {name: Foo._Bar, version: \"1.10\"}\nkind: wheel\n"
#define SOURCE "source: {pypi: foo}\n"

static char *list_text(const GPtrArray *list)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (guint i = 0; list && i < list->len; i++)
		g_string_append_printf(
			out, "%s%s", i ? " " : "", (char *)g_ptr_array_index(list, i));
	return g_strdup(out->str);
}

static void is_list(const GPtrArray *list, const char *want)
{
	g_autofree char *got = list_text(list);

	g_assert_cmpstr(got, ==, want);
}

static recipe *parse(const char *text, diag_list *l)
{
	return recipe_parse("r.yaml", ".", text, strlen(text), l);
}

static recipe *good(const char *text)
{
	g_autoptr(diag_list) l = diag_list_new();
	recipe *r = parse(text, l);
	g_autofree char *said = diag_list_text(l);

	g_assert_cmpstr(said, ==, "");
	g_assert_nonnull(r);
	return r;
}

static recipe *resolved(const recipe *r, const char *target, const char *python)
{
	g_autoptr(diag_list) l = diag_list_new();
	recipe_vars v = {.target = target, .triple = "the-triple", .python = python};
	recipe *out = recipe_resolve(r, &v, l);
	g_autofree char *said = diag_list_text(l);

	g_assert_cmpstr(said, ==, "");
	return out;
}

static void defaults(void)
{
	g_autoptr(recipe) r = good(HEAD SOURCE);
	const recipe_source *s = g_ptr_array_index(r->sources, 0);

	g_assert_cmpstr(r->normalized, ==, "foo-bar");
	g_assert_cmpstr(r->package.version, ==, "1.10");
	is_list(r->targets, "aarch64 armv7");
	g_assert_null(r->python.versions);
	g_assert_cmpint(s->kind, ==, SOURCE_PYPI);
	g_assert_cmpstr(recipe_source_version(r, s), ==, "1.10");
	g_assert_cmpint(s->strip_components, ==, 1);
	g_assert_true(s->extract);
	g_assert_cmpint(r->build.timeout, ==, 3600);
	g_assert_cmpint(r->build.silent_timeout, ==, 1200);
	g_assert_true(r->wheel.strip && r->wheel.sbom && r->cargo.locked);
	g_assert_false(r->build.network || r->wheel.repair_off || r->wheel.pure_allowed);
	g_assert_cmpstr(recipe_floor(r, "armv7"), ==, "2_17");
	g_autofree char *place = recipe_source_place(r, s);
	g_assert_cmpstr(place, ==, "r.yaml:4:9");
}

static void fields(void)
{
	g_autoptr(recipe) r = good(HEAD
		"source:\n"
		"  - {url: [https://example.org/a, https://example.com/a], sha256: "
		"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855,"
		" max_size: 2MiB}\n"
		"  - {git: https://example.org/x.git, tag: v1, submodules: true}\n"
		"toolchain: {c: gcc, manylinux: {armv7: \"2_31\"}, sysroot: debian-11}\n"
		"build:\n  number: 3\n  backend: maturin\n  exclusive: true\n"
		"  config_settings: {a: x, b: [y, z]}\n  env: {A: \"\"}\n"
		"wheel: {pure: allow, repair: off, extensions: [a/b, c], cpu: [neon],"
		" link_static: [xml2]}\n"
		"tests:\n  - imports: [a, b.c]\n    run: emulated\n"
		"  - contents: {has: ['x*'], not: [y]}\n");
	const recipe_source *url = g_ptr_array_index(r->sources, 0);
	const recipe_source *git = g_ptr_array_index(r->sources, 1);
	const recipe_test *first = g_ptr_array_index(r->tests, 0);
	const recipe_test *second = g_ptr_array_index(r->tests, 1);

	is_list(url->urls, "https://example.org/a https://example.com/a");
	g_assert_true(g_str_has_prefix(url->sha256, "e3b0c442"));
	g_assert_cmpint(url->max_size, ==, 2 << 20);
	g_assert_cmpint(git->kind, ==, SOURCE_GIT);
	g_assert_true(git->submodules);
	g_assert_cmpint(r->toolchain.c, ==, 2);
	g_assert_cmpstr(recipe_floor(r, "armv7"), ==, "2_31");
	g_assert_cmpstr(recipe_floor(r, "aarch64"), ==, "2_17");
	g_assert_cmpint(r->build.number, ==, 3);
	g_assert_cmpint(r->build.backend, ==, BACKEND_MATURIN);
	g_assert_true(r->build.exclusive);
	g_assert_cmpuint(r->build.config_settings->len, ==, 3);
	const bind_pair *last = g_ptr_array_index(r->build.config_settings, 2);
	g_assert_cmpstr(last->name, ==, "b");
	g_assert_cmpstr(last->value, ==, "z");
	g_assert_true(r->wheel.pure_allowed && r->wheel.repair_off);
	is_list(r->wheel.extensions, "a/b c");
	is_list(first->imports, "a b.c");
	g_assert_cmpint(first->run, ==, TEST_EMULATED);
	is_list(second->has, "x*");
	is_list(second->has_not, "y");
	g_assert_cmpint(second->run, ==, TEST_EMULATED);
}

static void script(void)
{
	g_autoptr(recipe) r = good(HEAD SOURCE "build:\n  script:\n    - ./configure\n"
					       "    - make -C ${{ target }}\n");

	is_list(r->build.script, "./configure make -C ${{ target }}");
	g_assert_null(r->build.script_file);
	g_autoptr(recipe) v7 = resolved(r, "armv7", "3.11");
	is_list(v7->build.script, "./configure make -C armv7");
}

static void resolves(void)
{
	g_autoptr(recipe) r = good(HEAD
		"source:\n"
		"  - {pypi: foo}\n"
		"  - {url: \"https://example.org/${{ name }}-${{ version }}.tgz\","
		" if: target == \"armv7\"}\n"
		"context: {flag: \"-D${{ mode }}\", mode: \"T_${{ target }}\", n: 3}\n"
		"toolchain:\n  cflags:\n    - ${{ flag }}\n"
		"    - if: python < \"3.11\"\n      then: [-Da, -Db]\n      else: -Dc\n"
		"build:\n  env: {S: \"${{host.sysroot}}/usr ${{ triple }}\"}\n"
		"  jobs: ${{ n }}\n"
		"  skip:\n    - {if: target == \"armv7\" and python < \"3.10\","
		" reason: old}\n");

	g_assert_cmpuint(r->sources->len, ==, 2);
	is_list(r->toolchain.cflags, "-DT_${{ target }} -Da -Db -Dc");
	g_assert_cmpint(r->build.jobs, ==, 3);
	g_autoptr(recipe) a = resolved(r, "aarch64", "3.11");
	g_assert_cmpuint(a->sources->len, ==, 1);
	is_list(a->toolchain.cflags, "-DT_aarch64 -Dc");
	const bind_pair *env = g_ptr_array_index(a->build.env, 0);
	g_assert_cmpstr(env->value, ==, "${{ host.sysroot }}/usr the-triple");
	g_assert_null(a->skip_reason);
	g_autoptr(recipe) b = resolved(r, "armv7", "3.9");
	const recipe_source *url = g_ptr_array_index(b->sources, 1);
	is_list(url->urls, "https://example.org/Foo._Bar-1.10.tgz");
	is_list(b->toolchain.cflags, "-DT_armv7 -Da -Db");
	g_assert_cmpstr(b->skip_reason, ==, "old");
	/* What stayed open is settled by a second pass. */
	g_autoptr(diag_list) l = diag_list_new();
	recipe_vars v = {"aarch64", "t", "3.11", "/xorch/sysroot", "/x"};
	g_autoptr(recipe) c = recipe_resolve(a, &v, l);
	env = g_ptr_array_index(c->build.env, 0);
	g_assert_cmpstr(env->value, ==, "/xorch/sysroot/usr the-triple");
}

static void wrong_when_resolved(void)
{
	g_autoptr(recipe) r = good(HEAD SOURCE "build: {jobs: \"${{ target }}\"}\n");
	g_autoptr(diag_list) l = diag_list_new();
	recipe_vars v = {"armv7", "t", "3.11", "/s", "/p"};

	g_assert_null(recipe_resolve(r, &v, l));
	g_autofree char *said = diag_list_text(l);
	g_assert_nonnull(strstr(said, "`armv7` is not a whole number"));
	g_autoptr(recipe) none =
		good(HEAD "source: {pypi: foo, if: target == \"armv7\"}\n");
	g_autoptr(diag_list) l2 = diag_list_new();
	v.target = "aarch64";
	g_assert_null(recipe_resolve(none, &v, l2));
	g_autofree char *left = diag_list_text(l2);
	g_assert_nonnull(strstr(left, "no source is left for aarch64"));
}

static const char *digest(const recipe *r, key **k)
{
	*k = key_new("test", 1);
	recipe_add_to_key(r, *k);
	return key_digest(*k);
}

static void keys(void)
{
	static const struct {
		const char *text;
		gboolean same;
	} variants[] = {{"about: {summary: x}\ntests: [{imports: [a]}]\n", TRUE},
		{"build: {timeout: 2h, jobs: 3}\nupdate: {enabled: false}\n", TRUE},
		{"python: {versions: [\"3.11\"]}\ntargets: [armv7]\n", TRUE},
		{"context: {unused: x}\n", TRUE}, {"build: {number: 1}\n", FALSE},
		{"build: {env: {A: b}}\n", FALSE}, {"python: {abi3: \"3.9\"}\n", FALSE},
		{"wheel: {strip: false}\n", FALSE}};
	g_autoptr(recipe) base = good(HEAD SOURCE);
	g_autoptr(key) base_key = NULL;

	digest(base, &base_key);
	for (guint i = 0; i < G_N_ELEMENTS(variants); i++) {
		g_autofree char *text = g_strconcat(HEAD SOURCE, variants[i].text, NULL);
		g_autoptr(recipe) r = good(text);
		g_autoptr(key) k = NULL;
		gboolean same = g_str_equal(digest(r, &k), key_digest(base_key));
		g_test_message("%s", variants[i].text);
		g_assert_cmpint(same, ==, variants[i].same);
	}
	/* The value counts, not how it is written. */
	g_autoptr(recipe) plain = good(HEAD SOURCE "build: {env: {A: \"1.10\"}}\n");
	g_autoptr(recipe) by_name =
		good(HEAD SOURCE "build: {env: {A: \"${{ version }}\"}}\n");
	g_autoptr(key) k1 = NULL, k2 = NULL;
	g_assert_cmpstr(digest(plain, &k1), ==, digest(by_name, &k2));
}

static void put(const char *dir, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autofree char *parent = g_path_get_dirname(path);

	g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void put_link(const char *dir, const char *name, const char *to)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);

	g_assert_cmpint(symlink(to, path), ==, 0);
}

static char *load_says(const char *dir, const char *patch)
{
	g_autoptr(diag_list) l = diag_list_new();
	g_autofree char *text =
		g_strdup_printf(HEAD "source: {pypi: foo, patches: [%s]}\n", patch);

	put(dir, "in/r.yaml", text);
	g_autofree char *path = g_build_filename(dir, "in/r.yaml", NULL);
	g_autoptr(recipe) r = recipe_load(path, l);
	g_assert_cmpint(r == NULL, ==, diag_list_errors(l) > 0);
	return diag_list_text(l);
}

static void links_out(void)
{
	g_autofree char *dir = g_dir_make_tmp("xorch-recipe-XXXXXX", NULL);
	static const char *const cases[][2] = {{"ok.patch", ""}, {"to-ok", ""},
		{"out", "leads out"}, {"folder/x", "leads out"},
		{"absolute", "leads out"}, {"dangling", "leads nowhere"},
		{"a-folder", "not a regular file"}, {"none", "no such file"}};

	put(dir, "secret/x", "x");
	put(dir, "in/ok.patch", "x");
	put(dir, "in/a-folder/y", "x");
	put_link(dir, "in/to-ok", "ok.patch");
	put_link(dir, "in/out", "../secret/x");
	put_link(dir, "in/folder", "../secret");
	put_link(dir, "in/absolute", "/etc/passwd");
	put_link(dir, "in/dangling", "nowhere");
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *said = load_says(dir, cases[i][0]);
		g_test_message("%s: %s", cases[i][0], said);
		if (*cases[i][1])
			g_assert_nonnull(strstr(said, cases[i][1]));
		else
			g_assert_cmpstr(said, ==, "");
	}
	g_assert_true(fs_remove_tree(dir, NULL));
}

static void finds(void)
{
	g_autofree char *dir = g_dir_make_tmp("xorch-recipe-XXXXXX", NULL);
	g_autofree char *one = g_build_filename(dir, "sub/b.yaml", NULL);
	g_autoptr(diag_list) l = diag_list_new();

	put(dir, "a.yaml", HEAD SOURCE);
	put(dir, "sub/b.yaml", "\xef\xbb\xbf" HEAD SOURCE);
	put(dir, "sub/ci.yaml", "on: push\n");
	put(dir, "sub/c.yml", HEAD SOURCE);
	put(dir, ".hidden/d.yaml", HEAD SOURCE);
	put(dir, "sub/.e.yaml", HEAD SOURCE);
	put(dir, "dist/f.yaml", HEAD SOURCE);
	put(dir, ".gitignore", "/dist/\n*.tmp.yaml\n");
	put(dir, "g.tmp.yaml", HEAD SOURCE);
	put(dir, "sysroots/s.yaml", "schema_version: 1\n");
	put_link(dir, "loop", ".");
	g_autofree char *git = g_strdup_printf("git init -q '%s'", dir);
	g_assert_true(g_spawn_command_line_sync(git, NULL, NULL, NULL, NULL));
	g_autoptr(GPtrArray) found =
		recipe_find((const char *const[]){dir, one, "-", NULL}, l);
	g_assert_nonnull(found);
	g_assert_cmpuint(found->len, ==, 3);
	g_assert_true(g_str_has_suffix(g_ptr_array_index(found, 0), "/a.yaml"));
	g_assert_true(g_str_has_suffix(g_ptr_array_index(found, 1), "/sub/b.yaml"));
	g_assert_cmpstr(g_ptr_array_index(found, 2), ==, "-");
	g_autoptr(GPtrArray) all = definition_find((const char *const[]){dir, NULL}, l);
	g_assert_cmpuint(all->len, ==, 3);
	g_assert_cmpint(
		definition_kind_of(g_ptr_array_index(all, 1)), ==, DEFINITION_RECIPE);
	g_assert_cmpint(
		definition_kind_of(g_ptr_array_index(all, 2)), ==, DEFINITION_SYSROOT);
	g_autofree char *hidden = g_build_filename(dir, "dist", NULL);
	g_autoptr(GPtrArray) none = recipe_find((const char *const[]){hidden, NULL}, l);
	g_assert_null(none);
	g_assert_true(fs_remove_tree(dir, NULL));
}

/* A chain as long as the file must not be as deep on the stack, and doubling
 * must end. */
static void growth(void)
{
	g_autoptr(GString) chain = g_string_new(HEAD SOURCE "context:\n  a0: x\n");
	g_autoptr(GString) laughs = g_string_new(HEAD SOURCE "context:\n  a0: lol\n");

	for (int i = 1; i < 20000; i++)
		g_string_append_printf(
			chain, "  a%d: ${{ a%d }}\n", 20000 - i, 19999 - i);
	for (int i = 1; i < 40; i++)
		g_string_append_printf(
			laughs, "  a%d: ${{ a%d }}${{ a%d }}\n", i, i - 1, i - 1);
	GString *const texts[] = {chain, laughs};
	for (int i = 0; i < 2; i++) {
		g_autoptr(diag_list) l = diag_list_new();
		g_autoptr(recipe) r = parse(texts[i]->str, l);
		g_autofree char *said = diag_list_text(l);
		g_assert_null(r);
		g_assert_nonnull(strstr(said, "X0221"));
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/recipe/defaults", defaults);
	g_test_add_func("/recipe/fields", fields);
	g_test_add_func("/recipe/script", script);
	g_test_add_func("/recipe/resolves", resolves);
	g_test_add_func("/recipe/wrong-when-resolved", wrong_when_resolved);
	g_test_add_func("/recipe/keys", keys);
	g_test_add_func("/recipe/Y16-links-out", links_out);
	g_test_add_func("/recipe/Y22-finds", finds);
	g_test_add_func("/recipe/Y14-growth", growth);
	return g_test_run();
}
