#include "base/interrupt.h"
#include "base/error.h"
#include "base/event.h"
#include "base/process.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define CHILDREN_S 2
#define BUDGET_S 10

static int pipe_fds[2];
static volatile sig_atomic_t seen;
static void (*volatile last_words)(void);

G_NORETURN static void end(int sig)
{
	void (*last)(void) = last_words;

	if (last)
		last();
	_exit(EXIT_SIGNAL + sig);
}

void interrupt_last(void (*last)(void))
{
	last_words = last;
}

static void on_signal(int sig)
{
	int saved = errno;
	unsigned char byte = (unsigned char)sig;

	if (seen) {
		process_cancel_all(sig);
		end(sig);
	}
	seen = 1;
	ssize_t n = write(pipe_fds[1], &byte, 1);
	(void)n;
	errno = saved;
}

static double budget(void)
{
	const char *text = g_getenv("XORCH_STOP_TIMEOUT");
	double s = text ? g_ascii_strtod(text, NULL) : BUDGET_S;

	return s > 0 ? s : BUDGET_S;
}

static gboolean children_gone_before(gint64 deadline)
{
	while (process_running() > 0) {
		if (g_get_monotonic_time() >= deadline)
			return FALSE;
		g_usleep(5000);
	}
	return TRUE;
}

/* Not in the handler: printing and waiting need more than it may do. */
static void *stopper(void *data)
{
	unsigned char byte;
	ssize_t n;

	(void)data;
	do
		n = read(pipe_fds[0], &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return NULL;
	gint64 begun = g_get_monotonic_time();
	process_cancel_all(byte);
	event_log(EVENT_NOTE, NULL, "stopping (%s); again to stop at once",
		byte == SIGINT ? "Ctrl-C" : g_strsignal(byte));
	if (!children_gone_before(begun + CHILDREN_S * G_USEC_PER_SEC))
		process_cancel_all(byte);
	gint64 left =
		begun + (gint64)(budget() * G_USEC_PER_SEC) - g_get_monotonic_time();
	if (left > 0)
		g_usleep((gulong)left);
	end(byte);
}

static void install(int sig)
{
	struct sigaction old, new = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	sigemptyset(&new.sa_mask);
	if (sigaction(sig, NULL, &old) == 0 && old.sa_handler == SIG_IGN)
		return;
	sigaction(sig, &new, NULL);
}

void interrupt_install(void)
{
	signal(SIGPIPE, SIG_IGN);
	if (pipe2(pipe_fds, O_CLOEXEC) != 0)
		return; /* the default actions stay: children die with us (PDEATHSIG) */
	g_thread_unref(g_thread_new("stopper", stopper, NULL));
	install(SIGINT);
	install(SIGTERM);
	install(SIGHUP);
}
