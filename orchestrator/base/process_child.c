#include "base/process_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Between fork and exec only async-signal-safe calls: the parent has threads, and
 * one of them may hold the lock of malloc at this moment. */

static int close_range_cloexec(unsigned first, unsigned last)
{
	if (first > last)
		return 0;
#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, last, 4 /* CLOSE_RANGE_CLOEXEC */) == 0)
		return 0;
#endif
	/* Before Linux 5.11: our own descriptors are all made CLOEXEC; this catches
	 * those that we inherited. */
	for (unsigned fd = first; fd <= last && fd < 4096; fd++) {
		int flags = fcntl((int)fd, F_GETFD);
		if (flags >= 0)
			fcntl((int)fd, F_SETFD, flags | FD_CLOEXEC);
	}
	return 0;
}

static int set_limit(int what, guint64 value)
{
	struct rlimit now;

	if (getrlimit(what, &now) != 0)
		return errno;
	rlim_t wanted = (rlim_t)value;
	if (now.rlim_max != RLIM_INFINITY && wanted > now.rlim_max)
		wanted = now.rlim_max;
	now.rlim_cur = now.rlim_max = wanted;
	return setrlimit(what, &now) == 0 ? 0 : errno;
}

static int child_limits(const process_spec *s)
{
	int e = set_limit(RLIMIT_CORE, 0);

	if (!e && s->memory_limit)
		e = set_limit(RLIMIT_DATA, s->memory_limit);
	if (!e && s->process_limit)
		e = set_limit(RLIMIT_NPROC, s->process_limit);
	if (!e && s->file_limit)
		e = set_limit(RLIMIT_FSIZE, s->file_limit);
	return e;
}

static int child_fds(const child_plan *p)
{
	if (dup2(p->in, 0) < 0 || dup2(p->out, 1) < 0 || dup2(p->err, 2) < 0)
		return errno;
	unsigned next = 3;
	for (guint i = 0; i < p->n_keep; i++) {
		unsigned fd = (unsigned)p->keep[i];
		close_range_cloexec(next, fd - 1);
		int flags = fcntl(p->keep[i], F_GETFD);
		if (flags < 0 || fcntl(p->keep[i], F_SETFD, flags & ~FD_CLOEXEC) != 0)
			return errno;
		next = fd + 1;
	}
	close_range_cloexec(next, ~0U);
	return 0;
}

static G_GNUC_NORETURN void child_fail(const child_plan *p, int stage, int error)
{
	child_error e = {stage, error};
	/* Smaller than PIPE_BUF, hence in one piece or not at all. */
	ssize_t n = write(p->notify, &e, sizeof e);

	(void)n;
	_exit(127);
}

static G_GNUC_NORETURN void child_main(const child_plan *p)
{
	const process_spec *s = p->spec;
	struct sigaction dfl = {.sa_handler = SIG_DFL};
	int e;

	for (int sig = 1; sig < 65; sig++)
		sigaction(sig, &dfl, NULL);
	/* The parent may die between fork and prctl: then nobody is left to signal. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != p->parent)
		_exit(127);
	setsid();
	umask(s->umask ? s->umask : 022);
	if ((e = child_fds(p)) != 0)
		child_fail(p, STAGE_FDS, e);
	if (s->cwd && chdir(s->cwd) != 0)
		child_fail(p, STAGE_CHDIR, errno);
	if ((e = child_limits(s)) != 0)
		child_fail(p, STAGE_LIMITS, e);
	if (s->child_setup && (e = s->child_setup(s->child_setup_data)) != 0)
		child_fail(p, STAGE_SETUP, e);
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(p->program, (char *const *)s->argv, p->env);
	child_fail(p, STAGE_EXEC, errno);
}

/* Signals stay blocked until the child has its own handlers, so that none of
 * ours runs in it. */
pid_t process_child_start(const child_plan *p)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	pid_t pid = fork();
	if (pid == 0)
		child_main(p);
	int e = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	errno = e;
	return pid;
}
