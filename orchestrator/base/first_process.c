#include "base/first_process.h"
#include "base/error.h"
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Takes what has ended; ends with `child`. */
static void reap(pid_t child)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != child)
			continue;
		_exit(WIFEXITED(status) ? WEXITSTATUS(status)
					: EXIT_SIGNAL + WTERMSIG(status));
	}
}

static void look_after(pid_t child, const sigset_t *signals)
{
	siginfo_t info;

	for (;;) {
		int sig = sigwaitinfo(signals, &info);
		if (sig == SIGCHLD)
			reap(child);
		else if (sig > 0 && info.si_code != SI_KERNEL)
			kill(child, sig);
	}
}

void first_process(void)
{
	/* Those that a mistake of this program would cause. */
	static const int own[] = {
		SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
	sigset_t all, before;

	if (getpid() != 1)
		return;
	sigfillset(&all);
	for (unsigned n = 0; n < G_N_ELEMENTS(own); n++)
		sigdelset(&all, own[n]);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid_t child = fork();
	if (child > 0)
		look_after(child, &all);
	sigprocmask(SIG_SETMASK, &before, NULL);
}
