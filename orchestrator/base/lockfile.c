#include "base/lockfile.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct lockfile {
	int fd;
	char *path;
};

typedef enum attempt { GOT, BUSY, FAILED } attempt;

static gboolean lacks_locks(int why)
{
	return why == ENOLCK || why == ENOSYS || why == EOPNOTSUPP;
}

static void warn_once(const char *path, int why)
{
	static int warned;
	g_autofree char *shown = text_escape(path, -1);

	if (g_atomic_int_compare_and_exchange(&warned, 0, 1))
		event_log(EVENT_WARNING, NULL,
			"%s: no file locks here (%s); processes that run at the same "
			"time may do the same work twice",
			shown, g_strerror(why));
}

/* The name may have been unlinked, or given to another file, while we waited. */
static gboolean still_there(int fd, const char *path)
{
	struct stat mine, now;

	return fstat(fd, &mine) == 0 && lstat(path, &now) == 0 &&
	       mine.st_ino == now.st_ino && mine.st_dev == now.st_dev;
}

static void sign(int fd)
{
	char line[320];
	int n = snprintf(line, sizeof line, "%d %s\n", (int)getpid(), g_get_host_name());

	/* For messages only: a full disk must not keep anyone from locking. */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, line, (size_t)MIN(n, 319), 0) < 0)
		return;
}

static attempt attempt_lock(const char *path, gboolean shared, int *out, GError **err)
{
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
		if (fd < 0) {
			fs_fail(err, errno, "open the lock", path, 0);
			return FAILED;
		}
		if (flock(fd, (shared ? LOCK_SH : LOCK_EX) | LOCK_NB) < 0) {
			int why = errno;
			if (lacks_locks(why)) {
				warn_once(path, why);
				*out = fd;
				return GOT;
			}
			close(fd);
			if (why == EINTR)
				continue;
			if (why == EWOULDBLOCK)
				return BUSY;
			fs_fail(err, why, "lock", path, 0);
			return FAILED;
		}
		if (still_there(fd, path)) {
			if (!shared)
				sign(fd);
			*out = fd;
			return GOT;
		}
		close(fd);
	}
}

static lockfile *lock_new(const char *path, int fd)
{
	lockfile *l = g_new(lockfile, 1);

	l->fd = fd;
	l->path = g_strdup(path);
	return l;
}

/* "pid 4711", with the host when it is another one. The kernel's own list is
 * asked first: readers do not sign, and a signature may be stale. */
static char *holder(const char *path)
{
	struct stat st;
	g_autofree char *text = NULL, *locks = NULL;
	int pid = 0;
	char host[256] = "";

	if (stat(path, &st) == 0 &&
		g_file_get_contents("/proc/locks", &locks, NULL, NULL)) {
		g_auto(GStrv) lines = g_strsplit(locks, "\n", -1);
		for (char **l = lines; *l; l++) {
			int who;
			unsigned major, minor;
			unsigned long inode;
			char kind[16];
			if (sscanf(*l, "%*d: %15s %*s %*s %d %x:%x:%lu", kind, &who,
				    &major, &minor, &inode) == 5 &&
				strcmp(kind, "FLOCK") == 0 && inode == st.st_ino &&
				who > 0)
				return g_strdup_printf("pid %d", who);
		}
	}
	if (g_file_get_contents(path, &text, NULL, NULL) &&
		sscanf(text, "%d %255s", &pid, host) >= 1 && pid > 0) {
		g_autofree char *shown = text_escape(host, -1);
		return host[0] && strcmp(host, g_get_host_name()) != 0
			       ? g_strdup_printf("pid %d on host %s", pid, shown)
			       : g_strdup_printf("pid %d", pid);
	}
	return g_strdup("another process");
}

static double timeout_seconds(void)
{
	const char *text = g_getenv("XORCH_LOCK_TIMEOUT");
	char *end;

	if (text && text[0]) {
		double n = g_ascii_strtod(text, &end);
		if (!*end && n >= 0)
			return n;
	}
	return 300;
}

lockfile *lockfile_try(const char *path, gboolean shared, GError **err)
{
	int fd;

	return attempt_lock(path, shared, &fd, err) == GOT ? lock_new(path, fd) : NULL;
}

lockfile *lockfile_acquire(
	const char *path, gboolean shared, const char *what, GError **err)
{
	double limit = timeout_seconds();
	gint64 begun = g_get_monotonic_time();
	gulong pause = 2000;
	gboolean said = FALSE;
	int fd;

	for (;;) {
		attempt a = attempt_lock(path, shared, &fd, err);
		if (a == GOT)
			return lock_new(path, fd);
		if (a == FAILED)
			return NULL;
		if (!said) {
			g_autofree char *who = holder(path);
			event_log(EVENT_NOTE, NULL, "waiting for %s (%s)", who, what);
			said = TRUE;
		}
		if (g_get_monotonic_time() - begun > limit * 1e6)
			break;
		g_usleep(pause);
		pause = MIN(pause * 2, 50000);
	}
	g_autofree char *who = holder(path);
	g_autofree char *shown = text_escape(path, -1);
	error_set(err, EXIT_HOST, "X0823", "%s is locked by %s for more than %g s", what,
		who, limit);
	error_line(err, "lock: %s", shown);
	error_help(err, "is that process stopped or stuck? End it, or set "
			"XORCH_LOCK_TIMEOUT to more seconds");
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *lockfile_acquire_all(const char *const *paths, const char *what, GError **err)
{
	g_autoptr(GPtrArray) held =
		g_ptr_array_new_with_free_func((void *)lockfile_release);
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();

	for (; *paths; paths++)
		g_ptr_array_add(sorted, (char *)*paths);
	g_ptr_array_sort(sorted, by_name);
	for (guint i = 0; i < sorted->len; i++) {
		if (i && strcmp(sorted->pdata[i], sorted->pdata[i - 1]) == 0)
			continue;
		lockfile *l = lockfile_acquire(sorted->pdata[i], FALSE, what, err);
		if (!l)
			return NULL;
		g_ptr_array_add(held, l);
	}
	return g_steal_pointer(&held);
}

void lockfile_release(lockfile *l)
{
	if (!l)
		return;
	close(l->fd);
	g_free(l->path);
	g_free(l);
}

void lockfile_remove(lockfile *l)
{
	if (!l)
		return;
	unlink(l->path);
	lockfile_release(l);
}

void lockfile_touch(lockfile *l)
{
	if (l)
		futimens(l->fd, NULL);
}
