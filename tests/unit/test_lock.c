#include "plan/lock.h"
#include "base/error.h"
#include "base/instant.h"
#include "plan/lock_cut.h"
#include "plan/lock_wraps.h"
#include <glib/gstdio.h>
#include <string.h>

#define SHA "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static lock_environment *section(
	const char *python, const char *target, const char *version)
{
	lock_environment *e = lock_environment_new(python, target);

	g_ptr_array_add(e->requires, g_strdup("setuptools>=61,<90"));
	g_ptr_array_add(e->requires, g_strdup("cython"));
	g_autofree char *file = g_strdup_printf("cython-%s-py3-none-any.whl", version);
	g_ptr_array_add(e->packages, locked_file_new("cython", version, file, SHA, 12));
	return e;
}

static recipe_lock *example(void)
{
	recipe_lock *lock = recipe_lock_new("x.lock", "cwcwidth", "1.10");
	lock_source *s = g_new0(lock_source, 1);

	s->kind = g_strdup("pypi");
	s->file = locked_file_new("cwcwidth", "1.10", "cwcwidth-1.10.tar.gz", SHA, -1);
	s->requires_python = g_strdup(">=3.9");
	g_ptr_array_add(lock->sources, s);
	return lock;
}

static recipe_lock *load_text(const char *text, GError **err)
{
	g_autofree char *dir = g_dir_make_tmp("xorch-lock-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "x.lock", NULL);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	recipe_lock *lock = recipe_lock_load(path, err);
	g_unlink(path);
	g_rmdir(dir);
	return lock;
}

static void round_trip(void)
{
	g_autoptr(recipe_lock) lock = example();

	recipe_lock_set_environment(lock, section("cp310", "armv7", "3.1"));
	recipe_lock_set_environment(lock, section("cp39", "armv7", "3.1"));
	recipe_lock_set_environment(lock, section("cp310", "aarch64", "3.1"));
	g_assert_cmpuint(lock->environments->len, ==, 2);
	lock_environment *first = g_ptr_array_index(lock->environments, 0);
	g_assert_cmpstr(first->python, ==, "cp39");
	g_autofree char *text = recipe_lock_text(lock);
	g_autoptr(GError) err = NULL;
	g_autoptr(recipe_lock) back = load_text(text, &err);
	g_assert_no_error(err);
	g_autofree char *again = recipe_lock_text(back);
	g_assert_cmpstr(text, ==, again);
	lock_environment *e = recipe_lock_environment(back, "cp310", "armv7");
	g_assert_nonnull(e);
	g_assert_cmpuint(e->targets->len, ==, 2);
	g_assert_cmpstr(g_ptr_array_index(e->requires, 0), ==, "setuptools>=61,<90");
	g_assert_cmpstr(back->version, ==, "1.10");
	g_assert_null(recipe_lock_environment(back, "cp310", "x86_64"));
}

static void replaces_only_its_target(void)
{
	g_autoptr(recipe_lock) lock = example();

	recipe_lock_set_environment(lock, section("cp310", "armv7", "3.1"));
	recipe_lock_set_environment(lock, section("cp310", "aarch64", "3.1"));
	recipe_lock_set_environment(lock, section("cp310", "armv7", "3.2"));
	g_assert_cmpuint(lock->environments->len, ==, 2);
	lock_environment *old = recipe_lock_environment(lock, "cp310", "aarch64");
	locked_file *f = g_ptr_array_index(old->packages, 0);
	g_assert_cmpstr(f->version, ==, "3.1");
}

static void refused(const char *text, const char *says)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(recipe_lock) lock = load_text(text, &err);

	g_assert_null(lock);
	g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
	g_assert_nonnull(strstr(err->message, says));
	g_assert_nonnull(strstr(err->message, "xorch lock"));
	g_assert_nonnull(strstr(err->message, "x.lock:"));
}

static void bad_locks(void)
{
	refused("lock_version: 1\n<<<<<<< HEAD\nrecipe: {name: a, version: b}\n",
		"merge");
	refused("lock_version: 1\nrecipe:\n  name: a\n", "version");
	refused("lock_version: 1\nrecipe: {name: a, version: b", "{");
	refused("lock_version: 1\nrecipe: {name: a, version: b}\nsource: []\n",
		"sources");
	refused("lock_version: 1\nrecipe: {name: a, version: b}\nsources:\n"
		"  - {pypi: a, version: b, file: ../x, sha256: " SHA "}\n",
		"file name");
}

static void newer_format(void)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(recipe_lock) lock = load_text("lock_version: 7\nwhatever: 1\n", &err);

	g_assert_null(lock);
	g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
	g_assert_nonnull(strstr(err->message, "format 7"));
}

static void absent(void)
{
	g_autoptr(GError) err = NULL;

	g_assert_null(recipe_lock_load("/nonexistent/x.lock", &err));
	g_assert_no_error(err);
	g_autofree char *path = recipe_lock_path("recipes/cwcwidth-0.1.9.yaml");
	g_assert_cmpstr(path, ==, "recipes/cwcwidth-0.1.9.lock");
}

static locked_file *crate(const char *name, const char *version)
{
	g_autofree char *file = g_strdup_printf("%s-%s.crate", name, version);

	return locked_file_new(name, version, file, SHA, -1);
}

/* None locked, locked as none, and some: three different things. */
static void crates(void)
{
	g_autoptr(recipe_lock) lock = example();
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)locked_file_free);

	g_autofree char *none = recipe_lock_text(lock);
	g_assert_null(strstr(none, "crates"));
	recipe_lock_set_crates(lock, all);
	g_autofree char *empty = recipe_lock_text(lock);
	g_autoptr(recipe_lock) read_empty = load_text(empty, NULL);
	g_assert_nonnull(read_empty);
	g_assert_nonnull(read_empty->crates);
	g_assert_cmpuint(read_empty->crates->len, ==, 0);

	all = g_ptr_array_new_with_free_func((GDestroyNotify)locked_file_free);
	g_ptr_array_add(all, crate("_syn", "2.0.1"));
	g_ptr_array_add(all, crate("libc", "0.2.177+x"));
	recipe_lock_set_crates(lock, all);
	g_autofree char *text = recipe_lock_text(lock);
	g_assert_nonnull(
		strstr(text, "\n  - {name: libc, version: \"0.2.177+x\", sha256: "));
	g_autoptr(recipe_lock) back = load_text(text, NULL);
	g_assert_nonnull(back);
	const locked_file *f = g_ptr_array_index(back->crates, 0);
	g_assert_cmpstr(f->file, ==, "_syn-2.0.1.crate");
	g_assert_cmpint(f->size, ==, -1);
	g_autofree char *again = recipe_lock_text(back);
	g_assert_cmpstr(text, ==, again);

	/* names and a version that lead elsewhere */
	static const char *const bad[][2] = {{"name: libc", "name: ../libc"},
		{"name: libc", "name: -libc"}, {"name: libc", "name: _l.c"},
		{"version: \"0.2.177+x\"", "version: \"..\""}};
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GString) changed = g_string_new(text);
		g_autoptr(GError) err = NULL;
		g_assert_cmpuint(
			g_string_replace(changed, bad[i][0], bad[i][1], 1), ==, 1);
		g_assert_null(load_text(changed->str, &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
	}
}

/* Subprojects: none leave no trace; addresses of files may be plain http. */
static void wraps(void)
{
	g_autoptr(recipe_lock) lock = example();
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)locked_wrap_free);
	locked_wrap *file = locked_wrap_new("f", NULL), *git = locked_wrap_new("g", NULL);

	g_autofree char *none = recipe_lock_text(lock);
	g_assert_null(strstr(none, "wraps"));
	g_ptr_array_add(file->urls, g_strdup("http://a.example/f-1.tar.gz?a=1,2"));
	g_ptr_array_add(file->urls, g_strdup("https://b.example/f-1.tar.gz"));
	file->file = g_strdup("f-1.tar.gz");
	file->sha256 = g_strdup(SHA);
	file->size = 12;
	g_ptr_array_add(git->urls, g_strdup("https://a.example/g.git"));
	git->directory = g_strdup("g");
	git->commit = g_strdup("0123456789abcdef0123456789abcdef01234567");
	git->tree = g_strdup(SHA);
	git->submodules = TRUE;
	g_ptr_array_add(all, file);
	g_ptr_array_add(all, git);
	recipe_lock_put_wraps(lock, all, FALSE);
	g_ptr_array_unref(all);
	g_autofree char *text = recipe_lock_text(lock);
	g_autoptr(recipe_lock) back = load_text(text, NULL);
	g_assert_nonnull(back);
	g_assert_cmpuint(back->wraps->len, ==, 2);
	const locked_wrap *f = g_ptr_array_index(back->wraps, 0);
	const locked_wrap *g = g_ptr_array_index(back->wraps, 1);
	g_assert_cmpstr(f->urls->pdata[0], ==, "http://a.example/f-1.tar.gz?a=1,2");
	g_assert_cmpint(f->size, ==, 12);
	g_assert_true(g->submodules && g->size == -1);
	g_autofree char *again = recipe_lock_text(back);
	g_assert_cmpstr(text, ==, again);
	refused("lock_version: 1\nrecipe: {name: a, version: b}\n"
		"wraps: [{name: a, file: ../a, urls: [https://a.example/a], sha256: " SHA
		"}]\n",
		"wants a file name");
	refused("lock_version: 1\nrecipe: {name: a, version: b}\n"
		"wraps: [{name: a, file: a, urls: [https://a.example/a]}]\n",
		"not whole");
	refused("lock_version: 1\nrecipe: {name: a, version: b}\n"
		"wraps: [{name: a, file: a, urls: [file:///a], sha256: " SHA "}]\n",
		"https");
}

/* What a lock says of the age of its files. */
static void cut(void)
{
	g_autoptr(recipe_lock) lock = recipe_lock_new("x.lock", "cwcwidth", "1.10");
	g_autoptr(GError) err = NULL;
	gint64 early = instant_parse("2026-11-01T10:00:00Z");
	gint64 late = early + 1;

	g_assert_true(lock_cut_holds(lock, 0)); /* nothing is in it */
	lock_cut_add(lock, early);
	recipe_lock_set_environment(lock, section("cp310", "armv7", "3.1"));
	g_assert_cmpstr(lock->exclude_newer, ==, "2026-11-01T10:00:00Z");
	g_assert_true(lock_cut_holds(lock, early));
	g_assert_true(lock_cut_holds(lock, late));
	g_assert_false(lock_cut_holds(lock, early - 1));
	/* The latest of several counts, and one file without a limit is enough. */
	lock_cut_add(lock, late);
	recipe_lock_set_environment(lock, section("cp311", "armv7", "3.2"));
	lock_cut_add(lock, early);
	recipe_lock_set_environment(lock, section("cp312", "armv7", "3.1"));
	g_assert_cmpstr(lock->exclude_newer, ==, "2026-11-01T10:00:01Z");
	g_autofree char *text = recipe_lock_text(lock);
	g_autoptr(recipe_lock) back = load_text(text, &err);
	g_assert_no_error(err);
	g_assert_cmpstr(back->exclude_newer, ==, "2026-11-01T10:00:01Z");
	lock_cut_add(lock, 0);
	recipe_lock_set_environment(lock, section("cp313", "armv7", "3.1"));
	g_assert_null(lock->exclude_newer);
	lock_cut_add(lock, early);
	g_assert_null(lock->exclude_newer);
	g_assert_false(lock_cut_holds(lock, late));
	lock_cut_forget(lock);
	g_assert_cmpuint(lock->environments->len, ==, 0);
	refused("lock_version: 1\nrecipe: {name: a, version: b}\n"
		"exclude_newer: yesterday\n",
		"exclude_newer");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lock/round-trip", round_trip);
	g_test_add_func("/lock/crates", crates);
	g_test_add_func("/lock/wraps", wraps);
	g_test_add_func("/lock/replaces-only-its-target", replaces_only_its_target);
	g_test_add_func("/lock/H07-bad-locks", bad_locks);
	g_test_add_func("/lock/H08-newer-format", newer_format);
	g_test_add_func("/lock/absent", absent);
	g_test_add_func("/lock/cut", cut);
	return g_test_run();
}
