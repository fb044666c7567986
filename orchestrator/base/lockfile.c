#include "base/lockfile.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "base/process.h"
#include "base/work_clock.h"
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
	gboolean excludes;
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

/* *real FALSE: granted for want of locks. */
static attempt attempt_lock(
	const char *path, gboolean shared, int *out, gboolean *real, GError **err)
{
	*real = TRUE;
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
				*real = FALSE;
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

static lockfile *lock_new(const char *path, int fd, gboolean real)
{
	lockfile *l = g_new(lockfile, 1);

	l->fd = fd;
	l->path = g_strdup(path);
	l->excludes = real;
	return l;
}

/* Who has the lock, as far as can be told. */
typedef struct owner {
	int pid;	/* 0: not known */
	gboolean here;	/* the kernel of this machine names it, so /proc knows it */
	gboolean maker; /* holds it alone: it makes what others wait for */
	char host[256]; /* of the signature; "" for this machine */
} owner;

/* A line of /proc/locks (proc(5)): "1: FLOCK  ADVISORY  WRITE 4711 08:01:393 0 EOF". */
static gboolean read_line(const char *line, const struct stat *st, owner *o)
{
	int pid;
	unsigned major, minor;
	unsigned long inode;
	char kind[16], mode[16];

	if (sscanf(line, "%*d: %15s %*s %15s %d %x:%x:%lu", kind, mode, &pid, &major,
		    &minor, &inode) != 6 ||
		strcmp(kind, "FLOCK") != 0 || inode != st->st_ino || pid <= 0)
		return FALSE;
	*o = (owner){.pid = pid, .here = TRUE, .maker = strcmp(mode, "WRITE") == 0};
	return TRUE;
}

/* The kernel's own list is asked first: readers do not sign, and a signature may be
 * stale. */
static owner find_owner(const char *path)
{
	struct stat st;
	g_autofree char *text = NULL, *locks = NULL;
	owner o = {0};

	if (stat(path, &st) == 0 &&
		g_file_get_contents("/proc/locks", &locks, NULL, NULL)) {
		g_auto(GStrv) lines = g_strsplit(locks, "\n", -1);
		for (char **l = lines; *l; l++)
			if (read_line(*l, &st, &o))
				return o;
	}
	if (g_file_get_contents(path, &text, NULL, NULL) &&
		sscanf(text, "%d %255s", &o.pid, o.host) >= 1 &&
		strcmp(o.host, g_get_host_name()) == 0)
		o.host[0] = '\0';
	return o;
}

/* "pid 4711", with the host when it is another one. */
static char *owner_name(const owner *o)
{
	g_autofree char *shown = text_escape(o->host, -1);

	if (o->pid <= 0)
		return g_strdup("another process");
	return o->host[0] ? g_strdup_printf("pid %d on host %s", o->pid, shown)
			  : g_strdup_printf("pid %d", o->pid);
}

/* The letter of proc(5): R, S, D, T (stopped), t (traced), Z; 0 when not known. */
static char state_of(int pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
	g_autofree char *text = NULL;
	const char *after;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	after = strrchr(text, ')');
	return after && after[1] == ' ' ? after[2] : 0;
}

/* Builds take hours, so one that makes something and is not stopped is waited for
 * without a limit. Of a process on another machine, or in another container, nothing
 * is known. */
static gboolean is_at_work(const owner *o)
{
	char state = o->here && o->maker ? state_of(o->pid) : 0;

	return state && !strchr("TtZX", state);
}

static double seconds_of(const char *variable, double otherwise)
{
	const char *text = g_getenv(variable);
	char *end;

	if (text && text[0]) {
		double n = g_ascii_strtod(text, &end);
		if (!*end && n >= 0)
			return n;
	}
	return otherwise;
}

lockfile *lockfile_try(const char *path, gboolean shared, GError **err)
{
	gboolean real;
	int fd;

	return attempt_lock(path, shared, &fd, &real, err) == GOT
		       ? lock_new(path, fd, real)
		       : NULL;
}

/* One wait: what was said of it, and since when its holder shows no sign of work. */
typedef struct waiting {
	const char *what;
	gint64 begun, told; /* monotonic microseconds; told 0: nothing said yet */
	gint64 idle; /* since when the holder is seen not to be at work; 0: it is */
} waiting;

static void tell(waiting *w, const owner *o, gint64 now)
{
	g_autofree char *who = owner_name(o);

	if (!w->told)
		event_log(EVENT_NOTE, NULL, "waiting for %s (%s)", who, w->what);
	else
		event_log(EVENT_NOTE, NULL, "still waiting for %s (%s), %.0f s so far%s",
			who, w->what, (double)(now - w->begun) / 1e6,
			is_at_work(o) ? "" : "; it is stopped, or not of this machine");
	w->told = now;
}

static gboolean give_up(
	const char *path, const waiting *w, const owner *o, double limit, GError **err)
{
	g_autofree char *who = owner_name(o);
	g_autofree char *shown = text_escape(path, -1);
	char state = o->here ? state_of(o->pid) : 0;

	error_set(err, EXIT_HOST, "X0823", "%s is locked by %s for more than %g s",
		w->what, who, limit);
	error_line(err, "lock: %s", shown);
	if (state && strchr("Tt", state))
		error_note(err, "that process is stopped: `kill -CONT %d` lets it go on",
			o->pid);
	error_help(err, "is that process stopped or stuck? End it, or set "
			"XORCH_LOCK_TIMEOUT to more seconds");
	return FALSE;
}

/* FALSE when the wait is over without the lock. */
static gboolean keep_waiting(const char *path, waiting *w, GError **err)
{
	double limit = seconds_of("XORCH_LOCK_TIMEOUT", 300);
	double report = seconds_of("XORCH_LOCK_REPORT", 60);
	gint64 now = g_get_monotonic_time();
	owner o = find_owner(path);

	if (process_cancelled())
		return process_cancelled_error(err);
	/* What another thread of this process is at is told anyway. */
	if (o.pid != getpid() && (!w->told || now - w->told > report * 1e6))
		tell(w, &o, now);
	if (is_at_work(&o))
		w->idle = 0;
	else if (!w->idle)
		w->idle = now;
	return !w->idle || now - w->idle <= limit * 1e6 ||
	       give_up(path, w, &o, limit, err);
}

lockfile *lockfile_acquire(
	const char *path, gboolean shared, const char *what, GError **err)
{
	gint64 begun = g_get_monotonic_time();
	waiting w = {.what = what, .begun = begun};
	gulong pause = 2000;
	gboolean real;
	int fd;

	for (;;) {
		attempt a = attempt_lock(path, shared, &fd, &real, err);
		if (a == BUSY && keep_waiting(path, &w, err)) {
			g_usleep(pause);
			pause = MIN(pause * 2, 50000);
			continue;
		}
		work_clock_waited(begun);
		return a == GOT ? lock_new(path, fd, real) : NULL;
	}
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

gboolean lockfile_excludes(const lockfile *l)
{
	return l->excludes;
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
