#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/lockfile.h"
#include "base/work_clock.h"
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static char *dir, *path;
static GString *said;

static void listen(const event *e, void *data)
{
	(void)data;
	if (e->text)
		g_string_append(said, e->text);
}

static void begin(void)
{
	dir = g_dir_make_tmp("xorch-lock-XXXXXX", NULL);
	path = g_build_filename(dir, "a.lock", NULL);
	said = g_string_new(NULL);
	event_set_sink(listen, NULL);
}

static void end(void)
{
	event_set_sink(NULL, NULL);
	g_string_free(said, TRUE);
	g_assert_true(fs_remove_tree(dir, NULL));
	g_free(dir);
	g_free(path);
}

/* A child that takes the lock, says so through a pipe, and sits on it. */
static pid_t hold(const char *name)
{
	int fds[2];
	char c;

	g_assert_cmpint(pipe(fds), ==, 0);
	pid_t pid = fork();
	if (pid == 0) {
		lockfile *l = lockfile_acquire(name, FALSE, "child", NULL);
		if (!l || write(fds[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	close(fds[1]);
	g_assert_cmpint(read(fds[0], &c, 1), ==, 1);
	close(fds[0]);
	return pid;
}

static void shared(void)
{
	begin();
	g_autoptr(GError) err = NULL;
	lockfile *a = lockfile_acquire(path, TRUE, "test", &err);
	lockfile *b = lockfile_try(path, TRUE, &err);
	g_assert_nonnull(a);
	g_assert_nonnull(b);
	g_assert_null(lockfile_try(path, FALSE, &err));
	g_assert_no_error(err);
	lockfile_release(a);
	lockfile_release(b);
	lockfile *c = lockfile_try(path, FALSE, &err);
	g_assert_nonnull(c);
	g_assert_null(lockfile_try(path, TRUE, &err));
	lockfile_release(c);
	g_assert_null(lockfile_try("/no/such/folder/x.lock", FALSE, &err));
	g_assert_nonnull(err);
	end();
}

static void timeout(void)
{
	begin();
	pid_t pid = hold(path);
	g_autofree char *who = g_strdup_printf("pid %d", (int)pid);
	g_autoptr(GError) err = NULL;
	kill(pid, SIGSTOP); /* C06: stopped, not dead */
	g_setenv("XORCH_LOCK_TIMEOUT", "0.2", TRUE);
	g_assert_null(lockfile_acquire(path, FALSE, "toolchain clang", &err));
	g_assert_error(err, XORCH_ERROR, EXIT_HOST);
	g_assert_nonnull(strstr(err->message, who));
	g_assert_nonnull(strstr(err->message, path));
	g_assert_nonnull(strstr(err->message, "XORCH_LOCK_TIMEOUT"));
	g_assert_nonnull(strstr(err->message, "kill -CONT"));
	g_assert_nonnull(strstr(said->str, who));
	g_assert_nonnull(strstr(said->str, "toolchain clang"));
	g_unsetenv("XORCH_LOCK_TIMEOUT");
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	end();
}

static gpointer kill_after_a_while(gpointer pid)
{
	g_usleep(500000);
	kill(GPOINTER_TO_INT(pid), SIGKILL);
	return NULL;
}

/* C06: a holder at work is waited for beyond the limit; the wait is told. */
static void at_work(void)
{
	begin();
	pid_t pid = hold(path);
	g_autofree char *still = g_strdup_printf("still waiting for pid %d", (int)pid);
	g_autoptr(GError) err = NULL;
	g_setenv("XORCH_LOCK_TIMEOUT", "0.05", TRUE);
	g_setenv("XORCH_LOCK_REPORT", "0.1", TRUE);
	GThread *t = g_thread_new("kill", kill_after_a_while, GINT_TO_POINTER(pid));
	gint64 before = g_get_monotonic_time() - work_clock();
	g_autoptr(lockfile) l = lockfile_acquire(path, FALSE, "numpy", &err);
	g_assert_no_error(err);
	g_assert_nonnull(l);
	g_assert_nonnull(strstr(said->str, still));
	/* which is no time of work: it was at least that until the second report */
	g_assert_cmpint(g_get_monotonic_time() - work_clock() - before, >=, 100000);
	g_thread_join(t);
	waitpid(pid, NULL, 0);
	lockfile_release(g_steal_pointer(&l));
	/* One that only uses it keeps the limit. */
	lockfile *user = lockfile_acquire(path, TRUE, "user", NULL);
	g_assert_null(lockfile_acquire(path, FALSE, "to be removed", &err));
	g_assert_nonnull(strstr(err->message, "[X0823]"));
	lockfile_release(user);
	g_unsetenv("XORCH_LOCK_TIMEOUT");
	g_unsetenv("XORCH_LOCK_REPORT");
	end();
}

static gpointer kill_later(gpointer pid)
{
	g_usleep(100000);
	kill(GPOINTER_TO_INT(pid), SIGKILL);
	return NULL;
}

static void killed(void)
{
	begin();
	pid_t pid = hold(path);
	GThread *t = g_thread_new("kill", kill_later, GINT_TO_POINTER(pid));
	gint64 begun = g_get_monotonic_time();
	g_autoptr(lockfile) l = lockfile_acquire(path, FALSE, "test", NULL);
	g_assert_nonnull(l);
	g_assert_cmpint(g_get_monotonic_time() - begun, <, 2000000);
	g_thread_join(t);
	waitpid(pid, NULL, 0);
	end();
}

static gpointer unlink_and_kill(gpointer pid)
{
	g_usleep(50000);
	g_unlink(path);
	g_usleep(50000);
	kill(GPOINTER_TO_INT(pid), SIGKILL);
	return NULL;
}

static void unlinked(void)
{
	begin();
	pid_t pid = hold(path);
	GThread *t = g_thread_new("unlink", unlink_and_kill, GINT_TO_POINTER(pid));
	lockfile *l = lockfile_acquire(path, FALSE, "test", NULL);
	g_thread_join(t);
	waitpid(pid, NULL, 0);
	/* What we hold must be the file that has the name now. */
	g_assert_null(lockfile_try(path, FALSE, NULL));
	lockfile_remove(l);
	g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
	end();
}

typedef struct pair {
	const char *names[3];
	int rounds;
} pair;

static gpointer take_both(gpointer data)
{
	pair *p = data;

	for (int i = 0; i < 50; i++) {
		g_autoptr(GPtrArray) held = lockfile_acquire_all(p->names, "test", NULL);
		if (held && held->len == 2)
			p->rounds++;
	}
	return NULL;
}

static void crossing(void)
{
	begin();
	g_autofree char *other = g_build_filename(dir, "b.lock", NULL);
	pair x = {.names = {path, other, NULL}}, y = {.names = {other, path, NULL}};
	g_setenv("XORCH_LOCK_TIMEOUT", "20", TRUE);
	GThread *t = g_thread_new("crossing", take_both, &x);
	take_both(&y);
	g_thread_join(t);
	g_unsetenv("XORCH_LOCK_TIMEOUT");
	g_assert_cmpint(x.rounds, ==, 50);
	g_assert_cmpint(y.rounds, ==, 50);
	const char *twice[] = {path, path, NULL};
	g_autoptr(GPtrArray) once = lockfile_acquire_all(twice, "test", NULL);
	g_assert_cmpuint(once->len, ==, 1);
	end();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lockfile/shared", shared);
	g_test_add_func("/lockfile/C06-timeout", timeout);
	g_test_add_func("/lockfile/C06-at-work", at_work);
	g_test_add_func("/lockfile/C03-killed", killed);
	g_test_add_func("/lockfile/C04-unlinked", unlinked);
	g_test_add_func("/lockfile/C05-crossing", crossing);
	return g_test_run();
}
