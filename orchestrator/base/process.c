#include "base/process.h"
#include "base/error.h"
#include "base/process_output.h"
#include "base/process_parts.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define DAEMON_GRACE 0.2 /* s: how long output is awaited after the child's end */

char *process_find_program(const char *name, const char *path)
{
	if (!name || !*name)
		return NULL;
	if (strchr(name, '/'))
		return access(name, X_OK) == 0 ? g_strdup(name) : NULL;
	if (!path)
		path = g_getenv("PATH");
	if (!path || !*path)
		path = "/usr/local/bin:/usr/bin:/bin";
	g_auto(GStrv) folders = g_strsplit(path, ":", -1);
	for (int i = 0; folders[i]; i++) {
		g_autofree char *file =
			g_build_filename(*folders[i] ? folders[i] : ".", name, NULL);
		struct stat st;
		if (stat(file, &st) == 0 && S_ISREG(st.st_mode) &&
			access(file, X_OK) == 0)
			return g_canonicalize_filename(file, NULL);
	}
	return NULL;
}

static const char *env_get(const char *const *env, const char *name)
{
	size_t n = strlen(name);

	if (!env)
		return g_getenv(name);
	for (; *env; env++)
		if (strncmp(*env, name, n) == 0 && (*env)[n] == '=')
			return *env + n + 1;
	return NULL;
}

static const char *spec_name(const process_spec *s)
{
	if (s->name)
		return s->name;
	const char *slash = strrchr(s->argv[0], '/');
	return slash ? slash + 1 : s->argv[0];
}

static gboolean start_error(
	const process_spec *s, const char *program, const child_error *e, GError **err)
{
	static const char *const what[] = {"start", "enter the folder",
		"set the limits of", "set up the files of", "restrict", "execute"};
	const char *subject = e->stage == STAGE_CHDIR  ? s->cwd
			      : e->stage == STAGE_EXEC ? program
						       : spec_name(s);

	g_autofree char *shown = text_escape(subject, -1);
	error_set_errno(err, EXIT_HOST, "X0810", e->error, "cannot %s `%s`",
		what[e->stage], shown);
	if (e->stage == STAGE_EXEC && e->error == ENOEXEC)
		error_note(err, "it is not a program for this machine");
	if (e->stage == STAGE_EXEC && e->error == ENOENT && access(program, F_OK) == 0)
		error_note(err, "the file exists; the interpreter or loader it names "
				"does not");
	return FALSE;
}

static gboolean make_pipe(int fds[2])
{
	if (pipe2(fds, O_CLOEXEC) != 0)
		return FALSE;
	fds[0] = process_above_stdio(fds[0]);
	fds[1] = process_above_stdio(fds[1]);
	return fds[0] >= 0 && fds[1] >= 0;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The state of one run of the wait loop. */
typedef struct watch {
	const process_spec *spec;
	process_result *result;
	pid_t pid;
	int pidfd;
	int in, out, err; /* our ends; -1 closed */
	gsize written;	  /* bytes of spec->input given */
	gint64 begun, last_output;
	gint64 kill_at;	 /* when SIGKILL follows, 0 not yet asked to end */
	gint64 ended_at; /* 0 as long as the child runs */
	gboolean killed;
	process_output *output;
} watch;

static void group_signal(const watch *w, int sig)
{
	if (kill(-w->pid, sig) != 0)
		kill(w->pid, sig); /* before its setsid */
}

static void ask_to_end(const watch *w, int sig)
{
	unsigned char byte = (unsigned char)sig;

	if (w->spec->stop_fd > 0 && write(w->spec->stop_fd, &byte, 1) == 1)
		return;
	group_signal(w, sig);
	group_signal(w, SIGCONT);
}

static void watch_stop(watch *w, int sig, gint64 now)
{
	double grace = w->spec->grace_s > 0 ? w->spec->grace_s : 1;

	if (w->spec->supervises)
		grace += 5;

	if (w->kill_at || w->ended_at)
		return;
	ask_to_end(w, sig);
	w->kill_at = now + (gint64)(grace * G_USEC_PER_SEC);
}

static void watch_clock(watch *w, gint64 now)
{
	const process_spec *s = w->spec;

	if (process_cancelled()) {
		watch_stop(w, process_cancelled(), now);
		if (process_cancel_calls() > 1 && !w->spec->supervises)
			w->kill_at = now;
	}
	if (!w->kill_at && s->timeout_s > 0 &&
		now - w->begun >= s->timeout_s * G_USEC_PER_SEC) {
		w->result->timed_out = TRUE;
		watch_stop(w, SIGTERM, now);
	}
	if (!w->kill_at && s->silent_timeout_s > 0 &&
		now - w->last_output >= s->silent_timeout_s * G_USEC_PER_SEC) {
		w->result->silent_out = TRUE;
		watch_stop(w, SIGTERM, now);
	}
	if (w->kill_at && !w->killed && now >= w->kill_at) {
		group_signal(w, SIGKILL);
		w->killed = TRUE;
	}
}

static int watch_wait_ms(const watch *w, gint64 now)
{
	gint64 next = G_MAXINT64;
	const process_spec *s = w->spec;

	if (w->ended_at) {
		next = w->ended_at + (gint64)(DAEMON_GRACE * G_USEC_PER_SEC);
	} else if (w->kill_at) {
		if (!w->killed)
			next = w->kill_at;
	} else {
		if (s->timeout_s > 0)
			next = w->begun + (gint64)(s->timeout_s * G_USEC_PER_SEC);
		if (s->silent_timeout_s > 0)
			next = MIN(next, w->last_output + (gint64)(s->silent_timeout_s *
								   G_USEC_PER_SEC));
	}
	int most = w->pidfd < 0 && !w->ended_at ? 20 : 60000;
	if (next == G_MAXINT64)
		return most;
	return (int)CLAMP((next - now) / 1000 + 1, 0, most);
}

static void watch_read(watch *w, int *fd, gboolean is_stderr)
{
	char bytes[65536];
	ssize_t n = read(*fd, bytes, sizeof bytes);

	if (n > 0) {
		w->last_output = g_get_monotonic_time();
		process_output_add(w->output, bytes, (gsize)n, is_stderr);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close_fd(fd);
	}
}

static void watch_write(watch *w)
{
	gsize size;
	const char *data = g_bytes_get_data(w->spec->input, &size);
	ssize_t n = write(w->in, data + w->written, size - w->written);

	if (n > 0)
		w->written += (gsize)n;
	/* EPIPE: the child did not want it all, which is its own affair. */
	if (w->written == size || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_fd(&w->in);
}

/* The child stays a zombie here, so that its number and group stay its own
 * until the group is killed. */
static gboolean child_ended(const watch *w)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)w->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       info.si_pid == w->pid;
}

static void watch_loop(watch *w)
{
	int wake = process_wake_descriptor();

	for (;;) {
		gint64 now = g_get_monotonic_time();
		watch_clock(w, now);
		if (!w->ended_at && child_ended(w)) {
			w->ended_at = now;
			kill(-w->pid, SIGKILL);
		}
		if (w->ended_at &&
			((w->out < 0 && w->err < 0) ||
				now - w->ended_at > DAEMON_GRACE * G_USEC_PER_SEC))
			return;
		struct pollfd p[5] = {
			{.fd = w->out, .events = POLLIN},
			{.fd = w->err, .events = POLLIN},
			{.fd = w->in, .events = POLLOUT},
			{.fd = w->ended_at ? -1 : w->pidfd, .events = POLLIN},
			/* Once told, no more: it stays readable. */
			{.fd = process_cancelled() ? -1 : wake, .events = POLLIN},
		};
		if (poll(p, 5, watch_wait_ms(w, now)) < 0)
			continue;
		if (p[0].revents)
			watch_read(w, &w->out, FALSE);
		if (p[1].revents)
			watch_read(w, &w->err, TRUE);
		if (p[2].revents)
			watch_write(w);
	}
}

static gboolean read_notify(int fd, child_error *e)
{
	ssize_t n;

	do
		n = read(fd, e, sizeof *e);
	while (n < 0 && errno == EINTR);
	return n != (ssize_t)sizeof *e; /* closed by exec: started */
}

/* A write to a child that has closed its stdin must not end us. Only this
 * thread's mask, and what arrived meanwhile is taken away. */
static void sigpipe_block(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, before);
}

static void sigpipe_restore(const sigset_t *before)
{
	sigset_t set;
	struct timespec zero = {0, 0};

	if (sigismember(before, SIGPIPE))
		return;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	sigtimedwait(&set, NULL, &zero);
	pthread_sigmask(SIG_SETMASK, before, NULL);
}

static __thread process_usage used;

void process_usage_add(double cpu_seconds, guint64 peak_memory)
{
	used.cpu_seconds += cpu_seconds;
	used.peak_memory = MAX(used.peak_memory, peak_memory);
}

void process_usage_reset(void)
{
	used = (process_usage){0};
}

process_usage process_usage_get(void)
{
	return used;
}

static void watch_child(watch *w)
{
	sigset_t before;
	int status;

#ifdef SYS_pidfd_open
	w->pidfd = (int)syscall(SYS_pidfd_open, w->pid, 0);
#endif
	sigpipe_block(&before);
	watch_loop(w);
	sigpipe_restore(&before);
	if (w->pidfd >= 0)
		close(w->pidfd);
	process_result *r = w->result;
	while (wait4(w->pid, &status, 0, &r->usage) < 0 && errno == EINTR)
		;
	r->seconds = (g_get_monotonic_time() - w->begun) / 1e6;
	r->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	r->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static int compare_int(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void plan_keep(child_plan *p)
{
	const int *fds = p->spec->fds;

	while (fds && fds[p->n_keep] >= 0)
		p->n_keep++;
	p->keep = g_new(int, p->n_keep + 1);
	for (guint i = 0; i < p->n_keep; i++) {
		p->keep[i] = fds[i];
		g_assert(fds[i] > 2);
	}
	qsort(p->keep, p->n_keep, sizeof(int), compare_int);
}

static gboolean open_pipes(const process_spec *s, child_plan *p, watch *w, int *notify)
{
	int in[2] = {-1, -1}, out[2] = {-1, -1}, err[2] = {-1, -1}, note[2] = {-1, -1};

	if (s->input) {
		if (!make_pipe(in))
			return FALSE;
		w->in = in[1];
		p->in = in[0];
		fcntl(w->in, F_SETFL, O_NONBLOCK);
	} else {
		p->in = process_above_stdio(open("/dev/null", O_RDONLY | O_CLOEXEC));
	}
	if (p->in < 0 || !make_pipe(out))
		return FALSE;
	w->out = out[0];
	p->out = out[1];
	/* One pipe keeps the order of the lines; two tell the streams apart. */
	if (s->capture || s->on_output) {
		if (!make_pipe(err))
			return FALSE;
		w->err = err[0];
		p->err = err[1];
	} else {
		p->err = process_above_stdio(fcntl(p->out, F_DUPFD_CLOEXEC, 3));
	}
	if (p->err < 0 || !make_pipe(note))
		return FALSE;
	*notify = note[0];
	p->notify = note[1];
	fcntl(w->out, F_SETFL, O_NONBLOCK);
	if (w->err >= 0)
		fcntl(w->err, F_SETFL, O_NONBLOCK);
	return TRUE;
}

static char *plan_program(const process_spec *s, GError **err)
{
	if (strchr(s->argv[0], '/'))
		return g_strdup(s->argv[0]);
	char *program = process_find_program(s->argv[0], env_get(s->env, "PATH"));
	if (!program) {
		g_autofree char *shown = text_escape(s->argv[0], -1);
		error_set(
			err, EXIT_HOST, "X0810", "program `%s` not found in PATH", shown);
	}
	return program;
}

static gboolean run_planned(child_plan *p, watch *w, int *notify, GError **err)
{
	child_error e = {0, 0};

	w->begun = w->last_output = g_get_monotonic_time();
	w->pid = process_child_start(p);
	if (w->pid < 0) {
		e.error = errno;
		return start_error(p->spec, p->program, &e, err);
	}
	close_fd(&p->in);
	close_fd(&p->out);
	close_fd(&p->err);
	close_fd(&p->notify);
	int slot = process_group_enter(p->spec->supervises ? -w->pid : w->pid);
	gboolean started = read_notify(*notify, &e);
	watch_child(w);
	process_group_leave(slot);
	if (!started)
		return start_error(p->spec, p->program, &e, err);
	if (process_cancelled() && w->kill_at && !w->result->timed_out &&
		!w->result->silent_out)
		return process_cancelled_error(err);
	return TRUE;
}

gboolean process_run(const process_spec *spec, process_result *result, GError **err)
{
	child_plan p = {.spec = spec, .in = -1, .out = -1, .err = -1, .notify = -1};
	watch w = {.spec = spec,
		.result = result,
		.in = -1,
		.out = -1,
		.err = -1,
		.pidfd = -1};
	int notify = -1;

	memset(result, 0, sizeof *result);
	if (process_cancelled())
		return process_cancelled_error(err);
	p.program = plan_program(spec, err);
	if (!p.program)
		return FALSE;
	w.output = process_output_new(spec, err);
	gboolean ok = w.output != NULL;
	if (ok) {
		p.env = spec->env ? (char **)spec->env : environ;
		p.parent = getpid();
		plan_keep(&p);
		if (open_pipes(spec, &p, &w, &notify))
			ok = run_planned(&p, &w, &notify, err);
		else
			ok = error_set_errno(err, EXIT_HOST, "X0810", errno,
				"cannot start `%s`", spec_name(spec));
		ok = process_output_finish(w.output, result, ok ? err : NULL) && ok;
	}
	int *fds[] = {&p.in, &p.out, &p.err, &p.notify, &w.in, &w.out, &w.err, &notify};
	for (guint i = 0; i < G_N_ELEMENTS(fds); i++)
		close_fd(fds[i]);
	g_free(p.keep);
	g_free(p.program);
	return ok;
}

void process_result_clear(process_result *r)
{
	g_clear_pointer(&r->out, g_free);
	g_clear_pointer(&r->err, g_free);
}

char *process_describe(const process_spec *s, const process_result *r)
{
	if (r->timed_out)
		return g_strdup_printf(
			"was stopped after %g s (time limit)", s->timeout_s);
	if (r->silent_out)
		return g_strdup_printf(
			"was stopped after %g s without output", s->silent_timeout_s);
	if (r->signal)
		return g_strdup_printf("was killed by signal %d (%s)", r->signal,
			g_strsignal(r->signal));
	return g_strdup_printf("ended with status %d", r->exit_code);
}

gboolean process_check(
	const process_spec *spec, process_result *result, int code, GError **err)
{
	if (!process_run(spec, result, err))
		return FALSE;
	if (result->exit_code == 0 && !result->timed_out && !result->silent_out)
		return TRUE;
	g_autofree char *how = process_describe(spec, result);
	error_set(err, result->timed_out || result->silent_out ? EXIT_TIME : code,
		"X0811", "%s %s", spec_name(spec), how);
	const char *text = result->err && *result->err ? result->err : result->out;
	if (!text)
		return FALSE;
	g_autofree char *trimmed = g_strchomp(g_strdup(text));
	g_auto(GStrv) lines = g_strsplit(trimmed, "\n", -1);
	guint n = g_strv_length(lines);
	for (guint i = n > 10 ? n - 10 : 0; i < n; i++) {
		g_autofree char *shown = text_escape(lines[i], -1);
		error_line(err, "%s", shown);
	}
	return FALSE;
}
