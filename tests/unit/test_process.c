#include "base/process.h"
#include "base/process_secret.h"
#include "base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define SH(script) ((const char *const[]){"/bin/sh", "-c", script, NULL})

static char *folder; /* scratch */

static gboolean gone(pid_t pid)
{
	for (int i = 0; i < 200; i++) {
		g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
		g_autofree char *text = NULL;
		if (!g_file_get_contents(path, &text, NULL, NULL))
			return TRUE;
		const char *state = strrchr(text, ')');
		if (state && (state[2] == 'Z' || state[2] == 'X'))
			return TRUE;
		g_usleep(5000);
	}
	return FALSE;
}

static void output_and_status(void)
{
	static const struct {
		const char *script, *out, *err;
		int status, signal;
	} rows[] = {
		{"echo a; echo b >&2", "a\n", "b\n", 0, 0},
		{"exit 3", "", "", 3, 0},
		{"kill -SEGV $$", "", "", -1, SIGSEGV},
		{"printf '\\000x'", "", "", 0, 0},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(process_result) r = {0};
		g_autoptr(GError) err = NULL;
		process_spec s = {.argv = SH(rows[i].script), .capture = TRUE};
		g_assert_true(process_run(&s, &r, &err));
		g_assert_no_error(err);
		g_assert_cmpstr(r.out, ==, rows[i].out);
		g_assert_cmpstr(r.err, ==, rows[i].err);
		g_assert_cmpint(r.exit_code, ==, rows[i].status);
		g_assert_cmpint(r.signal, ==, rows[i].signal);
	}
}

static void input(void)
{
	gsize size = 3 << 20;
	g_autofree char *bytes = g_malloc(size);
	memset(bytes, 'x', size);
	g_autoptr(GBytes) in = g_bytes_new(bytes, size);
	g_auto(process_result) r = {0};
	process_spec s = {.argv = SH("wc -c; cat"), .capture = TRUE, .input = in};

	g_assert_true(process_run(&s, &r, NULL));
	g_assert_cmpint(atoi(r.out), ==, (int)size);
	/* A child that reads none of it is no error and no SIGPIPE. */
	g_auto(process_result) quiet = {0};
	s.argv = SH("exit 0");
	g_assert_true(process_run(&s, &quiet, NULL));
	g_assert_cmpint(quiet.exit_code, ==, 0);
}

/* B02: a build that asks questions gets end of file and no terminal. */
static void b02_stdin_and_tty(void)
{
	g_auto(process_result) r = {0};
	process_spec s = {.argv = SH("if read x; then echo got; else echo eof; fi;"
				     "(: </dev/tty) 2>/dev/null && echo tty;"
				     "[ $(ps -o sid= -p $$) = $$ ] && echo own-session"),
		.capture = TRUE,
		.timeout_s = 5};

	g_assert_true(process_run(&s, &r, NULL));
	g_assert_cmpstr(r.out, ==, "eof\nown-session\n");
}

static void not_executable(void)
{
	g_autofree char *text = g_build_filename(folder, "text", NULL);
	g_autofree char *script = g_build_filename(folder, "script", NULL);
	g_assert_true(g_file_set_contents(text, "\177ELF rubbish", -1, NULL));
	g_assert_true(g_file_set_contents(script, "#!/nowhere/interp\n", -1, NULL));
	g_chmod(text, 0755);
	g_chmod(script, 0755);
	const struct {
		const char *program, *cwd, *says;
	} rows[] = {
		{"/nowhere/at-all", NULL,
			"cannot execute `/nowhere/at-all`: No such file"},
		{"no-such-program-xyz", NULL, "not found in PATH"},
		{text, NULL, "Exec format error"},
		{script, NULL, "interpreter or loader"},
		{"/bin/true", "/nowhere", "cannot enter the folder `/nowhere`"},
		{"/etc/passwd", NULL, "Permission denied"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(process_result) r = {0};
		g_autoptr(GError) err = NULL;
		process_spec s = {.argv = (const char *const[]){rows[i].program, NULL},
			.cwd = rows[i].cwd};
		g_assert_false(process_run(&s, &r, &err));
		g_assert_error(err, XORCH_ERROR, EXIT_HOST);
		g_assert_nonnull(strstr(err->message, rows[i].says));
		g_assert_true(g_str_has_prefix(err->message, "[X0810] "));
	}
}

static void child_state(void)
{
	g_auto(process_result) r = {0};
	int fd = open("/dev/null", O_RDONLY);	   /* not CLOEXEC on purpose */
	int kept = fcntl(fd, F_DUPFD_CLOEXEC, 20); /* asked for */

	g_assert_cmpint(kept, ==, 20);
	process_spec s = {
		.argv = SH("ls /proc/self/fd | tr '\\n' ' '; umask; ulimit -c; echo "
			   "$X:$HOME;"
			   "awk '/^SigBlk|^SigIgn/{print $2}' /proc/self/status; pwd"),
		.env = (const char *const[]){"X=1", "PATH=/usr/bin:/bin", NULL},
		.capture = TRUE,
		.cwd = "/usr",
		.fds = (const int[]){kept, -1}};

	sigset_t set, old;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, &old);
	signal(SIGUSR2, SIG_IGN);
	g_assert_true(process_run(&s, &r, NULL));
	signal(SIGUSR2, SIG_DFL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close(fd);
	close(kept);
	g_assert_cmpstr(r.out, ==,
		"0 1 2 20 3 0022\n0\n1:\n0000000000000000\n0000000000000000\n/usr\n");
}

static void limits(void)
{
	g_auto(process_result) r = {0};
	g_autofree char *file = g_build_filename(folder, "big", NULL);
	g_autofree char *script = g_strdup_printf(
		"head -c 100000 /dev/zero >%s; ulimit -d; ulimit -u", file);
	process_spec s = {.argv = SH(script),
		.capture = TRUE,
		.memory_limit = 1ULL << 30,
		.process_limit = 4321,
		.file_limit = 5000};
	GStatBuf st;

	g_assert_true(process_run(&s, &r, NULL));
	/* dash has no -u; the limit shows in /proc. */
	g_assert_true(g_str_has_prefix(r.out, "1048576\n"));
	g_assert_cmpint(g_stat(file, &st), ==, 0);
	g_assert_cmpint(st.st_size, ==, 5000);
}

/* B03: for ever busy, for ever silent; the tree goes. */
static void b03_time_limits(void)
{
	static const struct {
		const char *script;
		double wall, silent;
		gboolean timed_out, silent_out;
	} rows[] = {
		{"sleep 60 & echo $!; while :; do echo x; sleep 0.05; done", 0.4, 5, TRUE,
			FALSE},
		{"sleep 60 & echo $!; wait", 0, 0.3, FALSE, TRUE},
		/* Deaf to SIGTERM: SIGKILL after the grace. */
		{"trap '' TERM; sleep 60 & echo $!; while :; do sleep 0.05; done", 0.3, 0,
			TRUE, FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(process_result) r = {0};
		process_spec s = {.argv = SH(rows[i].script),
			.capture = TRUE,
			.timeout_s = rows[i].wall,
			.silent_timeout_s = rows[i].silent,
			.grace_s = 0.2};
		g_assert_true(process_run(&s, &r, NULL));
		g_assert_cmpint(r.timed_out, ==, rows[i].timed_out);
		g_assert_cmpint(r.silent_out, ==, rows[i].silent_out);
		g_assert_cmpfloat(r.seconds, <, 2);
		g_assert_true(gone(atoi(r.out)));
		g_auto(process_result) again = {0};
		g_autoptr(GError) err = NULL;
		g_assert_false(process_check(&s, &again, EXIT_BUILD, &err));
		g_assert_error(err, XORCH_ERROR, EXIT_TIME);
	}
}

/* B05: a background process that keeps the pipe open ends with its parent. */
static void b05_left_behind(void)
{
	g_auto(process_result) r = {0};
	process_spec s = {.argv = SH("sleep 60 & echo $!"), .capture = TRUE};

	g_assert_true(process_run(&s, &r, NULL));
	g_assert_cmpint(r.exit_code, ==, 0);
	g_assert_cmpfloat(r.seconds, <, 2);
	g_assert_true(gone(atoi(r.out)));
}

/* B04: the log keeps head and tail. */
static void b04_log_cap(void)
{
	g_autofree char *log = g_build_filename(folder, "log", NULL);
	g_autofree char *text = NULL;
	gsize size;
	process_spec s = {
		.argv = SH("echo first; yes middle | head -c 5000000; echo last >&2"),
		.log_path = log,
		.log_limit = 10000};
	g_auto(process_result) r = {0};

	g_assert_true(process_run(&s, &r, NULL));
	g_assert_cmpuint(r.log_bytes, ==, 5000000 + 6 + 5);
	g_assert_true(g_file_get_contents(log, &text, &size, NULL));
	g_assert_cmpuint(size, >, 10000);
	g_assert_cmpuint(size, <, 10200);
	g_assert_true(g_str_has_prefix(text, "first\nmiddle\n"));
	g_assert_true(g_str_has_suffix(text, "last\n"));
	g_assert_nonnull(strstr(text, "bytes of output left out here]\n"));
	/* Under the limit nothing is touched, and a second run appends. */
	g_remove(log);
	for (int i = 0; i < 2; i++) {
		g_auto(process_result) small = {0};
		s.argv = SH("seq 1 900; echo e >&2");
		g_assert_true(process_run(&s, &small, NULL));
	}
	g_autofree char *twice = NULL;
	g_assert_true(g_file_get_contents(log, &twice, &size, NULL));
	g_assert_cmpuint(size, ==, 2 * (3492 + 2));
	g_assert_true(g_str_has_suffix(twice, "899\n900\ne\n"));
}

static void capture_cut(void)
{
	process_spec s = {.argv = SH("yes | head -c 100000; echo e >&2"),
		.capture = TRUE,
		.capture_limit = 10};
	g_auto(process_result) r = {0};

	g_assert_true(process_run(&s, &r, NULL));
	g_assert_cmpstr(r.out, ==, "y\ny\ny\ny\ny\n");
	g_assert_true(r.out_cut);
	g_assert_false(r.err_cut);
}

static void check_message(void)
{
	process_spec s = {.argv = SH("echo 'bad \033[31mthing' >&2; exit 4"),
		.capture = TRUE,
		.name = "tool"};
	g_auto(process_result) r = {0};
	g_autoptr(GError) err = NULL;

	g_assert_false(process_check(&s, &r, EXIT_BUILD, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_BUILD);
	g_assert_cmpstr(err->message, ==,
		"[X0811] tool ended with status 4\n  bad \\x1b[31mthing");
}

static void *run_many(void *data)
{
	for (int i = 0; i < 25; i++) {
		g_autofree char *want =
			g_strdup_printf("%d.%d", GPOINTER_TO_INT(data), i);
		g_autofree char *script = g_strdup_printf("printf %s", want);
		g_auto(process_result) r = {0};
		process_spec s = {.argv = SH(script), .capture = TRUE};
		g_assert_true(process_run(&s, &r, NULL));
		g_assert_cmpstr(r.out, ==, want);
	}
	return NULL;
}

static void threads(void)
{
	GThread *t[8];

	for (int i = 0; i < 8; i++)
		t[i] = g_thread_new("run", run_many, GINT_TO_POINTER(i));
	for (int i = 0; i < 8; i++)
		g_thread_join(t[i]);
	g_assert_cmpint(process_running(), ==, 0);
}

static void *cancel_soon(void *data)
{
	g_usleep(150000);
	process_cancel_all(GPOINTER_TO_INT(data));
	return NULL;
}

/* K02, K04: children are gone well under two seconds, deaf ones too. */
static void k02_cancel(void)
{
	static const struct {
		const char *script;
		int signal;
	} rows[] = {
		{"sleep 60 & echo $!; wait", SIGINT},
		{"trap '' INT TERM HUP; sleep 60 & echo $!; while :; do sleep 0.05; done",
			SIGTERM},
		{"sleep 60 & echo $!; wait", SIGHUP},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(process_result) r = {0};
		g_autoptr(GError) err = NULL;
		process_spec s = {.argv = SH(rows[i].script), .capture = TRUE};
		GThread *t = g_thread_new(
			"cancel", cancel_soon, GINT_TO_POINTER(rows[i].signal));
		g_assert_false(process_run(&s, &r, &err));
		g_thread_join(t);
		g_assert_cmpfloat(r.seconds, <, 2);
		g_assert_error(err, XORCH_ERROR, EXIT_SIGNAL + rows[i].signal);
		g_assert_true(gone(atoi(r.out)));
		g_clear_error(&err);
		g_auto(process_result) after = {0};
		g_assert_false(process_run(&s, &after, &err));
		g_assert_error(err, XORCH_ERROR, EXIT_SIGNAL + rows[i].signal);
		process_cancel_reset();
	}
}

/* K05: kill -9 of the parent takes the child with it. */
static void k05_parent_dies(void)
{
	int fds[2];
	char text[32] = "";

	g_assert_cmpint(pipe(fds), ==, 0);
	pid_t parent = fork();
	if (parent == 0) {
		g_auto(process_result) r = {0};
		g_autofree char *out = g_strdup_printf("echo $$ >&%d; sleep 60", fds[1]);
		process_spec s = {.argv = SH(out), .fds = (const int[]){fds[1], -1}};
		process_run(&s, &r, NULL);
		_exit(0);
	}
	g_assert_cmpint(read(fds[0], text, sizeof text - 1), >, 0);
	g_assert_cmpint(atoi(text), >, 0);
	kill(parent, SIGKILL);
	waitpid(parent, NULL, 0);
	g_assert_true(gone(atoi(text)));
	close(fds[0]);
	close(fds[1]);
}

static void find_program(void)
{
	g_autofree char *sh = process_find_program("sh", "/nowhere:/bin");
	g_autofree char *none = process_find_program("sh", "/nowhere");
	g_autofree char *folder_is_none = process_find_program("bin", "/usr");

	g_assert_cmpstr(sh, ==, "/bin/sh");
	g_assert_null(none);
	g_assert_null(folder_is_none);
}

/* S04: masked whole or in pieces; of two that begin alike the longer one. */
static void s04_secrets(void)
{
	static const struct {
		const char *pieces[4], *shows;
	} rows[] = {
		{{"a secret b"}, "a *** b"},
		{{"a sec", "ret b"}, "a *** b"},
		{{"s", "e", "cret"}, "***"},
		{{"sec", "tor"}, "sector"},
		{{"secret-long secret-l"}, "*** ***-l"},
		{{"ssecret", "secretsecre"}, "s******secre"},
		{{"abc is too short"}, "abc is too short"},
		{{"ends in sec"}, "ends in sec"},
	};

	process_secrets_set((const char *const[]){"secret", "abc", "secret-long", NULL});
	for (guint n = 0; n < G_N_ELEMENTS(rows); n++) {
		g_autoptr(GString) out = g_string_new(NULL);
		process_mask *m = process_mask_new();
		for (guint k = 0; k < 4 && rows[n].pieces[k]; k++)
			process_mask_add(m, rows[n].pieces[k], strlen(rows[n].pieces[k]),
				FALSE, out);
		process_mask_add(m, "", 0, TRUE, out);
		process_mask_free(m);
		g_assert_cmpstr(out->str, ==, rows[n].shows);
	}
	g_autofree char *text = process_secrets_mask("my secret");
	g_assert_cmpstr(text, ==, "my ***");
	process_secrets_set(NULL);
	g_assert_null(process_mask_new());
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	folder = g_dir_make_tmp("xorch-process-XXXXXX", NULL);
	g_test_add_func("/process/S04-secrets", s04_secrets);
	g_test_add_func("/process/output-and-status", output_and_status);
	g_test_add_func("/process/input", input);
	g_test_add_func("/process/B02-stdin-and-tty", b02_stdin_and_tty);
	g_test_add_func("/process/not-executable", not_executable);
	g_test_add_func("/process/child-state", child_state);
	g_test_add_func("/process/limits", limits);
	g_test_add_func("/process/B03-time-limits", b03_time_limits);
	g_test_add_func("/process/B04-log-cap", b04_log_cap);
	g_test_add_func("/process/B05-left-behind", b05_left_behind);
	g_test_add_func("/process/capture-cut", capture_cut);
	g_test_add_func("/process/check-message", check_message);
	g_test_add_func("/process/threads", threads);
	g_test_add_func("/process/K02-K04-cancel", k02_cancel);
	g_test_add_func("/process/K05-parent-dies", k05_parent_dies);
	g_test_add_func("/process/find-program", find_program);
	int status = g_test_run();
	g_autofree char *remove = g_strdup_printf("rm -rf '%s'", folder);
	g_assert_cmpint(system(remove), ==, 0);
	g_free(folder);
	return status;
}
