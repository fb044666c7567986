#include "build/debian_source.h"
#include "build/release_find.h"
#include "format/go_retract.h"
#include <string.h>

static void retractions(void)
{
	static const char mod[] =
		"module example.org/a\n\nretract v1.0.0 // broken\nretract [v1.2.0, "
		"v1.3.5]\n"
		"retract (\n\tv2.0.0-rc.1 //\n\t[ v0.1.0 , v0.2.0 ] // "
		"old\n\tnonsense\n)\n"
		"retract v9\nretract [v1.9.0, v1.9.1\nretractable v5.0.0\n"
		"retract v7.0.0, v7.1.0\n";
	g_autoptr(GPtrArray) list = go_retractions(mod);
	static const struct {
		const char *version, *why;
		gboolean back;
	} rows[] = {{"v1.0.0", "broken", TRUE}, {"v1.0.1", NULL, FALSE},
		{"v1.2.0", NULL, TRUE}, {"v1.3.5", NULL, TRUE}, {"v1.3.6", NULL, FALSE},
		{"v2.0.0-rc.1", NULL, TRUE}, {"v0.1.5", "old", TRUE},
		{"v1.9.0", NULL, FALSE}, {"v5.0.0", NULL, FALSE},
		{"v7.0.0", NULL, FALSE}};

	g_assert_cmpuint(list->len, ==, 4);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		const go_retraction *r = go_retracted(list, rows[i].version);
		g_assert_cmpint(r != NULL, ==, rows[i].back);
		g_assert_cmpstr(r ? r->why : NULL, ==, rows[i].why);
	}
}

/* The one is the other's way back. */
static void upstream_versions(void)
{
	static const char *const rows[][2] = {{"2.9.14+dfsg-1.3~deb12u2", "2.9.14"},
		{"1:1.2.13.dfsg-1", "1.2.13"}, {"3.5.4-1~deb13u1", "3.5.4"},
		{"2.12.7+really2.9.14-2.1", "2.9.14"}, {"5.15.0~dfsg1-1", "5.15.0"},
		{"20240101", "20240101"}};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = debian_upstream_version(rows[i][0]);
		g_assert_cmpstr(got, ==, rows[i][1]);
		g_assert_true(debian_upstream_is(rows[i][0], got));
	}
}

static release *add(release_list *l, const char *version, gint64 published)
{
	release *r = release_new(version);

	r->published = published;
	g_ptr_array_add(l->releases, r);
	release_list_sort(l);
	return r;
}

/* Limits of age: exactly old enough, exactly at the cut. */
static void ages(void)
{
	g_autoptr(release_list) l = release_list_new(release_compare_pep440);
	release_wish w = {.current = "1.0", .now = 10000, .min_age = 100};

	add(l, "1.0", 0);
	add(l, "1.1", 9900);
	add(l, "1.2", 9901);
	for (int kind = 0; kind < 4; kind++) {
		g_auto(release_choice) c = {0};
		w.min_age = kind == 0 ? 100 : 0;
		w.cut = kind == 1 ? 9901 : kind == 2 ? 9900 : 0;
		l->dateless = FALSE;
		g_assert_true(release_choose(l, &w, &c, NULL));
		const char *want = kind == 2 ? NULL : kind == 3 ? "1.2" : "1.1";
		g_assert_cmpstr(c.take ? c.take->version : NULL, ==, want);
		g_assert_cmpint(c.held != NULL, ==, kind != 3);
		/* for what has no dates no limit of age holds */
		release_choice_clear(&c);
		l->dateless = TRUE;
		g_assert_true(release_choose(l, &w, &c, NULL));
		g_assert_cmpstr(c.take->version, ==, "1.2");
	}
}

static gboolean ask_rust(release *r, void *data, GError **err)
{
	unsigned *asked = data;

	(void)err;
	r->rust_asked = TRUE;
	(*asked)++;
	/* none of 1.1's; 1.2 fits just so */
	g_free(r->rust);
	r->rust = !strcmp(r->version, "1.1")   ? NULL
		  : !strcmp(r->version, "1.2") ? g_strdup("1.85")
					       : g_strdup("1.85.1");
	return TRUE;
}

/* Only of those that nothing else speaks against, and once. */
static void rust(void)
{
	g_autoptr(release_list) l = release_list_new(release_compare_pep440);
	unsigned asked = 0;
	release_wish w = {
		.current = "1.0", .now = 10000, .min_age = 100, .rust = "1.85.0"};

	l->ask_rust = ask_rust;
	l->data = &asked;
	add(l, "1.0", 0);
	add(l, "1.1", 0);
	add(l, "1.2", 0);
	add(l, "1.3", 0);
	add(l, "1.4", 9990);
	for (int again = 0; again < 2; again++) {
		g_auto(release_choice) c = {0};
		g_assert_true(release_choose(l, &w, &c, NULL));
		g_assert_cmpstr(c.take->version, ==, "1.2");
		g_assert_cmpuint(asked, ==, 2);
	}
	g_auto(release_choice) c = {0};
	w.rust = NULL;
	g_assert_true(release_choose(l, &w, &c, NULL));
	g_assert_cmpstr(c.take->version, ==, "1.3");
	g_assert_cmpuint(asked, ==, 2);

	g_assert_false(release_rust_is_newer(NULL, "1.85.0"));
	g_assert_false(release_rust_is_newer("1.85", NULL));
	g_assert_false(release_rust_is_newer("1.9", "1.85.0"));
	g_assert_true(release_rust_is_newer("2", "1.85.0"));
}

static void order(void)
{
	static const char *const sorted[] = {"weird", "1.0.dev1", "1.0rc1", "1.0",
		"1.0.post1", "1.9", "1.10", "1!0.1"};

	for (gsize i = 1; i < G_N_ELEMENTS(sorted); i++) {
		g_assert_cmpint(release_compare_pep440(sorted[i - 1], sorted[i]), <, 0);
		g_assert_cmpint(release_compare_pep440(sorted[i], sorted[i - 1]), >, 0);
	}
	/* neither is one: OpenSSL's old letters */
	g_assert_cmpint(release_compare_pep440("1.1.1-w", "1.1.1-v"), >, 0);
	g_assert_cmpint(release_compare_pep440("1.0", "1.0.0"), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/release/retractions", retractions);
	g_test_add_func("/release/upstream-versions", upstream_versions);
	g_test_add_func("/release/ages", ages);
	g_test_add_func("/release/order", order);
	g_test_add_func("/release/rust", rust);
	return g_test_run();
}
