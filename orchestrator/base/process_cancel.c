#include "base/process_parts.h"
#include "base/error.h"
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CHILDREN_MAX 1024

/* Process groups running now, negative where the leader supervises; written
 * without a lock because a signal handler reads it. */
static volatile gint groups[CHILDREN_MAX];
static volatile gint running;
static volatile gint cancel_signal;
static volatile gint cancel_calls;
static volatile gint wake_fd = -1;

int process_above_stdio(int fd)
{
	if (fd < 0 || fd > 2)
		return fd;
	int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(fd);
	return high;
}

int process_group_enter(gint pid)
{
	g_atomic_int_inc(&running);
	for (int i = 0; i < CHILDREN_MAX; i++)
		if (g_atomic_int_compare_and_exchange(&groups[i], 0, pid))
			return i;
	return -1; /* still ended by its own loop, only the second Ctrl-C misses it */
}

void process_group_leave(int slot)
{
	if (slot >= 0)
		g_atomic_int_set(&groups[slot], 0);
	(void)g_atomic_int_dec_and_test(&running);
}

int process_wake_descriptor(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		g_atomic_int_set(&wake_fd,
			process_above_stdio(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)));
		g_once_init_leave(&once, 1);
	}
	return g_atomic_int_get(&wake_fd);
}

void process_cancel_all(int signal)
{
	int calls = g_atomic_int_add(&cancel_calls, 1) + 1;
	guint64 one = 1;
	int fd = g_atomic_int_get(&wake_fd);

	(void)g_atomic_int_compare_and_exchange(&cancel_signal, 0, signal);
	if (calls > 1)
		for (int i = 0; i < CHILDREN_MAX; i++) {
			pid_t group = g_atomic_int_get(&groups[i]);
			if (group)
				kill(-ABS(group), group > 0 ? SIGKILL : SIGTERM);
		}
	if (fd >= 0) {
		/* Never read: every loop, also one that starts later, sees it. */
		ssize_t n = write(fd, &one, sizeof one);
		(void)n;
	}
}

int process_cancelled(void)
{
	return g_atomic_int_get(&cancel_signal);
}

int process_cancel_calls(void)
{
	return g_atomic_int_get(&cancel_calls);
}

int process_running(void)
{
	return g_atomic_int_get(&running);
}

void process_cancel_reset(void)
{
	guint64 n;
	int fd = process_wake_descriptor();

	g_atomic_int_set(&cancel_signal, 0);
	g_atomic_int_set(&cancel_calls, 0);
	ssize_t got = read(fd, &n, sizeof n);
	(void)got;
}

gboolean process_cancelled_error(GError **err)
{
	int sig = process_cancelled();

	return error_set(err, EXIT_SIGNAL + sig, NULL, "stopped by %s",
		sig == SIGINT ? "Ctrl-C" : g_strsignal(sig));
}
