#include "base/error.h"
#include "base/fs.h"
#include "format/digest.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *dir;

static char *at(const char *rel)
{
	return g_build_filename(dir, rel, NULL);
}

static void put(const char *rel, const char *text)
{
	g_autofree char *path = at(rel);
	g_autofree char *up = g_path_get_dirname(path);

	g_assert_true(fs_mkdir_p(up, 0755, NULL));
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static char *get(const char *rel)
{
	g_autofree char *path = at(rel);
	char *text = NULL;

	g_file_get_contents(path, &text, NULL, NULL);
	return text;
}

static void make_link(const char *target, const char *rel)
{
	g_autofree char *path = at(rel);
	g_autofree char *up = g_path_get_dirname(path);

	g_assert_true(fs_mkdir_p(up, 0755, NULL));
	g_assert_cmpint(symlink(target, path), ==, 0);
}

static void begin(void)
{
	dir = g_dir_make_tmp("xorch-fs-XXXXXX", NULL);
	g_assert_nonnull(dir);
}

static void end(void)
{
	g_autoptr(GError) err = NULL;

	g_assert_true(fs_remove_tree(dir, &err));
	g_assert_no_error(err);
	g_assert_false(g_file_test(dir, G_FILE_TEST_EXISTS));
	g_clear_pointer(&dir, g_free);
}

static void write_atomic(void)
{
	g_autoptr(GError) err = NULL;
	begin();
	g_autofree char *path = at("a");

	g_assert_true(fs_write_atomic(path, "one", 3, 0644, &err));
	g_assert_true(fs_write_atomic(path, "", 0, 0600, &err));
	g_autofree char *text = get("a");
	g_assert_cmpstr(text, ==, "");
	struct stat st;
	g_assert_cmpint(stat(path, &st), ==, 0);
	g_assert_cmpint(st.st_mode & 07777, ==, 0600);
	g_autofree char *none = at("no/such/folder");
	g_assert_false(fs_write_atomic(none, "x", 1, 0644, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_HOST);
	/* A folder at the final name: nothing is left beside it. */
	g_autofree char *folder = at("d");
	g_assert_true(fs_mkdir_p(folder, 0755, NULL));
	g_clear_error(&err);
	g_assert_false(fs_write_atomic(folder, "x", 1, 0644, &err));
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	int entries = 0;
	while (g_dir_read_name(d))
		entries++;
	g_assert_cmpint(entries, ==, 2);
	end();
}

static void rewrite(void)
{
	g_autoptr(GError) err = NULL;
	g_autofree char *path = NULL, *link = NULL, *none = NULL;
	struct stat st;

	begin();
	put("far/file", "old");
	path = at("far/file");
	g_assert_cmpint(chmod(path, 0640), ==, 0);
	make_link("far/file", "link");
	link = at("link");
	g_assert_true(fs_rewrite(link, "new", 3, &err));
	g_assert_no_error(err);
	g_autofree char *text = get("far/file");
	g_assert_cmpstr(text, ==, "new");
	g_assert_cmpint(lstat(link, &st), ==, 0);
	g_assert_true(S_ISLNK(st.st_mode));
	g_assert_cmpint(stat(path, &st), ==, 0);
	g_assert_cmpint(st.st_mode & 07777, ==, 0640);
	none = at("none");
	g_assert_false(fs_rewrite(none, "x", 1, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_HOST);
	g_clear_error(&err);
	g_assert_false(fs_rewrite(dir, "x", 1, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_HOST);
	end();
}

static void read_limits(void)
{
	begin();
	put("f", "12345");
	g_autofree char *path = at("f");
	g_autoptr(GBytes) all = fs_read(path, 5, NULL);
	g_assert_cmpuint(g_bytes_get_size(all), ==, 5);
	g_autoptr(GError) err = NULL;
	g_assert_null(fs_read(path, 4, &err));
	g_assert_nonnull(strstr(err->message, "larger than 4 bytes"));
	g_clear_error(&err);
	g_assert_null(fs_read(dir, 100, &err));
	g_assert_nonnull(strstr(err->message, "folder"));
	g_clear_error(&err);
	g_autofree char *fifo = at("fifo");
	g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
	g_assert_null(fs_read(fifo, 100, &err)); /* and does not hang */
	g_autoptr(GBytes) proc = fs_read("/proc/self/status", 1 << 20, NULL);
	g_assert_cmpuint(g_bytes_get_size(proc), >, 10);
	end();
}

static void remove_hostile(void)
{
	begin();
	put("outside/kept", "x");
	put("tree/closed/file", "x");
	g_autofree char *outside = at("outside");
	make_link(outside, "tree/link");
	g_autofree char *closed = at("tree/closed");
	g_assert_cmpint(chmod(closed, 0000), ==, 0);
	g_autofree char *tree = at("tree");
	/* Far deeper than PATH_MAX and than there are descriptors. */
	int fd = open(tree, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 3000; i++) {
		g_assert_cmpint(mkdirat(fd, "deeper", 0700), ==, 0);
		int next = openat(fd, "deeper", O_RDONLY | O_DIRECTORY);
		close(fd);
		fd = next;
	}
	close(fd);
	g_autoptr(GError) err = NULL;
	g_assert_true(fs_remove_tree(tree, &err));
	g_assert_no_error(err);
	g_assert_false(g_file_test(tree, G_FILE_TEST_EXISTS));
	g_autofree char *kept = get("outside/kept");
	g_assert_cmpstr(kept, ==, "x");
	make_link(outside, "alone");
	g_autofree char *alone = at("alone");
	g_assert_true(fs_remove_tree(alone, &err));
	g_assert_true(fs_remove_tree(alone, &err)); /* absent is fine */
	g_assert_true(g_file_test(outside, G_FILE_TEST_IS_DIR));
	end();
}

static void copy(gconstpointer flags_of)
{
	fs_copy_flags flags = GPOINTER_TO_INT(flags_of);
	begin();
	put("from/a/b", "text");
	put("from/old", "new");
	put("to/old", "old");
	make_link("a/b", "from/l");
	make_link("elsewhere", "to/l");
	g_autofree char *from = at("from"), *to = at("to"), *b = at("from/a/b");
	g_autofree char *b2 = at("to/a/b"), *l2 = at("to/l");
	chmod(b, 0711);
	g_autoptr(GError) err = NULL;
	g_assert_true(fs_copy_tree(from, to, flags, &err));
	g_assert_no_error(err);
	struct stat x, y;
	g_assert_cmpint(stat(b, &x), ==, 0);
	g_assert_cmpint(stat(b2, &y), ==, 0);
	g_assert_cmpint(y.st_mode, ==, x.st_mode);
	g_assert_cmpint(y.st_mtim.tv_nsec, ==, x.st_mtim.tv_nsec);
	g_assert_cmpint(x.st_ino == y.st_ino, ==, (flags & FS_HARDLINK) != 0);
	g_autofree char *target = g_file_read_link(l2, NULL);
	g_assert_cmpstr(target, ==, "a/b");
	g_autofree char *old = get("to/old");
	g_assert_cmpstr(old, ==, "new");
	g_autofree char *fifo = at("from/fifo");
	mkfifo(fifo, 0600);
	g_assert_false(fs_copy_tree(from, to, flags, &err));
	end();
}

/* rel, opens?, resolves to */
static const struct {
	const char *rel;
	gboolean opens;
	const char *resolved;
} beneath_cases[] = {
	{"a/file", TRUE, "a/file"},
	{"./a//file", TRUE, "a/file"},
	{"a/../a/file", TRUE, "a/file"},
	{"inside", TRUE, "a/file"},
	{"dirlink/file", TRUE, "a/file"},
	{"a/up", TRUE, "a/file"},
	{"absolute", FALSE, NULL},
	{"../outside", FALSE, NULL},
	{"a/../../outside", FALSE, NULL},
	{"escape", FALSE, NULL},
	{"loop", FALSE, NULL},
	{"/etc/passwd", FALSE, NULL},
	{"missing", FALSE, NULL},
	{"a/file/below", FALSE, NULL},
};

static void beneath(void)
{
	begin();
	put("outside", "secret");
	put("root/a/file", "text");
	make_link("a/file", "root/inside");
	make_link("a", "root/dirlink");
	make_link("../a/file", "root/a/up");
	make_link("/etc/passwd", "root/absolute");
	make_link("../outside", "root/escape");
	make_link("loop", "root/loop");
	g_autofree char *root = at("root");
	int fd = open(root, O_RDONLY | O_DIRECTORY);

	for (gsize i = 0; i < G_N_ELEMENTS(beneath_cases); i++) {
		g_autoptr(GError) err = NULL;
		g_test_message("%s", beneath_cases[i].rel);
		int got = fs_open_beneath(fd, beneath_cases[i].rel, O_RDONLY, 0, &err);
		g_assert_cmpint(got >= 0, ==, beneath_cases[i].opens);
		g_assert_cmpint(err == NULL, ==, beneath_cases[i].opens);
		if (got >= 0) {
			char text[8] = "";
			g_assert_cmpint(read(got, text, 7), ==, 4);
			g_assert_cmpstr(text, ==, "text");
			close(got);
		}
		g_clear_error(&err);
		g_autofree char *path =
			fs_resolve_beneath(root, beneath_cases[i].rel, &err);
		g_autofree char *want =
			beneath_cases[i].resolved
				? g_build_filename(root, beneath_cases[i].resolved, NULL)
				: NULL;
		g_assert_cmpstr(path, ==, want);
	}
	g_autoptr(GError) err = NULL;
	g_assert_cmpint(
		fs_open_beneath(fd, "inside", O_RDONLY | O_NOFOLLOW, 0, &err), <, 0);
	g_clear_error(&err);
	int made = fs_open_beneath(fd, "a/new", O_WRONLY | O_CREAT | O_EXCL, 0600, &err);
	g_assert_no_error(err);
	close(made);
	g_assert_cmpint(fs_open_beneath(fd, "escape", O_WRONLY | O_TRUNC, 0, &err), <, 0);
	close(fd);
	g_autofree char *kept = get("outside");
	g_assert_cmpstr(kept, ==, "secret");
	end();
}

/* The same without openat2: a program of its own, because it is asked once. */
static void beneath_by_hand(void)
{
	if (g_test_subprocess()) {
		g_setenv("XORCH_TEST_NO_OPENAT2", "1", TRUE);
		beneath();
		return;
	}
	g_test_trap_subprocess(NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
	g_test_trap_assert_passed();
}

static void space(void)
{
	begin();
	g_autofree char *pretend = at("free");
	g_autofree char *deep = at("not/yet/there");
	guint64 bytes = 0;
	g_autoptr(GError) err = NULL;

	g_assert_true(fs_free_space(deep, &bytes, &err));
	g_assert_cmpuint(bytes, >, 0);
	put("free", "1000");
	g_setenv("XORCH_TEST_FREE_SPACE_FILE", pretend, TRUE);
	g_assert_true(fs_need_space(deep, 1000, &err));
	g_assert_false(fs_need_space(deep, 1001, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_HOST);
	g_assert_nonnull(strstr(err->message, deep));
	g_assert_nonnull(strstr(err->message, "needed: 1"));
	g_assert_nonnull(strstr(err->message, "free: "));
	g_unsetenv("XORCH_TEST_FREE_SPACE_FILE");
	/* The kernel's own word for it. */
	int full = open("/dev/full", O_WRONLY);
	g_clear_error(&err);
	g_assert_false(fs_write_all(full, "abc", 3, "/dev/full", &err));
	g_assert_nonnull(strstr(err->message, "[X0821]"));
	close(full);
	end();
}

static void digests(void)
{
	begin();
	put("abc", "abc");
	g_autofree char *path = at("abc"), *bad = at("link");
	gint64 size = 0;
	g_autofree char *hex = digest_file(path, &size, NULL);
	g_assert_cmpstr(hex, ==,
		"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	g_assert_cmpint(size, ==, 3);
	g_autofree char *upper = g_ascii_strup(hex, -1);
	g_autofree char *lower = digest_normalise(upper);
	g_assert_cmpstr(lower, ==, hex);
	upper[63] = '\0';
	g_assert_null(digest_normalise(upper));
	upper[62] = ' ';
	g_assert_null(digest_normalise(upper));
	g_assert_null(digest_normalise("d41d8cd98f00b204e9800998ecf8427e"));
	make_link("abc", "link");
	g_assert_null(digest_file(bad, NULL, NULL));
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/fs/write_atomic", write_atomic);
	g_test_add_func("/fs/rewrite", rewrite);
	g_test_add_func("/fs/read", read_limits);
	g_test_add_func("/fs/remove", remove_hostile);
	g_test_add_data_func("/fs/copy", GINT_TO_POINTER(FS_COPY), copy);
	g_test_add_data_func("/fs/hardlink", GINT_TO_POINTER(FS_HARDLINK), copy);
	g_test_add_func("/fs/beneath", beneath);
	g_test_add_func("/fs/beneath_by_hand", beneath_by_hand);
	g_test_add_func("/fs/D01-space", space);
	g_test_add_func("/digest/H03", digests);
	return g_test_run();
}
