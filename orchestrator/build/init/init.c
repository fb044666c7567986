/* xorch-init: the first program of every build step. A static program without
 * libraries, so that it starts in any view of the file system and in no time;
 * travels inside xorch as an embedded file. It finishes what has to be done
 * inside the sandbox, gives up what it held for that, and executes the command:
 *
 *	xorch-init OPTIONS -- COMMAND…
 *	--status FD      say on FD how far it came: 's' just before the command is
 *	                 executed; "e" and a sentence when a step failed; "uMICROSECONDS
 *	                 KIB" at the end: processor time and largest process of all
 *	                 that was waited for (with --account or --supervise)
 *	--namespace      (in bwrap, with CAP_SYS_ADMIN over the user namespace) an
 *	                 empty binfmt_misc of the namespace's own, /proc read-only
 *	--pids N         at most N processes in the pid namespace (Linux >= 6.14)
 *	--nproc N, --data N, --fsize N   RLIMIT_NPROC, RLIMIT_DATA, RLIMIT_FSIZE
 *	--account        stay as parent and say what was used
 *	--stop FD        (in a pid namespace, with --account) read on FD the number of a
 *	                 signal: all in the namespace get it, half a second later SIGKILL
 *	--landlock       restrict to --read PATH and --write PATH; --tcp lets TCP be
 *	--supervise      stay as parent: ends every descendant with the command, also
 *	                 one that made itself a daemon
 */
#include <errno.h>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

/* Landlock's interface by number: the headers of the build machine may be older
 * than the kernel. ABI 1: files; 2: REFER; 3: TRUNCATE; 4: TCP; 5: IOCTL_DEV;
 * 6: scopes. */
#define LL_CREATE 444
#define LL_ADD 445
#define LL_RESTRICT 446
#define LL_EXECUTE (1ULL << 0)
#define LL_WRITE_FILE (1ULL << 1)
#define LL_READ_FILE (1ULL << 2)
#define LL_READ_DIR (1ULL << 3)
#define LL_ABI1_ALL ((1ULL << 13) - 1)
#define LL_REFER (1ULL << 13)
#define LL_TRUNCATE (1ULL << 14)
#define LL_IOCTL_DEV (1ULL << 15)
#define LL_OF_FILE                                                                       \
	(LL_EXECUTE | LL_WRITE_FILE | LL_READ_FILE | LL_TRUNCATE | LL_IOCTL_DEV)
#define LL_TCP 3ULL    /* bind, connect */
#define LL_SCOPES 3ULL /* abstract unix sockets, signals */

struct ll_ruleset {
	uint64_t fs, net, scoped;
};

struct ll_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

#define PIDFD_OPEN 434 /* by number, as above */

#define POLITE_MS 500 /* from being asked to end to the end */

static int status_fd = -1, stop_fd = -1;
static pid_t command_pid;
static volatile sig_atomic_t asked_to_end, passed_on; /* how often; to the command */

static void tell(const char *text)
{
	size_t n = strlen(text);

	if (status_fd >= 0 && write(status_fd, text, n) != (ssize_t)n)
		_exit(126);
}

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...)
{
	char text[600] = "e";
	int e = errno;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text + 1, sizeof text - 1, fmt, ap);
	va_end(ap);
	size_t n = strlen(text);
	snprintf(text + n, sizeof text - n, ": %s", strerror(e));
	if (status_fd >= 0)
		tell(text);
	else
		dprintf(2, "xorch-init: %s\n", text + 1);
	_exit(126);
}

static int kernel_at_least(int major, int minor)
{
	struct utsname u;
	int a = 0, b = 0;

	if (uname(&u) != 0 || sscanf(u.release, "%d.%d", &a, &b) != 2)
		return 0;
	return a > major || (a == major && b >= minor);
}

static void limit(int what, const char *text, const char *name)
{
	struct rlimit r;
	rlim_t n = strtoull(text, NULL, 10);

	if (getrlimit(what, &r) != 0)
		fail("cannot read the limit %s", name);
	if (r.rlim_max != RLIM_INFINITY && n > r.rlim_max)
		n = r.rlim_max;
	r.rlim_cur = r.rlim_max = n;
	if (setrlimit(what, &r) != 0)
		fail("cannot set the limit %s", name);
}

/* Since Linux 6.14 pid_max belongs to the pid namespace; before, this file is
 * the whole machine's. It is the one limit that root's processes know, which
 * are exempt from RLIMIT_NPROC even under another name in a user namespace. */
static void limit_pids(const char *text)
{
	long n = strtol(text, NULL, 10);

	if (!kernel_at_least(6, 14))
		return;
	if (n < 512)
		n = 512; /* the kernel takes no less than 301 */
	int fd = open("/proc/sys/kernel/pid_max", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	dprintf(fd, "%ld", n);
	close(fd);
}

/* bwrap's mounts belong to an outer user namespace; a mount namespace of ours
 * lets us add to them. A user namespace that has mounted binfmt_misc once uses
 * its own table, here an empty one, from then on, mounted or not; so the host's
 * qemu is never asked (Linux >= 6.7, before that the mount is refused). */
static void own_binfmt(void)
{
	static const char *const points[] = {"/proc/sys/fs/binfmt_misc", "/tmp", "/mnt"};
	int done = 0;

	if (unshare(CLONE_NEWNS) != 0)
		fail("cannot make a mount namespace");
	for (size_t i = 0; i < 3 && !done; i++) {
		if (mount("binfmt_misc", points[i], "binfmt_misc",
			    MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) != 0)
			continue;
		if (umount2(points[i], MNT_DETACH) != 0)
			fail("cannot unmount binfmt_misc");
		done = 1;
	}
	if (!done)
		fail("cannot mount binfmt_misc in a user namespace");
}

/* Files below /proc/sys belong to the machine's root, which is who we are
 * outside when root runs xorch; no capability is needed to write them. */
static void read_only_proc(void)
{
	if (mount(NULL, "/proc", NULL,
		    MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		    NULL) != 0)
		fail("cannot make /proc read-only");
}

static void drop_capabilities(void)
{
	struct {
		uint32_t version;
		int pid;
	} header = {0x20080522, 0};
	struct {
		uint32_t effective, permitted, inheritable;
	} none[2] = {{0, 0, 0}, {0, 0, 0}};

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	if (syscall(SYS_capset, &header, none) != 0)
		fail("cannot drop the capabilities");
}

static void landlock_path(int ruleset, const char *path, uint64_t allowed)
{
	struct ll_beneath rule = {allowed, open(path, O_PATH | O_CLOEXEC)};
	struct stat st;

	if (rule.parent < 0) {
		if (errno == ENOENT || errno == EACCES)
			return; /* nothing there that could be reached */
		fail("cannot open %s", path);
	}
	if (fstat(rule.parent, &st) != 0)
		fail("cannot look at %s", path);
	if (!S_ISDIR(st.st_mode))
		rule.allowed &= LL_OF_FILE;
	if (syscall(LL_ADD, ruleset, 1, &rule, 0) != 0)
		fail("cannot add a Landlock rule for %s", path);
	close(rule.parent);
}

static void landlock(char **options, char **end, int tcp)
{
	long abi = syscall(LL_CREATE, NULL, 0, 1);
	struct ll_ruleset rules = {.fs = LL_ABI1_ALL};
	size_t size = sizeof rules.fs;

	if (abi < 1)
		fail("Landlock is not available");
	if (abi >= 2)
		rules.fs |= LL_REFER;
	if (abi >= 3)
		rules.fs |= LL_TRUNCATE;
	if (abi >= 4 && !tcp) {
		rules.net = LL_TCP;
		size = 2 * sizeof(uint64_t);
	}
	if (abi >= 5)
		rules.fs |= LL_IOCTL_DEV;
	if (abi >= 6) {
		rules.scoped = LL_SCOPES;
		size = sizeof rules;
	}
	int fd = (int)syscall(LL_CREATE, &rules, size, 0);
	if (fd < 0)
		fail("cannot make a Landlock ruleset");
	for (; options < end; options++) {
		if (strcmp(*options, "--read") == 0)
			landlock_path(
				fd, *++options, LL_EXECUTE | LL_READ_FILE | LL_READ_DIR);
		else if (strcmp(*options, "--write") == 0)
			landlock_path(fd, *++options, rules.fs);
	}
	if (syscall(LL_RESTRICT, fd, 0) != 0)
		fail("cannot apply the Landlock ruleset");
	close(fd);
}

/* Calls `each` for every child of this process; returns how many there are. */
static int children(void (*each)(pid_t pid))
{
	DIR *proc = opendir("/proc");
	struct dirent *e;
	int n = 0;

	while (proc && (e = readdir(proc))) {
		char path[300], text[512];
		int pid = atoi(e->d_name), parent;
		if (pid <= 0)
			continue;
		snprintf(path, sizeof path, "/proc/%d/stat", pid);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		ssize_t size = read(fd, text, sizeof text - 1);
		close(fd);
		if (size <= 0)
			continue;
		text[size] = '\0';
		/* The name in parentheses may hold anything. */
		char *tail = strrchr(text, ')'), state;
		if (!tail || sscanf(tail + 1, " %c %d", &state, &parent) != 2)
			continue;
		if (parent != getpid())
			continue;
		each(pid);
		n++;
	}
	if (proc)
		closedir(proc);
	return n;
}

static void kill_hard(pid_t pid)
{
	kill(pid, SIGKILL);
}

static void kill_softly(pid_t pid)
{
	if (kill(-pid, SIGTERM) != 0)
		kill(pid, SIGTERM);
}

static void on_signal(int sig)
{
	(void)sig;
	asked_to_end++;
	/* Before fork has returned there is nobody to tell; the loop does. */
	if (command_pid <= 0)
		return;
	passed_on = 1;
	kill_softly(command_pid);
}

/* A command on a terminal (xorch shell) gets what is typed there to itself: its group is
 * the terminal's foreground one, so that Ctrl-C ends neither us nor bubblewrap, whose end
 * would take the command along. Called in the child. The terminal ends with the command
 * and is not taken back: what is typed meanwhile is nobody's. */
static void take_terminal(void)
{
	setpgid(0, 0);
	if (!isatty(0))
		return;
	signal(SIGTTOU, SIG_IGN); /* who is in the background would stop */
	tcsetpgrp(0, getpid());
	signal(SIGTTOU, SIG_DFL);
}

/* Ctrl-Z stopped the command, and there is no shell around it that could wake it: it goes
 * on, as one whose group POSIX calls orphaned is not stopped at all. */
static void on_child(int sig)
{
	int saved = errno;
	siginfo_t info = {0};

	(void)sig;
	if (command_pid > 0 &&
		waitid(P_PID, (id_t)command_pid, &info, WSTOPPED | WNOHANG) == 0 &&
		info.si_pid == command_pid && info.si_status == SIGTSTP)
		kill(-command_pid, SIGCONT);
	errno = saved;
}

static void watch_for_stops(void)
{
	struct sigaction sa = {.sa_handler = on_child, .sa_flags = SA_RESTART};

	if (isatty(0))
		sigaction(SIGCHLD, &sa, NULL);
}

/* Orphans come to us (subreaper), so killing children until none is left ends
 * the whole tree however it has re-parented itself. Never a blocking wait: the
 * death of one child may bring us another that has not been killed yet. */
static void end_all(void)
{
	while (children(kill_hard) > 0) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		usleep(1000);
	}
}

static void __attribute__((noreturn)) end_like(int status)
{
	if (WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	int sig = WTERMSIG(status);
	sigset_t set;
	signal(sig, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	raise(sig);
	_exit(128 + sig);
}

/* What the command and all below it took. */
static void tell_usage(void)
{
	struct rusage u;
	char text[64];

	if (status_fd < 0 || getrusage(RUSAGE_CHILDREN, &u) != 0)
		return;
	long long micro = (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * 1000000LL +
			  u.ru_utime.tv_usec + u.ru_stime.tv_usec;
	snprintf(text, sizeof text, "u%lld %ld", micro, u.ru_maxrss);
	tell(text);
}

/* When memory runs out the kernel takes the build, not a neighbour (B06). */
static void be_taken_first(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "500", 3) < 0)
		errno = 0;
	close(fd);
}

/* Nobody reads the status any more: xorch is gone. */
static int orphaned(void)
{
	struct pollfd p = {.fd = status_fd};

	return status_fd >= 0 && poll(&p, 1, 0) > 0 &&
	       (p.revents & (POLLERR | POLLHUP)) != 0;
}

/* Passes on what xorch asks, to all in this namespace; 0: nobody can ask any more. */
static int pass_on(void)
{
	unsigned char sig;

	if (read(stop_fd, &sig, 1) != 1 || sig == 0 || sig > 64)
		return 0;
	kill(-1, sig);
	kill(-1, SIGCONT);
	return 1;
}

/* Until the command has ended, or is about to. bubblewrap's --die-with-parent misses a
 * parent that died before it had asked for the signal; and its own first process would
 * die of a signal at once, with all that it holds. */
static void watch_over(pid_t pid)
{
	int pidfd = (int)syscall(PIDFD_OPEN, pid, 0), asked = 0;

	if (pidfd < 0)
		return; /* a kernel before 5.3: what is asked is ended without a word */
	for (;;) {
		struct pollfd p[] = {{.fd = status_fd},
			{.fd = asked ? -1 : stop_fd, .events = POLLIN},
			{.fd = pidfd, .events = POLLIN}};
		int n = poll(p, 3, asked ? POLITE_MS : -1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || p[2].revents)
			break;
		if (p[0].revents & (POLLERR | POLLHUP)) {
			kill(-1, SIGKILL);
			_exit(128 + SIGKILL);
		}
		if (n == 0) {
			kill(-1, SIGKILL);
			break;
		}
		if (p[1].revents && !(asked = pass_on()))
			stop_fd = -1;
	}
	close(pidfd);
}

/* Returns in the child only. */
static void account(void)
{
	int status = 0;

	/* status_fd stays open here: nobody else's to write, by /proc. Before there is
	 * somebody else; execve(2) sets it back in the child. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	watch_for_stops();
	pid_t pid = fork();
	if (pid < 0)
		fail("cannot fork");
	if (pid == 0) {
		if (isatty(0))
			take_terminal();
		return;
	}
	command_pid = pid;
	if (stop_fd >= 0)
		watch_over(pid);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	tell_usage();
	end_like(status);
}

/* Returns in the child only. */
static void supervise(void)
{
	struct sigaction sa = {.sa_handler = on_signal};
	pid_t self = getpid();
	int status = 0;

	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	/* Not SIGKILL: with xorch gone there is a tree to end first. */
	prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* as in account() */
	if (orphaned())
		_exit(128 + SIGTERM);
	watch_for_stops();
	pid_t pid = fork();
	if (pid < 0)
		fail("cannot fork");
	if (pid == 0) {
		signal(SIGTERM, SIG_DFL);
		signal(SIGINT, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		if (getppid() != self)
			_exit(126);
		take_terminal();
		return;
	}
	command_pid = pid;
	for (;;) {
		if (asked_to_end) {
			/* A moment to end by itself, unless asked again; then the whole
			 * tree. */
			pid_t ended = 0;
			if (!passed_on)
				kill_softly(pid);
			for (int i = 0; i < POLITE_MS / 10 && asked_to_end < 2; i++) {
				ended = waitpid(pid, &status, WNOHANG);
				if (ended != 0)
					break;
				usleep(10000);
			}
			end_all();
			tell_usage();
			if (ended == pid)
				end_like(status);
			signal(SIGTERM, SIG_DFL);
			raise(SIGTERM);
			_exit(128 + SIGTERM);
		}
		pid_t got = waitpid(-1, &status, 0);
		if (got == pid)
			break;
		if (got < 0 && errno != EINTR)
			break;
	}
	end_all();
	tell_usage();
	end_like(status);
}

/* Not execvp: that hands what the kernel cannot run to the shell, so that a
 * program of the target would fail with a syntax error in itself. */
static void execute(char **command)
{
	const char *path = getenv("PATH"), *end;
	char file[4096];
	int error = ENOENT;

	if (strchr(command[0], '/')) {
		execv(command[0], command);
		return;
	}
	for (; path && *path; path = *end ? end + 1 : end) {
		end = strchrnul(path, ':');
		if (end == path ||
			(size_t)(end - path) + strlen(command[0]) + 2 > sizeof file)
			continue;
		snprintf(file, sizeof file, "%.*s/%s", (int)(end - path), path,
			command[0]);
		execv(file, command);
		if (errno != ENOENT && errno != ENOTDIR)
			error = errno;
	}
	errno = error;
}

int main(int argc, char **argv)
{
	char **p = argv + 1, **end = argv + argc;
	int namespace = 0, use_landlock = 0, tcp = 0, supervised = 0, accounted = 0;
	const char *pids = NULL, *nproc = NULL, *data = NULL, *fsize = NULL;

	for (; p < end && strcmp(*p, "--") != 0; p++) {
		if (strcmp(*p, "--namespace") == 0)
		namespace = 1;
		else if (strcmp(*p, "--landlock") == 0) use_landlock = 1;
		else if (strcmp(*p, "--tcp") == 0) tcp = 1;
		else if (strcmp(*p, "--supervise") == 0) supervised = 1;
		else if (strcmp(*p, "--account") == 0) accounted = 1;
		else if (p + 1 == end) break;
		else if (strcmp(*p, "--status") == 0) status_fd = atoi(*++p);
		else if (strcmp(*p, "--stop") == 0) stop_fd = atoi(*++p);
		else if (strcmp(*p, "--pids") == 0) pids = *++p;
		else if (strcmp(*p, "--nproc") == 0) nproc = *++p;
		else if (strcmp(*p, "--data") == 0) data = *++p;
		else if (strcmp(*p, "--fsize") == 0) fsize = *++p;
		else p++; /* --read, --write: landlock() reads them */
	}
	char **command = p + 1;
	if (p >= end || command >= end) {
		errno = EINVAL;
		fail("usage: xorch-init OPTIONS -- COMMAND");
	}
	if (status_fd >= 0)
		fcntl(status_fd, F_SETFD, FD_CLOEXEC);
	if (stop_fd >= 0)
		fcntl(stop_fd, F_SETFD, FD_CLOEXEC);
	be_taken_first();
	if (namespace) {
		own_binfmt();
		if (pids)
			limit_pids(pids);
		read_only_proc();
	}
	if (supervised)
		supervise();
	drop_capabilities();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		fail("cannot set no_new_privs");
	if (use_landlock)
		landlock(argv + 1, p, tcp);
	if (data)
		limit(RLIMIT_DATA, data, "of memory");
	if (fsize)
		limit(RLIMIT_FSIZE, fsize, "of file size");
	if (nproc)
		limit(RLIMIT_NPROC, nproc, "of processes");
	if (accounted)
		account();
	tell("s");
	execute(command);
	fail("cannot execute %s", command[0]);
}
