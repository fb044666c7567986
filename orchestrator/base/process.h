#pragma once
#include <glib.h>
#include <sys/resource.h>

/* One child process from start to end. The caller:
 *  1. fills a process_spec (zero means the default everywhere);
 *  2. calls process_run from any thread; it returns when the child has ended;
 *  3. reads the process_result and calls process_result_clear.
 *
 * Every child gets: stdin from /dev/null or the given bytes; no file descriptor
 * but 0-2 and those of `fds`; default signal handlers and an empty mask; a
 * session of its own, so it has no controlling terminal and one signal reaches
 * all of its group; SIGKILL when this process dies; no core file. When the
 * child has ended, what is left of its group is killed. A descendant that made
 * a session of its own escapes that: build/sandbox.h holds those too.
 *
 * Between fork and exec only async-signal-safe calls are made; why an exec
 * failed is told by the parent through the error. */
typedef struct process_spec {
	const char *const *argv; /* argv[0] without a slash is looked up in env's PATH */
	const char *const *env;	 /* "NAME=value", NULL-terminated; NULL inherits */
	const char *cwd;	 /* NULL: as here */
	const char *name;	 /* for messages; NULL: base name of argv[0] */
	GBytes *input;		 /* stdin; NULL: /dev/null */

	/* Where output goes; without any of these it is read and dropped. */
	const char *log_path; /* stdout and stderr appended, in the order they came */
	guint64 log_limit;    /* bytes written to it by this run, default 64 MiB: the
			       * first of them and the last, a line says what is missing */
	gboolean capture;     /* into result.out, result.err */
	gsize capture_limit;  /* bytes of each, default 16 MiB; the rest is dropped and
			       * result.out_cut, err_cut are set */
	void (*on_output)(const char *bytes, gsize size, gboolean is_stderr, void *data);
	void *on_output_data; /* called in the calling thread */

	double timeout_s;	 /* wall clock; 0 none */
	double silent_timeout_s; /* since the last byte of output; 0 none */
	double grace_s;		 /* between SIGTERM and SIGKILL, default 1 */
	/* The child ends its own descendants when it gets SIGTERM, at once when it gets
	 * a second one (xorch-init); SIGKILL would only make orphans of them, so it
	 * comes later and a second Ctrl-C sends SIGTERM. */
	gboolean supervises;
	/* > 0: the child is asked to end by the signal's number, a byte written here, in
	 * place of the signal itself: its first program (bubblewrap) would take the rest
	 * with it at once. SIGKILL comes after the grace all the same. */
	int stop_fd;

	guint64 memory_limit; /* bytes of data a process may have (RLIMIT_DATA); 0 none */
	guint64 process_limit; /* RLIMIT_NPROC; 0 none, no effect on root */
	guint64 file_limit;    /* bytes a file may grow to; 0 none */
	mode_t umask;	       /* 0: 022 */

	const int
		*fds; /* -1-terminated: open in the child under the same numbers (> 2) */
	/* Runs in the child just before exec, async-signal-safe calls only; returns 0
	 * or an errno, which fails the start. */
	int (*child_setup)(void *data);
	void *child_setup_data;
} process_spec;

typedef struct process_result {
	int exit_code;			/* 0-255, or -1 when a signal ended it */
	int signal;			/* the signal that ended it, 0 none */
	gboolean timed_out, silent_out; /* we ended it, for that reason */
	char *out, *err; /* captured, NUL-terminated; NULL without capture */
	gsize out_size, err_size;
	gboolean out_cut, err_cut;
	guint64 log_bytes; /* bytes of output seen */
	double seconds;
	struct rusage usage;
} process_result;

void process_result_clear(process_result *r);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(process_result, process_result_clear)

/* FALSE when the child could not be started (EXIT_HOST, X0810) or the run was
 * cancelled (EXIT_SIGNAL + n); otherwise TRUE however it ended. *result is
 * valid after both. */
gboolean process_run(const process_spec *spec, process_result *result, GError **err);
/* The same, and an end other than exit status 0 is an error as well: `code` as
 * exit status (EXIT_TIME for a time limit), with the last lines of captured
 * stderr. */
gboolean process_check(
	const process_spec *spec, process_result *result, int code, GError **err);
/* "ended with status 2", "was killed by signal 11 (Segmentation fault)",
 * "was stopped after 30 s without output". New string. */
char *process_describe(const process_spec *spec, const process_result *r);

/* What build steps that this thread ran have used since process_usage_reset, as the
 * sandbox counts them (a child's own rusage says nothing of what a namespace held). */
typedef struct process_usage {
	double cpu_seconds;
	guint64 peak_memory; /* bytes resident of the largest process */
} process_usage;
void process_usage_reset(void);
process_usage process_usage_get(void);
void process_usage_add(double cpu_seconds, guint64 peak_memory);

/* Ends every running child: `signal` to their groups, SIGKILL after the grace.
 * From then on process_run fails with EXIT_SIGNAL + signal. A second call
 * kills at once. Async-signal-safe. */
void process_cancel_all(int signal);
/* The signal of process_cancel_all, 0 as long as the run may go on. Long work
 * without children asks this now and then. */
int process_cancelled(void);
/* Sets the error of a cancelled run; returns FALSE. */
gboolean process_cancelled_error(GError **err);
/* Children running now. */
int process_running(void);
/* For tests: as if process_cancel_all had never been called. */
void process_cancel_reset(void);

/* Absolute path of the program as execvp would find it in `path` (NULL: PATH),
 * or NULL. */
char *process_find_program(const char *name, const char *path);
