#include "base/terminal.h"
#include "base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define SIZE_MS 250 /* how often the size is looked at */

struct terminal {
	int main, side;
	struct termios before;
	GThread *thread;
};

gboolean terminal_is_there(void)
{
	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
}

static gboolean carry(int from, int to)
{
	char bytes[4096];
	ssize_t n = read(from, bytes, sizeof bytes);

	if (n < 0 && errno == EINTR)
		return TRUE;
	for (ssize_t at = 0; at < n;) {
		ssize_t put = write(to, bytes + at, (gsize)(n - at));
		if (put < 0 && errno != EINTR)
			return FALSE;
		at += MAX(put, 0);
	}
	return n > 0;
}

static void take_size(int to)
{
	struct winsize now, known;

	/* the kernel tells those in it (SIGWINCH) when it is another */
	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &now) == 0 &&
		ioctl(to, TIOCGWINSZ, &known) == 0 &&
		(now.ws_col != known.ws_col || now.ws_row != known.ws_row))
		ioctl(to, TIOCSWINSZ, &now);
}

/* Ends when nobody has the other side any more. */
static gpointer relay(gpointer data)
{
	terminal *t = data;
	struct pollfd fds[] = {{t->main, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};

	for (;;) {
		int n = poll(fds, 2, SIZE_MS);
		if (n < 0 && errno != EINTR)
			return NULL;
		take_size(t->main);
		if (n <= 0)
			continue;
		if (fds[0].revents && !carry(t->main, STDOUT_FILENO))
			return NULL;
		if (fds[1].revents && !carry(STDIN_FILENO, t->main))
			fds[1].fd = -1; /* end of input */
	}
}

static gboolean open_pair(terminal *t)
{
	char name[64];

	t->main = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->main < 0 || grantpt(t->main) != 0 || unlockpt(t->main) != 0 ||
		ptsname_r(t->main, name, sizeof name) != 0)
		return FALSE;
	t->side = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	return t->side >= 0;
}

terminal *terminal_begin(GError **err)
{
	terminal *t = g_new0(terminal, 1);
	struct termios raw;

	t->main = t->side = -1;
	if (!open_pair(t) || tcgetattr(STDIN_FILENO, &t->before) != 0) {
		error_set_errno(err, EXIT_HOST, "X0802", errno,
			"cannot make a terminal for the sandbox");
		if (t->main >= 0)
			close(t->main);
		if (t->side >= 0)
			close(t->side);
		g_free(t);
		return NULL;
	}
	tcsetattr(t->side, TCSANOW, &t->before);
	take_size(t->main);
	raw = t->before;
	cfmakeraw(&raw);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
	t->thread = g_thread_new("terminal", relay, t);
	return t;
}

const int *terminal_side(const terminal *t)
{
	return &t->side;
}

int terminal_attach(void *side)
{
	int fd = *(const int *)side;

	if (ioctl(fd, TIOCSCTTY, 0) != 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 ||
		dup2(fd, 2) < 0)
		return errno;
	return 0;
}

void terminal_end(terminal *t)
{
	if (!t)
		return;
	close(t->side);
	g_thread_join(t->thread);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &t->before);
	close(t->main);
	g_free(t);
}
