#include "build/python_find.h"
#include "build/python_select.h"
#include "base/error.h"
#include "base/fs.h"
#include <glib/gstdio.h>
#include <string.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct fixture {
	char *dir;
	store *s;
} fixture;

static void setup(fixture *f, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) err = NULL;

	f->dir = g_dir_make_tmp("xorch-python-XXXXXX", &err);
	g_assert_no_error(err);
	g_autofree char *cache = g_build_filename(f->dir, "cache", NULL);
	f->s = store_open(cache, &err);
	g_assert_no_error(err);
}

static void teardown(fixture *f, gconstpointer data)
{
	(void)data;
	store_free(f->s);
	fs_remove_tree(f->dir, NULL);
	g_free(f->dir);
}

static void tags(void)
{
	static const char *const good[][2] = {{"cp311", "cp311"}, {"3.11", "cp311"},
		{"311", "cp311"}, {"3.13t", "cp313t"}, {"cp313t", "cp313t"},
		{"CP39", "cp39"}, {"3.9", "cp39"}, {"3.11.7", "cp311"},
		{"314t", "cp314t"}};
	static const char *const bad[] = {"", "3", "3.8", "cp38", "3.15", "2.7", "pp310",
		"cp", "3.11x", "3.12t", "311.7", "cp311-cp311", "3.", "3.1\x1b", "-1",
		"3.99999999999999999999"};

	for (guint i = 0; i < G_N_ELEMENTS(good); i++) {
		g_autofree char *tag = python_tag_parse(good[i][0], NULL);
		g_assert_cmpstr(tag, ==, good[i][1]);
	}
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GError) err = NULL;
		g_test_message("%s", bad[i]);
		g_assert_null(python_tag_parse(bad[i], &err));
		g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
	}
}

static host_python *fake(const char *tag)
{
	host_python *p = g_new0(host_python, 1);

	p->tag = g_strdup(tag);
	p->executable = g_strdup_printf("/nowhere/%s", tag);
	return p;
}

static void select_from(fixture *f, gconstpointer data)
{
	(void)data;
	static const struct {
		const char *wanted[3], *got; /* NULL: an error */
		int code;
	} table[] = {
		{{"cp311", NULL}, "cp311", 0},
		{{"3.13t,3.9", NULL}, "cp39 cp313t", 0},
		{{"cp39", "3.11, 3.9", NULL}, "cp39 cp311", 0},
		{{"all", NULL}, "cp39 cp311 cp313 cp313t", 0},
		{{"cp312", NULL}, NULL, EXIT_HOST},
		{{"cp311,,cp39", NULL}, NULL, EXIT_INPUT},
		{{"al", NULL}, NULL, EXIT_INPUT},
	};
	g_autoptr(GPtrArray) found =
		g_ptr_array_new_with_free_func((GDestroyNotify)host_python_free);

	g_ptr_array_add(found, fake("cp39"));
	g_ptr_array_add(found, fake("cp311"));
	g_ptr_array_add(found, fake("cp313"));
	g_ptr_array_add(found, fake("cp313t"));
	for (guint i = 0; i < G_N_ELEMENTS(table); i++) {
		g_autoptr(GError) err = NULL;
		g_autoptr(GPtrArray) got =
			python_select(f->s, found, table[i].wanted, &err);
		if (!table[i].got) {
			g_assert_error(err, XORCH_ERROR, table[i].code);
			continue;
		}
		g_assert_no_error(err);
		g_autoptr(GString) text = g_string_new(NULL);
		for (guint j = 0; j < got->len; j++) {
			const host_python *p = g_ptr_array_index(got, j);
			g_string_append_printf(text, "%s%s", j ? " " : "", p->tag);
		}
		g_assert_cmpstr(text->str, ==, table[i].got);
	}
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	g_autoptr(GError) err = NULL;
	g_assert_null(python_select(f->s, none, NULL, &err));
	g_assert_nonnull(strstr(err->message, "pyenv install"));
}

/* A folder with pyenv's layout: two versions, shims that are scripts. */
static void layout(const char *dir, const char *program)
{
	static const char *const links[] = {"versions/3.9.1/bin/python3",
		"versions/3.10.2/bin/python3", "versions/3.10.2/bin/python3.10"};

	for (guint i = 0; i < G_N_ELEMENTS(links); i++) {
		g_autofree char *path = g_build_filename(dir, links[i], NULL);
		g_autofree char *folder = g_path_get_dirname(path);
		g_autoptr(GError) err = NULL;
		g_assert_true(fs_mkdir_p(folder, 0755, &err));
		g_autofree char *name = g_strdelimit(g_strdup(links[i]), "/", '-');
		g_autofree char *copy = g_build_filename(dir, name, NULL);
		g_assert_true(fs_copy_tree(program, copy, FS_COPY, &err));
		g_assert_no_error(err);
		g_assert_cmpint(symlink(copy, path), ==, 0);
	}
	g_autofree char *shims = g_build_filename(dir, "shims", NULL);
	g_autofree char *shim = g_build_filename(shims, "python3", NULL);
	g_mkdir(shims, 0755);
	g_file_set_contents(shim, "#!/bin/sh\nexit 1\n", -1, NULL);
	g_chmod(shim, 0755);
}

static void default_is(const char *want)
{
	g_autofree char *path = python_find_default();
	g_autofree char *base = path ? g_path_get_basename(path) : NULL;

	g_assert_cmpstr(base, ==, want);
}

static void pyenv(fixture *f, gconstpointer data)
{
	(void)data;
	g_autofree char *root = realpath(f->dir, NULL);
	g_autofree char *true_path = realpath("/bin/true", NULL);
	g_autofree char *shims = g_build_filename(root, "shims", NULL);
	g_autofree char *version = g_build_filename(root, "version", NULL);
	g_autofree char *work = g_build_filename(root, "work", NULL);
	g_autofree char *local = g_build_filename(work, ".python-version", NULL);
	g_autofree char *old_path = g_strdup(g_getenv("PATH"));

	layout(root, true_path);
	g_mkdir(work, 0755);
	g_unsetenv("PYENV_ROOT");
	g_unsetenv("PYENV_VERSION");
	g_setenv("PATH", shims, TRUE);
	g_setenv("UV_PYTHON_INSTALL_DIR", "/nonexistent", TRUE);
	g_autoptr(GPtrArray) places = python_find_places();
	g_assert_cmpuint(places->len, >=, 3);
	for (guint i = 0; i < 3; i++) {
		const python_place *p = g_ptr_array_index(places, i);
		g_assert_cmpstr(p->origin, ==, "pyenv");
	}
	/* The newest version first: 3.10 after 3.9 by number, not by letter. */
	const python_place *first = g_ptr_array_index(places, 0);
	g_assert_nonnull(strstr(first->path, "3.10.2"));

	default_is(NULL);
	g_file_set_contents(version, "system\n3.9.1\n", -1, NULL);
	default_is("versions-3.9.1-bin-python3");
	g_file_set_contents(local, "3.10.2\n", -1, NULL);
	g_assert_cmpint(g_chdir(work), ==, 0);
	default_is("versions-3.10.2-bin-python3");
	g_setenv("PYENV_VERSION", "3.9.1", TRUE);
	default_is("versions-3.9.1-bin-python3");
	g_setenv("PYENV_VERSION", "../../../etc", TRUE);
	default_is(NULL);
	g_unsetenv("PYENV_VERSION");
	g_setenv("PATH", old_path, TRUE);
	g_assert_cmpint(g_chdir("/"), ==, 0);
}

static void refused(fixture *f, gconstpointer data)
{
	(void)data;
	g_autofree char *reason = NULL;

	g_assert_null(host_python_probe(f->s, "/bin/true", &reason));
	g_assert_cmpstr(reason, ==, "its answer cannot be read");
	g_clear_pointer(&reason, g_free);
	g_assert_null(host_python_probe(f->s, "/nonexistent/python3", &reason));
	g_assert_nonnull(reason);
}

/* The answer of a run is kept, and dropped when the file changes. */
static void kept(fixture *f, gconstpointer data)
{
	(void)data;
	g_autoptr(GPtrArray) found = host_python_find_all(f->s, NULL);
	g_autofree char *reason = NULL;
	g_autoptr(GError) err = NULL;

	if (!found->len) {
		g_test_skip("no CPython 3.9 to 3.14 on this machine");
		return;
	}
	const host_python *p = g_ptr_array_index(found, 0);
	g_autofree char *copy = g_build_filename(f->dir, "python3", NULL);
	g_assert_true(fs_copy_tree(p->executable, copy, FS_COPY, &err));
	g_autoptr(host_python) first = host_python_probe(f->s, copy, &reason);
	g_assert_cmpstr(reason, ==, NULL);
	g_assert_cmpstr(first->tag, ==, p->tag);
	g_assert_cmpstr(first->version, ==, p->version);
	g_autofree char *vars = host_python_vars(f->s, first, &err);
	g_assert_nonnull(strstr(vars, "\"SOABI\""));

	/* Replace it by something that cannot answer, with the same inode, times and
	 * size as far as stat can tell: the record must speak. */
	GStatBuf st;
	g_assert_cmpint(g_stat(copy, &st), ==, 0);
	g_assert_cmpint(truncate(copy, 0), ==, 0);
	g_assert_cmpint(truncate(copy, st.st_size), ==, 0);
	struct timespec times[2] = {st.st_atim, st.st_mtim};
	g_assert_cmpint(utimensat(AT_FDCWD, copy, times, 0), ==, 0);
	g_autoptr(host_python) second = host_python_probe(f->s, copy, &reason);
	g_assert_cmpstr(reason, ==, NULL);
	g_assert_cmpstr(second->version, ==, p->version);

	times[1].tv_sec--;
	g_assert_cmpint(utimensat(AT_FDCWD, copy, times, 0), ==, 0);
	g_assert_null(host_python_probe(f->s, copy, &reason));
	g_assert_nonnull(reason);
}

static void headers(fixture *f, gconstpointer data)
{
	(void)data;
	g_autoptr(GError) err = NULL;
	g_autofree char *include = g_build_filename(f->dir, "include", NULL);
	g_autofree char *python_h = g_build_filename(include, "Python.h", NULL);
	g_autofree char *deep = g_build_filename(include, "cpython", "a.h", NULL);
	g_autofree char *deep_dir = g_path_get_dirname(deep);
	host_python p = {.version = (char *)"3.11.7",
		.minor = 11,
		.executable = (char *)"/x",
		.include = include};
	g_autofree char *config_h = g_build_filename(include, "pyconfig.h", NULL);

	p.config_h = config_h;
	g_assert_null(host_python_header_digest(f->s, &p, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_HOST);
	g_assert_nonnull(strstr(err->message, "libpython3.11-dev"));
	g_assert_true(fs_mkdir_p(deep_dir, 0755, NULL));
	g_file_set_contents(python_h, "a", -1, NULL);
	g_file_set_contents(config_h, "b", -1, NULL);
	g_file_set_contents(deep, "c", -1, NULL);
	g_autofree char *one = host_python_header_digest(f->s, &p, NULL);
	g_autofree char *again = host_python_header_digest(f->s, &p, NULL);
	g_assert_cmpstr(one, ==, again);
	g_file_set_contents(deep, "d", -1, NULL);
	g_autofree char *two = host_python_header_digest(f->s, &p, NULL);
	g_assert_cmpstr(one, !=, two);
	g_file_set_contents(deep, "c", -1, NULL);
	g_autofree char *three = host_python_header_digest(f->s, &p, NULL);
	g_assert_cmpstr(one, ==, three);
}

#define ADD(path, f) g_test_add(path, fixture, NULL, setup, f, teardown)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/python/tags", tags);
	ADD("/python/select", select_from);
	ADD("/python/pyenv", pyenv);
	ADD("/python/refused", refused);
	ADD("/python/kept", kept);
	ADD("/python/headers", headers);
	return g_test_run();
}
