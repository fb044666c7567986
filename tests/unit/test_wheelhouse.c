#include "ship/wheelhouse.h"
#include "format/wheel.h"
#include "format/zip_writer.h"
#include "base/error.h"
#include "base/fs.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINUX "pkg-1.0-cp311-cp311-linux_aarch64.whl"
#define DONE "pkg-1.0-cp311-cp311-manylinux2014_aarch64.manylinux_2_17_aarch64.whl"

typedef struct scene {
	char *dir, *in, *out;
	wheel_expect expect;
	wheel_result result;
	GError *err;
} scene;

static void setup(scene *s, gconstpointer unused)
{
	(void)unused;
	s->dir = g_dir_make_tmp("wheelhouse-XXXXXX", NULL);
	s->in = g_build_filename(s->dir, "in", NULL);
	s->out = g_build_filename(s->dir, "dist", NULL);
	g_mkdir(s->in, 0755);
	s->expect = (wheel_expect){.name = "Pkg",
		.version = "1.0",
		.python = "cp311",
		.platform = platform_by_name("aarch64"),
		.floor = "2_17",
		.mtime = 1700000000,
		.jobs = 1};
}

static void teardown(scene *s, gconstpointer unused)
{
	(void)unused;
	wheel_result_clear(&s->result);
	g_clear_error(&s->err);
	fs_remove_tree(s->dir, NULL);
	g_free(s->dir);
	g_free(s->in);
	g_free(s->out);
}

static GBytes *fixture(const char *name)
{
	g_autofree char *path = g_build_filename(FIXTURES, "wheel", name, NULL);

	return fs_read(path, 1 << 20, NULL);
}

static void add(zip_writer *w, const char *name, GBytes *bytes)
{
	gsize n;
	const void *data = g_bytes_get_data(bytes, &n);

	zip_writer_add(w, name, data, n, g_str_has_suffix(name, ".so"), NULL);
	g_bytes_unref(bytes);
}

static GBytes *text(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	char *t = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	return g_bytes_new_take(t, strlen(t));
}

/* A builder's wheel: `so` is a fixture or NULL for pure Python. RECORD is empty
 * and members are in an odd order, as careless backends leave them. */
static char *build(const scene *s, const char *file, const char *name,
	const char *version, const char *so, const char *body)
{
	char *path = g_build_filename(s->in, file, NULL);
	g_autofree char *info = g_strdup_printf("%s-%s.dist-info/", name, version);
	g_autofree char *meta = g_strconcat(info, "METADATA", NULL);
	g_autofree char *tags = g_strconcat(info, "WHEEL", NULL);
	g_autofree char *record = g_strconcat(info, "RECORD", NULL);
	g_auto(GStrv) part = g_strsplit(file, "-", -1);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	g_autoptr(zip_writer) w = zip_writer_new(fd, path, g_random_int());

	add(w, record, text("%s", ""));
	add(w, tags,
		text("Wheel-Version: 1.0\nGenerator: careless (1.0)\n"
		     "Root-Is-Purelib: true\nTag: cp311-cp311-linux_aarch64\n"));
	if (so)
		add(w, "pkg/_impl.cpython-311-aarch64-linux-gnu.so", fixture(so));
	add(w, "pkg/__init__.py", text("%s", body));
	add(w, meta,
		text("Metadata-Version: 2.1\nName: %s\nVersion: %s\n", name, version));
	g_assert_true(zip_writer_finish(w, NULL));
	close(fd);
	return path;
}

static void good(scene *s)
{
	g_free(build(s, LINUX, "pkg", "1.0", "impl.so", ""));
}

static gboolean finish(scene *s)
{
	wheel_result_clear(&s->result);
	g_clear_error(&s->err);
	return wheel_finish(s->in, &s->expect, s->out, &s->result, &s->err);
}

static void refused(scene *s, int code, const char *words)
{
	g_assert_false(finish(s));
	g_assert_error(s->err, XORCH_ERROR, code);
	if (!strstr(s->err->message, words))
		g_error("\"%s\" lacks \"%s\"", s->err->message, words);
	/* Nothing appears under a final name, nothing is left lying about. */
	g_autoptr(GDir) dir = g_dir_open(s->out, 0, NULL);
	g_assert_true(!dir || !g_dir_read_name(dir));
}

static void finished(scene *s, gconstpointer unused)
{
	(void)unused;
	good(s);
	if (!finish(s))
		g_error("%s", s->err->message);
	g_assert_cmpstr(s->result.file, ==, DONE);
	g_assert_cmpstr(s->result.tags[0], ==, "manylinux2014_aarch64");
	g_assert_cmpstr(s->result.tags[1], ==, "manylinux_2_17_aarch64");
	g_assert_false(s->result.existed);

	/* The result passes its own audit, strictly. */
	audit_options o = {.strict = TRUE};
	audit_report *r = NULL;
	g_assert_true(audit_file(s->result.path, &o, &r, NULL));
	g_autoptr(GString) shown = g_string_new(NULL);
	audit_report_text(r, shown);
	if (r->findings->len)
		g_error("%s", shown->str);
	g_assert_cmpstr(r->tag, ==, "manylinux_2_17_aarch64");
	audit_report_free(r);

	g_autoptr(wheel) w = wheel_open(s->result.path, TRUE, NULL);
	g_assert_cmpstr(wheel_header(w->info, "Root-Is-Purelib"), ==, "false");
	g_assert_cmpstr(wheel_header(w->info, "Generator"), ==, "careless (1.0)");
	const zip_entry *e = w->zip->entries;
	g_assert_cmpstr(e[0].name, ==, "pkg/__init__.py");
	g_assert_cmpstr(e[1].name, ==, "pkg/_impl.cpython-311-aarch64-linux-gnu.so");
	g_assert_cmpstr(e[4].name, ==, "pkg-1.0.dist-info/RECORD");
	g_assert_cmpuint(e[1].mode, ==, 0755);
	g_assert_cmpuint(e[0].mode, ==, 0644);
	struct stat st;
	g_assert_cmpint(stat(s->result.path, &st), ==, 0);
	g_assert_cmpuint(st.st_mode & 07777, ==, 0644);
}

/* Same contents, other order and times of the builder's file: same bytes. */
static void deterministic(scene *s, gconstpointer unused)
{
	(void)unused;
	good(s);
	g_assert_true(finish(s));
	g_autofree char *first = g_strdup(s->result.sha256);
	good(s);
	g_assert_true(finish(s));
	g_assert_cmpstr(s->result.sha256, ==, first);
	g_assert_true(s->result.existed);
	s->expect.mtime++;
	s->expect.replace = TRUE;
	s->expect.mtime += 2; /* DOS time has steps of two seconds */
	g_assert_true(finish(s));
	g_assert_cmpstr(s->result.sha256, !=, first);
}

static void w01_none(scene *s, gconstpointer unused)
{
	(void)unused;
	g_autofree char *sdist = g_build_filename(s->in, "pkg-1.0.tar.gz", NULL);

	refused(s, EXIT_AUDIT, "the output folder is empty");
	g_file_set_contents(sdist, "x", 1, NULL);
	refused(s, EXIT_AUDIT, "pkg-1.0.tar.gz");
	g_assert_nonnull(strstr(s->err->message, "[X0720]"));
}

static void w01_two(scene *s, gconstpointer unused)
{
	(void)unused;
	good(s);
	g_free(build(s, "other-1.0-py3-none-any.whl", "other", "1.0", NULL, ""));
	refused(s, EXIT_AUDIT, "several wheels");
	g_assert_nonnull(strstr(s->err->message, "other-1.0-py3-none-any.whl"));
}

static void w02_other(scene *s, gconstpointer unused)
{
	(void)unused;
	good(s);
	s->expect.name = "different";
	refused(s, EXIT_AUDIT, "another project");
	g_assert_nonnull(strstr(s->err->message, "different"));
	s->expect.name = "PKG";
	s->expect.version = "1.1";
	refused(s, EXIT_AUDIT, "another version");
	s->expect.version = "1.0.0";
	s->expect.python = "cp312";
	refused(s, EXIT_AUDIT, "another Python");
	s->expect.python = "cp311";
	g_assert_true(finish(s));
}

static void w03_name(scene *s, gconstpointer unused)
{
	(void)unused;
	g_autofree char *path = build(s, LINUX, "pkg", "1.0", "impl.so", "");
	static const char *const names[] = {"pkg-1.0-cp311-cp311-linux_aarch64\n.whl",
		"pkg-1.0-cp311-linux_aarch64.whl", "pkg-..-cp311-cp311-linux_aarch64.whl",
		"pkg-1.0-cp311-cp311-linux_aarch64;x.whl"};

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *bad = g_build_filename(s->in, names[i], NULL);
		g_assert_cmpint(g_rename(path, bad), ==, 0);
		refused(s, EXIT_AUDIT, "not a wheel's file name");
		g_assert_cmpint(g_rename(bad, path), ==, 0);
	}
}

static void w04_kind(scene *s, gconstpointer unused)
{
	(void)unused;
	g_autofree char *elsewhere = g_build_filename(s->dir, "elsewhere.whl", NULL);
	g_autofree char *path = build(s, LINUX, "pkg", "1.0", "impl.so", "");

	g_rename(path, elsewhere);
	g_assert_cmpint(symlink(elsewhere, path), ==, 0);
	refused(s, EXIT_AUDIT, "symbolic link");
	g_unlink(path);
	g_assert_cmpint(mkfifo(path, 0600), ==, 0);
	refused(s, EXIT_AUDIT, "not a regular file");
	g_unlink(path);
	g_mkdir(path, 0755);
	refused(s, EXIT_AUDIT, "not a regular file");
}

/* A builder that keeps its output open cannot change what was placed. */
static void w05_held_open(scene *s, gconstpointer unused)
{
	(void)unused;
	g_autofree char *path = build(s, LINUX, "pkg", "1.0", "impl.so", "");
	int fd = open(path, O_RDWR);
	struct stat in, out;

	g_assert_true(finish(s));
	g_autofree char *before = g_strdup(s->result.sha256);
	g_assert_cmpint(pwrite(fd, "XXXX", 4, 0), ==, 4);
	g_assert_cmpint(fstat(fd, &in), ==, 0);
	close(fd);
	g_assert_cmpint(stat(s->result.path, &out), ==, 0);
	g_assert_true(in.st_ino != out.st_ino);
	good(s);
	g_assert_true(finish(s));
	g_assert_true(s->result.existed);
	g_assert_cmpstr(s->result.sha256, ==, before);
}

static void w06_pure(scene *s, gconstpointer unused)
{
	(void)unused;
	g_free(build(s, "pkg-1.0-py3-none-any.whl", "pkg", "1.0", NULL, ""));
	refused(s, EXIT_AUDIT, "pure-Python wheel");
	s->expect.allow_pure = TRUE;
	g_assert_true(finish(s));
	g_assert_cmpstr(s->result.file, ==, "pkg-1.0-py3-none-any.whl");
}

static void w10_floor(scene *s, gconstpointer unused)
{
	(void)unused;
	g_free(build(s, LINUX, "pkg", "1.0", "new.so", ""));
	refused(s, EXIT_AUDIT, "newer glibc than manylinux_2_17_aarch64");
	g_assert_nonnull(strstr(s->err->message, "fcntl64@GLIBC_2.28"));
	s->expect.floor = "2_31";
	g_assert_true(finish(s));
	/* The tag follows what the code needs, not what was allowed. */
	g_assert_cmpstr(
		s->result.file, ==, "pkg-1.0-cp311-cp311-manylinux_2_28_aarch64.whl");
}

static void lost_extension(scene *s, gconstpointer unused)
{
	(void)unused;
	static const char *const want[] = {"pkg._impl", "pkg._speedups", NULL};
	static const char *const less[] = {"pkg._impl", NULL};

	good(s);
	s->expect.extensions = want;
	refused(s, EXIT_AUDIT, "pkg._speedups is missing");
	s->expect.extensions = less;
	g_assert_true(finish(s));
}

static audit_answer provides(
	const char *soname, const char *symbol, const char *version, void *data)
{
	(void)data;
	if (g_str_equal(soname, "libm.so.6"))
		return g_str_equal(symbol, "exp") ? AUDIT_YES : AUDIT_NO;
	if (g_str_equal(soname, "libc.so.6"))
		return g_str_equal(symbol, "malloc") &&
				       g_strcmp0(version, "GLIBC_2.17") == 0
			       ? AUDIT_YES
			       : AUDIT_NO;
	return AUDIT_UNKNOWN;
}

static void unresolved(scene *s, gconstpointer unused)
{
	(void)unused;
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);

	s->expect.provides = provides;
	g_free(build(s, LINUX, "pkg", "1.0", "loose.so", ""));
	refused(s, EXIT_AUDIT, "undefined names that nothing provides");
	g_assert_nonnull(strstr(s->err->message, "no_such_function"));
	g_assert_nonnull(strstr(s->err->message, "pthread_x@GLIBC_2.17"));
	g_assert_null(strstr(s->err->message, " exp"));
	good(s);
	g_assert_true(finish(s));
	/* With the interpreter's own list, a name it lacks is unresolved. */
	s->expect.python_symbols = names;
	g_assert_false(finish(s));
	g_assert_nonnull(strstr(s->err->message, "PyModule_Create2"));
	g_hash_table_add(names, (gpointer) "PyModule_Create2");
	g_assert_true(finish(s));
}

static void w17_no_overwrite(scene *s, gconstpointer unused)
{
	(void)unused;
	good(s);
	g_assert_true(finish(s));
	g_autofree char *first = g_strdup(s->result.sha256);
	g_assert_true(finish(s));
	g_assert_true(s->result.existed);

	g_free(build(s, LINUX, "pkg", "1.0", "impl.so", "changed = 1\n"));
	g_assert_false(finish(s));
	g_assert_error(s->err, XORCH_ERROR, EXIT_AUDIT);
	g_assert_nonnull(strstr(s->err->message, "[X0723]"));
	g_assert_nonnull(strstr(s->err->message, first));
	g_assert_nonnull(strstr(s->err->message, "build.number"));

	s->expect.build_number = 1;
	g_assert_true(finish(s));
	g_assert_cmpstr(s->result.file, ==,
		"pkg-1.0-1-cp311-cp311-manylinux2014_aarch64.manylinux_2_17_aarch64.whl");
	g_autoptr(wheel) w = wheel_open(s->result.path, TRUE, NULL);
	g_assert_cmpstr(wheel_header(w->info, "Build"), ==, "1");

	s->expect.build_number = 0;
	s->expect.replace = TRUE;
	g_assert_true(finish(s));
	g_assert_cmpstr(s->result.sha256, !=, first);
	g_assert_false(s->result.existed);
	guint files = 0;
	g_autoptr(GDir) dir = g_dir_open(s->out, 0, NULL);
	while (g_dir_read_name(dir))
		files++;
	g_assert_cmpuint(files, ==, 2);
}

/* What stands under the name may be anything; it is never written through. */
static void w17_strange_target(scene *s, gconstpointer unused)
{
	(void)unused;
	g_autofree char *victim = g_build_filename(s->dir, "victim", NULL);
	g_autofree char *final = g_build_filename(s->out, DONE, NULL);
	g_autofree char *kept = NULL;

	good(s);
	g_file_set_contents(victim, "mine", 4, NULL);
	g_mkdir(s->out, 0755);
	g_assert_cmpint(symlink(victim, final), ==, 0);
	g_assert_false(finish(s));
	g_assert_nonnull(strstr(s->err->message, "[X0723]"));
	s->expect.replace = TRUE;
	g_assert_true(finish(s));
	g_assert_true(g_file_get_contents(victim, &kept, NULL, NULL));
	g_assert_cmpstr(kept, ==, "mine");
	g_assert_false(g_file_test(final, G_FILE_TEST_IS_SYMLINK));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define T(path, fn) g_test_add("/wheelhouse/" path, scene, NULL, setup, fn, teardown)
	T("finished", finished);
	T("deterministic", deterministic);
	T("W01-none", w01_none);
	T("W01-two", w01_two);
	T("W02-other", w02_other);
	T("W03-name", w03_name);
	T("W04-kind", w04_kind);
	T("W05-held-open", w05_held_open);
	T("W06-pure", w06_pure);
	T("W10-floor", w10_floor);
	T("lost-extension", lost_extension);
	T("unresolved", unresolved);
	T("W17-no-overwrite", w17_no_overwrite);
	T("W17-strange-target", w17_strange_target);
	return g_test_run();
}
