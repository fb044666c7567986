#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/manifest.h"
#include "build/store.h"
#include "build/store_admin.h"
#include "format/digest.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *dir;
static store *s;
static GString *said;

static void listen(const event *e, void *data)
{
	(void)data;
	if (e->level == EVENT_WARNING)
		g_string_append(said, e->text);
}

static void open_store(void)
{
	g_autoptr(GError) err = NULL;

	s = store_open(dir, &err);
	g_assert_no_error(err);
}

static void begin(void)
{
	dir = g_dir_make_tmp("xorch-store-XXXXXX", NULL);
	said = g_string_new(NULL);
	event_set_sink(listen, NULL);
	open_store();
}

static void reopen(void)
{
	store_free(s);
	open_store();
}

static void end(void)
{
	g_clear_pointer(&s, store_free);
	event_set_sink(NULL, NULL);
	g_string_free(said, TRUE);
	g_assert_true(fs_remove_tree(dir, NULL));
	g_clear_pointer(&dir, g_free);
}

static void put(const char *folder, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autofree char *up = g_path_get_dirname(path);

	g_assert_true(fs_mkdir_p(up, 0755, NULL));
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* Another byte at the front, everything else as it was. */
static void flip(const char *path, gboolean keep_times)
{
	struct stat st;
	char c;
	int fd = open(path, O_RDWR);

	g_assert_cmpint(fd, >=, 0);
	g_assert_cmpint(fstat(fd, &st), ==, 0);
	g_assert_cmpint(pread(fd, &c, 1, 0), ==, 1);
	c ^= 1;
	g_assert_cmpint(pwrite(fd, &c, 1, 0), ==, 1);
	if (keep_times) {
		struct timespec times[2] = {st.st_atim, st.st_mtim};
		g_assert_cmpint(futimens(fd, times), ==, 0);
	}
	close(fd);
}

static int count(const char *folder)
{
	g_autofree char *path = g_build_filename(store_dir(s), folder, NULL);
	g_autoptr(GDir) d = g_dir_open(path, 0, NULL);
	int n = 0;

	while (d && g_dir_read_name(d))
		n++;
	return n;
}

static void blobs(void)
{
	begin();
	g_autoptr(GError) err = NULL;
	g_autofree char *sha = store_blob_add_bytes(s, "hello", 5, &err);
	g_assert_no_error(err);
	g_autofree char *path = store_blob_find(s, sha, 5);
	g_assert_nonnull(path);
	g_autofree char *upper = g_ascii_strup(sha, -1);
	g_autofree char *same = store_blob_find(s, upper, -1);
	g_assert_cmpstr(same, ==, path);
	g_autofree char *again = store_blob_add_file(s, path, &err);
	g_assert_cmpstr(again, ==, sha);
	g_assert_null(store_blob_find(s, "not a digest", -1));
	g_autofree char *nothing = store_blob_add_bytes(s, NULL, 0, &err);
	g_autofree char *empty = store_blob_find(s, nothing, 0);
	g_assert_nonnull(empty);
	reopen();
	g_assert_cmpint(count("tmp"), ==, 0);
	g_autofree char *tag = g_build_filename(dir, "CACHEDIR.TAG", NULL);
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(tag, &text, NULL, NULL));
	g_assert_true(
		g_str_has_prefix(text, "Signature: 8a477f597d28d172789f06886806bc55"));
	end();
}

static void blob_flipped(void)
{
	begin();
	g_autofree char *sha = store_blob_add_bytes(s, "hello", 5, NULL);
	g_autofree char *path = store_blob_find(s, sha, 5);

	flip(path, TRUE);
	g_assert_cmpint(store_blob_look(s, sha, 5, NULL), ==, STORE_BLOB_DAMAGED);
	g_assert_nonnull(strstr(said->str, "damaged"));
	g_assert_cmpint(count("bad"), ==, 1);
	g_assert_cmpint(store_blob_look(s, sha, 5, NULL), ==, STORE_BLOB_ABSENT);
	g_free(store_blob_add_bytes(s, "hello", 5, NULL));
	g_autofree char *back = store_blob_find(s, sha, 5);
	g_assert_nonnull(back);
	/* Another size than the lock's. */
	g_assert_cmpint(store_blob_look(s, sha, 6, NULL), ==, STORE_BLOB_DAMAGED);
	end();
}

static void blob_empty(void)
{
	begin();
	g_autofree char *sha = store_blob_add_bytes(s, "hello", 5, NULL);
	g_autofree char *path = store_blob_find(s, sha, 5);

	g_assert_cmpint(truncate(path, 0), ==, 0);
	reopen();
	g_assert_null(store_blob_find(s, sha, -1));
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	end();
}

static void records(void)
{
	begin();
	g_autoptr(GError) err = NULL;
	g_assert_true(store_record_put(s, "probe", "a-1", "text", 4, &err));
	g_autofree char *text = store_record_get_text(s, "probe", "a-1");
	g_assert_cmpstr(text, ==, "text");
	g_assert_null(store_record_get(s, "probe", "b"));
	g_assert_null(store_record_get(s, "probe", "../a"));
	g_assert_false(store_record_put(s, "probe", "a/b", "", 0, &err));
	g_clear_error(&err);
	g_assert_true(store_record_put(s, "probe", "none", NULL, 0, &err));
	g_autoptr(GBytes) none = store_record_get(s, "probe", "none");
	g_assert_cmpuint(g_bytes_get_size(none), ==, 0);
	g_autofree char *path = g_build_filename(store_dir(s), "records/probe/a-1", NULL);
	g_assert_cmpint(truncate(path, 82), ==, 0); /* K07: half written */
	g_assert_null(store_record_get(s, "probe", "a-1"));
	g_assert_true(store_record_remove(s, "probe", "a-1", &err));
	g_assert_true(store_record_remove(s, "probe", "a-1", &err));
	end();
}

static char *make_tree(const char *key)
{
	g_autoptr(GError) err = NULL;
	g_autofree char *ready = NULL;
	store_tree *t = store_tree_begin(s, "test", key, &ready, &err);

	g_assert_no_error(err);
	if (!t)
		return g_steal_pointer(&ready);
	put(store_tree_dir(t), "bin/tool", "program");
	put(store_tree_dir(t), "a\nb", "odd name");
	g_autofree char *link = g_build_filename(store_tree_dir(t), "link", NULL);
	g_assert_cmpint(symlink("bin/tool", link), ==, 0);
	/* The finished marker is not something a tree can bring along (A19). */
	put(store_tree_dir(t), ".manifest", "xorch-tree 1\n");
	char *path = store_tree_finish(t, TRUE, &err);
	g_assert_no_error(err);
	return path;
}

static void trees(void)
{
	begin();
	g_assert_null(store_tree_find(s, "test", "k1"));
	g_autofree char *path = make_tree("k1");
	g_assert_nonnull(path);
	g_autofree char *found = store_tree_find(s, "test", "k1");
	g_assert_cmpstr(found, ==, path);
	reopen();
	g_autofree char *later = store_tree_find(s, "test", "k1");
	g_assert_cmpstr(later, ==, path);
	g_autofree char *ready = make_tree("k1");
	g_assert_cmpstr(ready, ==, path);
	g_autoptr(GError) err = NULL;
	g_autofree char *none = NULL;
	store_tree *t = store_tree_begin(s, "test", "k2", &none, &err);
	put(store_tree_dir(t), "x", "y");
	g_assert_null(store_tree_finish(t, FALSE, NULL));
	g_assert_null(store_tree_find(s, "test", "k2"));
	g_assert_null(store_tree_begin(s, "test", "../k", &none, &err));
	g_assert_nonnull(err);
	end();
}

typedef void (*harm)(const char *tree);

static void harm_contents(const char *tree)
{
	g_autofree char *path = g_build_filename(tree, "bin/tool", NULL);
	flip(path, FALSE);
}

static void harm_added(const char *tree)
{
	put(tree, "bin/other", "x");
}

static void harm_removed(const char *tree)
{
	g_autofree char *path = g_build_filename(tree, "link", NULL);
	g_unlink(path);
}

static void harm_link(const char *tree)
{
	g_autofree char *path = g_build_filename(tree, "link", NULL);
	g_unlink(path);
	g_assert_cmpint(symlink("bin/toal", path), ==, 0);
}

static void harm_mode(const char *tree)
{
	g_autofree char *path = g_build_filename(tree, "bin/tool", NULL);
	g_chmod(path, 0666);
}

static void harm_manifest(const char *tree)
{
	g_autofree char *path = g_strconcat(tree, ".manifest", NULL);
	g_assert_cmpint(truncate(path, 150), ==, 0);
}

static void harm_no_manifest(const char *tree)
{
	g_autofree char *path = g_strconcat(tree, ".manifest", NULL);
	g_unlink(path);
}

static void tree_damaged(gconstpointer data)
{
	begin();
	g_autofree char *path = make_tree("k");
	reopen();
	((harm)data)(path);
	g_assert_null(store_tree_find(s, "test", "k"));
	g_autofree char *again = make_tree("k");
	g_assert_cmpstr(again, ==, path);
	g_autofree char *file = g_build_filename(path, "bin/tool", NULL);
	g_autofree char *other = g_build_filename(path, "bin/other", NULL);
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(file, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, "program");
	g_assert_false(g_file_test(other, G_FILE_TEST_EXISTS));
	end();
}

/* A cache that came out of an archive: other inodes, same contents. */
static void tree_moved(void)
{
	begin();
	g_autofree char *path = make_tree("k");
	g_autofree char *manifest = g_strconcat(path, ".manifest", NULL);
	g_autofree char *aside = g_strconcat(path, ".old", NULL);
	g_autofree char *file = g_build_filename(path, "bin/tool", NULL);
	g_assert_cmpint(rename(path, aside), ==, 0);
	g_assert_true(fs_copy_tree(aside, path, FS_COPY, NULL));
	g_assert_true(fs_remove_tree(aside, NULL));
	g_assert_cmpint(manifest_check(path, manifest, NULL), ==, MANIFEST_MOVED);
	reopen();
	g_autofree char *found = store_tree_find(s, "test", "k");
	g_assert_cmpstr(found, ==, path);
	g_assert_cmpint(manifest_check(path, manifest, NULL), ==, MANIFEST_GOOD);
	/* Bit rot is beyond stat, but not beyond `cache verify`. */
	flip(file, TRUE);
	g_assert_cmpint(manifest_check(path, manifest, NULL), ==, MANIFEST_GOOD);
	g_autofree char *why = NULL;
	g_assert_cmpint(manifest_verify(path, manifest, &why), ==, MANIFEST_BAD);
	g_assert_cmpstr(why, ==, "bin/tool: has other contents");
	reopen();
	g_autofree char *by_stat = store_tree_find(s, "test", "k");
	g_assert_nonnull(by_stat);
	reopen();
	store_verify_on_use(s); /* S09 */
	g_assert_null(store_tree_find(s, "test", "k"));
	end();
}

static void speed(void)
{
	begin();
	g_autofree char *ready = NULL;
	store_tree *t = store_tree_begin(s, "test", "big", &ready, NULL);
	for (int i = 0; i < 2500; i++) {
		g_autofree char *name = g_strdup_printf("usr/lib/d%d/file-%d", i / 50, i);
		put(store_tree_dir(t), name, name);
	}
	g_autofree char *path = store_tree_finish(t, TRUE, NULL);
	g_autofree char *manifest = g_strconcat(path, ".manifest", NULL);
	double best = 1e9;
	for (int i = 0; i < 5; i++) {
		clock_t begun = clock(); /* of this process: others may be busy */
		g_assert_cmpint(manifest_check(path, manifest, NULL), ==, MANIFEST_GOOD);
		best = MIN(best, (double)(clock() - begun) / CLOCKS_PER_SEC);
	}
	g_test_message("2,500 files by stat: %.1f ms", best * 1e3);
	g_assert_cmpfloat(best, <, 0.060); /* 15 ms without sanitizers and load */
	end();
}

static void unsafe_dir(void)
{
	begin();
	g_autoptr(GError) err = NULL;
	g_chmod(dir, 0777);
	g_assert_null(store_open(dir, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_HOST);
	g_assert_nonnull(strstr(err->message, "[X0824]"));
	g_chmod(dir, 0755);
	g_clear_error(&err);
	if (geteuid() == 0 && chown(dir, 12345, (gid_t)-1) == 0) {
		g_assert_null(store_open(dir, &err));
		g_assert_nonnull(strstr(err->message, "uid 12345"));
		g_assert_cmpint(chown(dir, 0, (gid_t)-1), ==, 0);
	}
	end();
}

static void no_space(void)
{
	begin();
	g_autofree char *pretend = g_build_filename(dir, "free", NULL);
	g_autoptr(GError) err = NULL;
	g_assert_true(g_file_set_contents(pretend, "10", -1, NULL));
	g_setenv("XORCH_TEST_FREE_SPACE_FILE", pretend, TRUE);
	g_assert_null(store_blob_add_bytes(s, "12345678901", 11, &err));
	g_assert_nonnull(strstr(err->message, "[X0821]"));
	g_unsetenv("XORCH_TEST_FREE_SPACE_FILE");
	g_assert_cmpint(count("blobs"), ==, 0);
	end();
}

/* Eight processes want one tree: one makes it, all get it. */
static void one_build(void)
{
	begin();
	g_autofree char *log = g_build_filename(dir, "built", NULL);
	pid_t pids[8];

	g_clear_pointer(&s, store_free);
	for (int i = 0; i < 8; i++) {
		pids[i] = fork();
		if (pids[i] != 0)
			continue;
		g_autofree char *ready = NULL;
		store *mine = store_open(dir, NULL);
		store_tree *t = store_tree_begin(mine, "test", "k", &ready, NULL);
		if (t) {
			int fd = open(log, O_WRONLY | O_APPEND | O_CREAT, 0644);
			if (write(fd, "x", 1) != 1)
				_exit(1);
			put(store_tree_dir(t), "x", "y");
			g_usleep(50000);
			ready = store_tree_finish(t, TRUE, NULL);
		}
		_exit(ready && g_file_test(ready, G_FILE_TEST_IS_DIR) ? 0 : 1);
	}
	for (int i = 0; i < 8; i++) {
		int status;
		waitpid(pids[i], &status, 0);
		g_assert_cmpint(status, ==, 0);
	}
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(log, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, "x");
	open_store();
	end();
}

/* In a child whose view of the cache is read-only. */
static int use_read_only(void)
{
	g_autofree char *second = g_strconcat(dir, "-second", NULL);

	if ((unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) ||
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		mount(dir, dir, NULL, MS_BIND, NULL) < 0 ||
		mount(NULL, dir, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL) < 0)
		return 2;
	g_setenv("XDG_CACHE_HOME", second, TRUE);
	open_store();
	g_autofree char *old = store_tree_find(s, "test", "old");
	g_autofree char *ready = make_tree("old");
	g_autofree char *new = make_tree("new");
	g_autofree char *record = store_record_get_text(s, "probe", "r");
	gboolean ok = old && g_str_has_prefix(old, dir) && strcmp(ready, old) == 0 &&
		      new &&g_str_has_prefix(new, second) &&
		      g_strcmp0(record, "text") == 0 &&
		      store_record_put(s, "probe", "r2", "x", 1, NULL);
	store_free(s);
	return ok && fs_remove_tree(second, NULL) ? 0 : 1;
}

static void read_only(void)
{
	int status;

	begin();
	g_free(make_tree("old"));
	g_assert_true(store_record_put(s, "probe", "r", "text", 4, NULL));
	reopen();
	pid_t pid = fork();
	if (pid == 0)
		_exit(use_read_only());
	waitpid(pid, &status, 0);
	g_assert_cmpint(status, ==, 0);
	end();
}

/* kill -9 at each point of a commit: the next one finds nothing half done. */
static void killed(void)
{
	static const char *const points[] = {"rename", "manifest"};

	for (gsize i = 0; i < G_N_ELEMENTS(points); i++) {
		int status;
		begin();
		pid_t pid = fork();
		if (pid == 0) {
			g_setenv("XORCH_TEST_DIE_AT", points[i], TRUE);
			g_autofree char *path = make_tree("k");
			_exit(path ? 0 : 1);
		}
		waitpid(pid, &status, 0);
		g_assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		g_assert_cmpint(count("tmp"), >, 0);
		reopen();
		g_assert_cmpint(count("tmp"), ==, 0);
		g_assert_null(store_tree_find(s, "test", "k"));
		g_autofree char *path = make_tree("k");
		g_assert_nonnull(path);
		end();
	}
}

static void age(const char *rel, int days)
{
	g_autofree char *path = g_build_filename(store_dir(s), rel, NULL);
	struct timespec times[2];

	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= days * 86400;
	times[1] = times[0];
	g_assert_cmpint(utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW), ==, 0);
}

/* C08: what another process uses stays; when it has ended, the same goes. */
static void prune_beside(void)
{
	begin();
	store_pruned pruned;
	g_autofree char *one = make_tree("one");
	g_autofree char *two = make_tree("two");
	g_autofree char *sha = store_blob_add_bytes(s, "hello", 5, NULL);
	g_autofree char *blob = g_strdup_printf("blobs/%.2s/%s", sha, sha);
	g_clear_pointer(&s, store_free);

	int ready[2], done[2];
	char c;
	g_assert_cmpint(pipe(ready), ==, 0);
	g_assert_cmpint(pipe(done), ==, 0);
	pid_t pid = fork();
	if (pid == 0) {
		store *mine = store_open(dir, NULL);
		g_autofree char *tree = store_tree_find(mine, "test", "one");
		if (!tree || write(ready[1], "x", 1) != 1 || read(done[0], &c, 1) != 1)
			_exit(1);
		_exit(g_file_test(tree, G_FILE_TEST_IS_DIR) ? 0 : 1);
	}
	g_assert_cmpint(read(ready[0], &c, 1), ==, 1);
	open_store();
	static const char *const old[] = {"trees/test/one.manifest",
		"trees/test/two.manifest", "locks/test-one.use", "locks/test-two.use"};
	for (gsize i = 0; i < G_N_ELEMENTS(old); i++)
		age(old[i], 100);
	age(blob, 100);
	store_prune(
		s, &(store_prune_options){.max_age = 86400 * 30, .ci = FALSE}, &pruned);
	g_assert_cmpuint(pruned.in_use, ==, 1);
	g_assert_true(g_file_test(one, G_FILE_TEST_IS_DIR));
	g_assert_false(g_file_test(two, G_FILE_TEST_EXISTS));
	g_assert_null(store_blob_find(s, sha, 5));
	/* And the whole is not swept away under it either. */
	g_autoptr(GError) err = NULL;
	g_setenv("XORCH_LOCK_TIMEOUT", "0.1", TRUE);
	reopen();
	g_assert_false(store_clean(s, &pruned, &err));
	g_assert_nonnull(strstr(err->message, "[X0823]"));
	g_unsetenv("XORCH_LOCK_TIMEOUT");
	g_assert_cmpint(write(done[1], "x", 1), ==, 1);
	int status;
	waitpid(pid, &status, 0);
	g_assert_cmpint(status, ==, 0);
	age("trees/test/one.manifest", 100);
	age("locks/test-one.use", 100);
	store_prune(
		s, &(store_prune_options){.max_age = 86400 * 30, .ci = FALSE}, &pruned);
	g_assert_cmpuint(pruned.in_use, ==, 0);
	g_assert_false(g_file_test(one, G_FILE_TEST_EXISTS));
	g_clear_error(&err);
	g_assert_true(store_clean(s, &pruned, &err));
	g_assert_no_error(err);
	g_assert_cmpint(count("blobs"), ==, 0);
	reopen();
	end();
}

static void prune_kinds(void)
{
	begin();
	store_pruned pruned;
	g_autofree char *tree = make_tree("one");
	g_autoptr(GPtrArray) rows = store_usage(s);
	const store_usage_row *sum = rows->pdata[2], *kind = rows->pdata[3];
	g_assert_cmpstr(sum->name, ==, "trees");
	g_assert_cmpstr(kind->name, ==, "trees/test");
	g_assert_true(kind->detail && !sum->detail);
	g_assert_cmpuint(kind->bytes, ==, sum->bytes);
	g_assert_cmpuint(sum->bytes, ==,
		strlen("program"
		       "odd name"
		       "xorch-tree 1\n"));
	g_autofree char *download = store_blob_add_bytes(s, "download", 8, NULL);
	g_autofree char *result = store_blob_add_bytes(s, "result", 6, NULL);
	g_assert_true(store_record_put(s, "download", download, "d.tar.gz", 8, NULL));
	reopen();
	store_prune(s, &(store_prune_options){.max_age = 86400, .ci = FALSE},
		&pruned); /* nothing is old */
	g_assert_cmpuint(pruned.count, ==, 0);
	store_prune(s, &(store_prune_options){.max_age = 86400, .ci = TRUE}, &pruned);
	g_assert_cmpuint(pruned.count, ==, 1);
	g_assert_cmpuint(pruned.bytes, ==, 8);
	g_assert_null(store_blob_find(s, download, -1));
	g_assert_null(store_record_get(s, "download", download));
	g_autofree char *kept = store_blob_find(s, result, -1);
	g_autofree char *found = store_tree_find(s, "test", "one");
	g_assert_nonnull(kept);
	g_assert_nonnull(found);
	end();
}

static void verify_all(void)
{
	begin();
	store_check check;
	g_autofree char *tree = make_tree("one");
	g_autofree char *sha = store_blob_add_bytes(s, "hello", 5, NULL);
	g_autofree char *blob = store_blob_find(s, sha, 5);
	g_autofree char *file = g_build_filename(tree, "bin/tool", NULL);
	g_autofree char *record = g_build_filename(store_dir(s), "records/probe/a", NULL);
	g_assert_true(store_record_put(s, "probe", "a", "text", 4, NULL));
	store_verify(s, 4, &check);
	g_assert_cmpuint(check.problems->len, ==, 0);
	g_assert_cmpuint(check.count, ==, 3);
	store_check_clear(&check);
	/* Bit rot that stat cannot see. */
	flip(blob, TRUE);
	flip(file, TRUE);
	flip(record, TRUE);
	reopen();
	store_verify(s, 4, &check);
	g_assert_cmpuint(check.problems->len, ==, 3);
	store_check_clear(&check);
	g_assert_null(store_tree_find(s, "test", "one"));
	store_verify(s, 4, &check);
	g_assert_cmpuint(check.problems->len, ==, 0);
	store_check_clear(&check);
	g_autofree char *again = make_tree("one");
	g_assert_cmpstr(again, ==, tree);
	end();
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		harm fn;
	} harms[] = {{"contents", harm_contents}, {"added", harm_added},
		{"removed", harm_removed}, {"link", harm_link}, {"mode", harm_mode},
		{"manifest", harm_manifest}, {"no-manifest", harm_no_manifest}};

	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store/blobs", blobs);
	g_test_add_func("/store/H04-flipped", blob_flipped);
	g_test_add_func("/store/H05-empty", blob_empty);
	g_test_add_func("/store/K07-records", records);
	g_test_add_func("/store/trees-A19", trees);
	for (gsize i = 0; i < G_N_ELEMENTS(harms); i++) {
		g_autofree char *name =
			g_strconcat("/store/damaged/", harms[i].name, NULL);
		g_test_add_data_func(name, (gconstpointer)harms[i].fn, tree_damaged);
	}
	g_test_add_func("/store/moved", tree_moved);
	g_test_add_func("/store/speed", speed);
	g_test_add_func("/store/D04-unsafe", unsafe_dir);
	g_test_add_func("/store/D01-space", no_space);
	g_test_add_func("/store/C01-one-build", one_build);
	g_test_add_func("/store/K01-killed", killed);
	g_test_add_func("/store/D03-read-only", read_only);
	g_test_add_func("/store/C08-prune-beside", prune_beside);
	g_test_add_func("/store/prune-kinds", prune_kinds);
	g_test_add_func("/store/verify", verify_all);
	return g_test_run();
}
