#include "build/sandbox.h"
#include "base/error.h"
#include "base/fs.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

static char *folder; /* scratch */

static char *below(const char *name)
{
	return g_build_filename(folder, name, NULL);
}

/* Runs a shell script at a level with src and out bound; the output, trailing
 * newline cut. */
static char *sh_with(sandbox_spec *s, const char *script, process_result *out)
{
	g_autofree char *src = below("src");
	g_autofree char *dist = below("out");
	g_autoptr(GError) err = NULL;
	g_auto(sandbox_result) r = {0};
	sandbox_bind binds[] = {{src, SANDBOX_SRC, TRUE}, {dist, SANDBOX_OUT, FALSE}};

	if (!s->binds) {
		s->binds = binds;
		s->n_binds = G_N_ELEMENTS(binds);
	}
	s->argv = (const char *const[]){"sh", "-c", script, NULL};
	s->capture = TRUE;
	if (!s->timeout_s)
		s->timeout_s = 30;
	if (!sandbox_run(s, &r, &err))
		g_error("%s", err->message);
	if (out) {
		*out = r.process;
		r.process.out = NULL;
		r.process.err = NULL;
		return g_strdup(out->out);
	}
	char *text = g_strconcat(r.process.out, r.process.err, NULL);
	return g_strchomp(text);
}

static char *sh(sandbox_level level, const char *script)
{
	sandbox_spec s = {.level = level};

	return sh_with(&s, script, NULL);
}

static gboolean have(sandbox_level level)
{
	const char *help;
	const char *problem = sandbox_level_problem(level, &help);

	if (problem)
		g_test_skip(problem);
	return !problem;
}

static void bwrap_view(void)
{
	if (!have(SANDBOX_BWRAP))
		return;
	static const struct {
		const char *script, *want;
	} rows[] = {
		{"pwd; echo $HOME $TMPDIR; id -u; hostname",
			"/xorch/src\n/xorch/home /xorch/tmp\n1000\nxorch"},
		{"echo $PATH", "/xorch/tools"},
		{"ls /", "bin\ndev\netc\nlib\nlib64\nproc\nrun\nsbin\ntmp\nusr\nvar\nxorc"
			 "h"},
		{"ls /etc | tr '\\n' ' '", "alternatives group hosts ld.so.cache "
					   "localtime nsswitch.conf passwd"},
		{"ls /usr/include /usr/local /usr/lib/gcc "
		 "/usr/lib/x86_64-linux-gnu/pkgconfig "
		 "| grep -v :",
			""},
		{"for p in /usr/bin/*[-_]config; do [ -h $p ] || ! [ -x $p ] || "
		 "echo $p; done | grep -v pkg-config || echo none",
			"none"},
		{"touch /xorch/src/a && echo yes", "yes"},
		{"touch /xorch/out/a 2>/dev/null || echo no", "no"},
		{"touch /usr/a /etc/a /xorch/a /a 2>/dev/null || echo no", "no"},
		{"touch /tmp/a $HOME/a $TMPDIR/b /dev/shm/c && ls /tmp", "a\nb"},
		/* bwrap, xorch-init and this shell */
		{"set -- /proc/[0-9]*; echo $#", "3"},
		/* what xorch-init says to xorch is not the build's to write */
		{"for f in /proc/2/fd/*; do (echo e >$f) 2>/dev/null && echo wrote; "
		 "done; echo end",
			"end"},
		{"grep -E 'Cap(Eff|Prm|Bnd|Amb)|NoNewPrivs' /proc/self/status | "
		 "tr -d '\\t\\n'",
			"CapPrm:0000000000000000CapEff:0000000000000000"
			"CapBnd:0000000000000000CapAmb:0000000000000000NoNewPrivs:1"},
		{"(echo 1 >/proc/sys/vm/swappiness) 2>/dev/null || echo no", "no"},
		{"(echo x >/proc/sys/kernel/core_pattern) 2>/dev/null || echo no", "no"},
		{"command -v gcc cc ld python3 apt-get curl || echo none", "none"},
		{"echo $(nproc >/dev/null && make --version | head -1 | cut -c1-8)",
			"GNU Make"},
		{"ls -l /proc/self/fd | grep -c ' [0-9]* -> '", "4"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = sh(SANDBOX_BWRAP, rows[i].script);
		if (strcmp(got, rows[i].want) != 0 && i == 2) {
			/* usr-merged machines differ in lib32, libx32. */
			g_assert_nonnull(strstr(got, "xorch"));
			g_assert_null(strstr(got, "root"));
			g_assert_null(strstr(got, "home"));
			continue;
		}
		if (strcmp(got, rows[i].want) != 0)
			g_error("`%s`: got `%s`, want `%s`", rows[i].script, got,
				rows[i].want);
	}
}

/* S05: secrets beside the build, B10: secrets in the environment. */
static void s05_secrets(void)
{
	static const sandbox_level levels[] = {SANDBOX_BWRAP, SANDBOX_LANDLOCK};
	g_autofree char *secret = below("netrc");
	g_autofree char *script = g_strdup_printf(
		"cat %s /proc/%d/environ ~/.netrc /root/.bashrc /run/docker.sock "
		"/etc/shadow 2>/dev/null; env | grep -i token; echo end",
		secret, getpid());

	g_assert_true(g_file_set_contents(secret, "password", -1, NULL));
	g_setenv("MY_TOKEN", "secret", TRUE);
	for (guint i = 0; i < G_N_ELEMENTS(levels); i++) {
		if (!have(levels[i]))
			continue;
		g_autofree char *got = sh(levels[i], script);
		g_assert_cmpstr(got, ==, "end");
	}
	g_unsetenv("MY_TOKEN");
}

/* B10, B12 at every level: nothing of the caller's environment arrives. */
static void b10_environment(void)
{
	static const char *const names[] = {"CFLAGS", "LD_PRELOAD", "PYTHONPATH",
		"PKG_CONFIG_PATH", "AWS_SECRET_ACCESS_KEY", "CC", NULL};

	for (guint i = 0; names[i]; i++)
		g_setenv(names[i], "/nowhere", TRUE);
	for (int level = SANDBOX_BWRAP; level <= SANDBOX_ENV; level++) {
		if (!have((sandbox_level)level))
			continue;
		sandbox_spec s = {.level = (sandbox_level)level,
			.env = (const char *const[]){"A=b c", "HOME=/root", NULL}};
		g_autofree char *got = sh_with(&s,
			"env | cut -d= -f1 | grep -vE '^(PWD|SHLVL|_|OLDPWD)$' | sort | "
			"tr '\\n' ' '; echo \"$A\"; [ \"$HOME\" = /root ] || echo own "
			"home",
			NULL);
		g_assert_cmpstr(got, ==, "A HOME PATH TMPDIR b c\nown home");
	}
	for (guint i = 0; names[i]; i++)
		g_unsetenv(names[i]);
}

/* B07: what a build writes to its HOME is gone afterwards. */
static void b07_home_thrown_away(void)
{
	for (int level = SANDBOX_BWRAP; level <= SANDBOX_ENV; level++) {
		if (!have((sandbox_level)level))
			continue;
		g_autofree char *first = sh((sandbox_level)level,
			"mkdir -p ~/.config/pip ~/.cargo && echo x >~/.bashrc && "
			"echo y >~/.config/pip/pip.conf && echo z >~/.cargo/config && "
			"ls -A ~ | tr '\\n' ' '");
		g_assert_cmpstr(first, ==, ".bashrc .cargo .config");
		g_autofree char *second =
			sh((sandbox_level)level, "ls -A ~ $TMPDIR | wc -w");
		g_assert_cmpint(atoi(second), <=, 2); /* the two names themselves */
	}
	/* A kept scratch folder starts empty each time as well. */
	g_autofree char *scratch = below("scratch");
	sandbox_spec s = {.level = SANDBOX_AUTO, .scratch = scratch};
	g_autofree char *one = sh_with(&s, "echo x >~/.bashrc; echo ok", NULL);
	g_assert_cmpstr(one, ==, "ok");
	s.binds = NULL;
	g_autofree char *two = sh_with(&s, "ls -A ~", NULL);
	g_assert_cmpstr(two, ==, "");
}

/* B08: the network is cut. */
static void b08_network(void)
{
	if (have(SANDBOX_BWRAP)) {
		g_autofree char *got = sh(SANDBOX_BWRAP,
			"tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '; "
			"tail -n +2 /proc/net/route | wc -l; "
			"cat /etc/resolv.conf 2>/dev/null; echo end");
		g_assert_cmpstr(got, ==, "lo\n0\nend");
		sandbox_spec open = {.level = SANDBOX_BWRAP, .network = TRUE};
		g_autofree char *with = sh_with(&open, "wc -l </proc/net/dev", NULL);
		g_autofree char *host = NULL;
		g_file_get_contents("/proc/net/dev", &host, NULL, NULL);
		g_auto(GStrv) lines = g_strsplit(host, "\n", -1);
		g_assert_cmpint(atoi(with), ==, (int)g_strv_length(lines) - 1);
	}
	if (have(SANDBOX_LANDLOCK) && sandbox_landlock_abi() >= 4) {
		g_autofree char *got =
			sh(SANDBOX_LANDLOCK, "bash -c ': </dev/tcp/127.0.0.1/9' 2>&1 | "
					     "grep -o 'Permission denied'");
		g_assert_true(g_str_has_prefix(got, "Permission denied"));
		sandbox_spec open = {.level = SANDBOX_LANDLOCK, .network = TRUE};
		g_autofree char *with = sh_with(&open,
			"bash -c ': </dev/tcp/127.0.0.1/9' 2>&1 | grep -o 'refused'",
			NULL);
		g_assert_true(g_str_has_prefix(with, "refused"));
	}
}

static void landlock_files(void)
{
	if (!have(SANDBOX_LANDLOCK))
		return;
	g_autofree char *outside = below("outside");
	g_autofree char *script = g_strdup_printf(
		"echo x 2>/dev/null >%s || echo no-write; echo x 2>/dev/null >/usr/a || "
		"echo "
		"no-usr; ls %s >/dev/null 2>&1 || echo no-list; ls /usr/include "
		">/dev/null "
		"2>&1 || echo no-headers; echo y >a && mkdir d && mv a d/b && cat d/b; "
		"echo z >$TMPDIR/t && cat $TMPDIR/t; echo x 2>/dev/null >../out/a || "
		"echo "
		"no-out; "
		"echo q >/dev/null && echo null",
		outside, folder);
	g_autofree char *got = sh(SANDBOX_LANDLOCK, script);
	g_assert_cmpstr(
		got, ==, "no-write\nno-usr\nno-list\nno-headers\ny\nz\nno-out\nnull");
	g_assert_false(g_file_test(outside, G_FILE_TEST_EXISTS));
}

static gboolean alive(const char *marker)
{
	g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(proc))) {
		g_autofree char *path = g_strdup_printf("/proc/%s/cmdline", name);
		g_autofree char *text = NULL;
		gsize size;
		if (!g_ascii_isdigit(*name) ||
			!g_file_get_contents(path, &text, &size, NULL))
			continue;
		for (gsize i = 0; i < size; i++)
			if (!text[i])
				text[i] = ' ';
		if (size && strstr(text, marker))
			return TRUE;
	}
	return FALSE;
}

static gboolean dead_soon(const char *marker)
{
	for (int i = 0; i < 3000; i++) {
		if (!alive(marker))
			return TRUE;
		g_usleep(10000);
	}
	return FALSE;
}

/* B05: a daemon with a session of its own that keeps the pipe open. */
static void b05_daemon(void)
{
	for (int level = SANDBOX_BWRAP; level <= SANDBOX_ENV; level++) {
		if (!have((sandbox_level)level))
			continue;
		process_result r;
		sandbox_spec s = {.level = (sandbox_level)level};
		g_autofree char *marker = g_strdup_printf("6%d%d", getpid(), level);
		g_autofree char *script =
			g_strdup_printf("perl -e 'use POSIX; exit if fork; "
					"POSIX::setsid(); exit if fork; "
					"exec \"sleep\", \"%s\"'; sleep 0.1; echo done",
				marker);
		g_autofree char *out = sh_with(&s, script, &r);
		g_assert_cmpstr(out, ==, "done\n");
		g_assert_cmpint(r.exit_code, ==, 0);
		g_assert_cmpfloat(r.seconds, <, 10);
		g_autofree char *needle = g_strdup_printf("sleep %s", marker);
		g_assert_true(dead_soon(needle));
		process_result_clear(&r);
	}
}

/* B03: a time limit ends the whole tree, daemons included. */
static void b03_tree(void)
{
	for (int level = SANDBOX_BWRAP; level <= SANDBOX_ENV; level++) {
		if (!have((sandbox_level)level))
			continue;
		for (int silent = 0; silent < 2; silent++) {
			process_result r;
			sandbox_spec s = {.level = (sandbox_level)level,
				.timeout_s = silent ? 30 : 0.6,
				.silent_timeout_s = silent ? 0.6 : 0};
			g_autofree char *marker =
				g_strdup_printf("7%d%d%d", getpid(), level, silent);
			g_autofree char *script = g_strdup_printf(
				"trap '' TERM; perl -e 'use POSIX; exit if fork; "
				"POSIX::setsid(); exec \"sleep\", \"%s\"'; sleep %s",
				marker, marker);
			g_autofree char *out = sh_with(&s, script, &r);
			g_assert_cmpint(r.timed_out, ==, !silent);
			g_assert_cmpint(r.silent_out, ==, silent);
			g_assert_cmpfloat(r.seconds, <, 4);
			g_autofree char *needle = g_strdup_printf("sleep %s", marker);
			g_assert_true(dead_soon(needle));
			process_result_clear(&r);
		}
	}
}

static gint64 asked_at;

static void ask_to_end(const char *bytes, gsize size, gboolean is_stderr, void *data)
{
	(void)bytes;
	(void)size;
	(void)is_stderr;
	(void)data;
	if (!asked_at)
		process_cancel_all(SIGTERM);
	if (!asked_at)
		asked_at = g_get_monotonic_time();
}

/* Runs a script that is asked to end as soon as it says something; microseconds from
 * then to its end. */
static gint64 asked(sandbox_level level, const char *script)
{
	g_autofree char *src = below("src");
	g_autoptr(GError) err = NULL;
	g_auto(sandbox_result) r = {0};
	sandbox_bind bind = {src, SANDBOX_SRC, TRUE};
	sandbox_spec s = {.level = level,
		.binds = &bind,
		.n_binds = 1,
		.argv = (const char *const[]){"sh", "-c", script, NULL},
		.on_output = ask_to_end,
		.timeout_s = 60};

	asked_at = 0;
	g_assert_false(sandbox_run(&s, &r, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_SIGNAL + SIGTERM);
	process_cancel_reset();
	return g_get_monotonic_time() - asked_at;
}

/* K04: who is to end is asked first, with all that it started, and may still write; who
 * does not listen has half a second. */
static void k04_asked_first(void)
{
	g_autofree char *said = below("src/said");

	for (int level = SANDBOX_BWRAP; level <= SANDBOX_ENV; level++) {
		g_autofree char *text = NULL;
		if (!have((sandbox_level)level))
			continue;
		g_unlink(said);
		asked((sandbox_level)level,
			"trap 'wait; echo parent >>said; exit' TERM; "
			"(trap 'echo child >>said; exit' TERM; sleep 600 & "
			"echo on; wait) & wait");
		g_assert_true(g_file_get_contents(said, &text, NULL, NULL));
		g_assert_nonnull(strstr(text, "parent\n"));
		g_assert_nonnull(strstr(text, "child\n"));

		gint64 took = asked(
			(sandbox_level)level, "trap '' TERM INT HUP; echo on; sleep 600");
		g_assert_cmpint(took, >=, 450000);
		g_assert_cmpint(took, <, 60 * G_USEC_PER_SEC);
	}
}

/* K05: xorch dies by kill -9, the step's tree goes too. */
static void k05_parent_dies(void)
{
	for (int level = SANDBOX_BWRAP; level <= SANDBOX_ENV; level++) {
		if (!have((sandbox_level)level))
			continue;
		g_autofree char *marker = g_strdup_printf("8%d%d", getpid(), level);
		g_autofree char *needle = g_strdup_printf("sleep %s", marker);
		g_autofree char *script =
			g_strdup_printf("perl -e 'use POSIX; exit if fork; "
					"POSIX::setsid(); exec \"sleep\", "
					"\"%s\"'; sleep %s",
				marker, marker);
		pid_t pid = fork();
		if (pid == 0) {
			g_autofree char *unused = sh((sandbox_level)level, script);
			_exit(0);
		}
		for (int i = 0; i < 500 && !alive(needle); i++)
			g_usleep(10000);
		g_assert_true(alive(needle));
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		g_assert_true(dead_soon(needle));
	}
}

static void ends(void)
{
	for (int level = SANDBOX_BWRAP; level <= SANDBOX_ENV; level++) {
		if (!have((sandbox_level)level))
			continue;
		process_result a, b;
		sandbox_spec s = {.level = (sandbox_level)level};
		g_autofree char *one = sh_with(&s, "exit 7", &a);
		s.binds = NULL;
		g_autofree char *two = sh_with(&s, "kill -SEGV $$", &b);
		g_assert_cmpint(a.exit_code, ==, 7);
		g_assert_cmpint(a.signal, ==, 0);
		g_assert_cmpint(b.signal, ==, SIGSEGV);
		process_result_clear(&a);
		process_result_clear(&b);

		g_auto(sandbox_result) none = {0};
		g_autoptr(GError) err = NULL;
		s = (sandbox_spec){.level = (sandbox_level)level,
			.argv = (const char *const[]){"no-such-tool", NULL}};
		g_assert_false(sandbox_run(&s, &none, &err));
		g_assert_error(err, XORCH_ERROR, EXIT_HOST);
		g_assert_nonnull(
			strstr(err->message, "[X0810] cannot execute no-such-tool"));
		g_clear_error(&err);

		sandbox_bind missing = {"/nowhere/at/all", SANDBOX_SRC, TRUE};
		g_auto(sandbox_result) gone = {0};
		s = (sandbox_spec){.level = (sandbox_level)level,
			.binds = &missing,
			.n_binds = 1,
			.argv = (const char *const[]){"true", NULL}};
		if (level == SANDBOX_ENV)
			continue;
		g_assert_false(sandbox_run(&s, &gone, &err));
		g_assert_nonnull(strstr(err->message, "[X0803]"));
	}
}

/* B06: at every level the kernel prefers the build when memory runs out. */
static void b06_taken_first(void)
{
	for (int level = SANDBOX_BWRAP; level <= SANDBOX_ENV; level++) {
		if (!have((sandbox_level)level))
			continue;
		g_autofree char *got =
			sh((sandbox_level)level, "cat /proc/self/oom_score_adj");
		g_assert_cmpstr(got, ==, "500");
	}
}

static void limits(void)
{
	if (!have(SANDBOX_BWRAP))
		return;
	sandbox_spec s = {
		.level = SANDBOX_BWRAP, .memory_limit = 64 << 20, .file_limit = 100000};
	g_autofree char *memory = sh_with(&s,
		"perl -e '$x = \"x\" x (200 * 1024 * 1024); print length $x' 2>&1 | "
		"grep -o 'Out of memory' | head -1",
		NULL);
	g_assert_cmpstr(memory, ==, "Out of memory");
	s.binds = NULL;
	g_autofree char *size = sh_with(
		&s, "head -c 1000000 /dev/zero >big; stat -c %s big; rm big", NULL);
	g_assert_true(g_str_has_prefix(size, "100000"));
	s = (sandbox_spec){.level = SANDBOX_BWRAP, .process_limit = 600};
	/* Root's processes know no RLIMIT_NPROC; the namespace's pid_max they do. */
	process_result r;
	g_autofree char *bomb = sh_with(&s,
		"perl -e 'my $n = 0; for (1..2000) { my $p = fork; last unless defined "
		"$p; "
		"if (!$p) { sleep 20; exit } $n++ } print $n < 700 ? \"held\" : \"open "
		"$n\"'",
		&r);
	if (strcmp(bomb, "held") != 0 && geteuid() == 0)
		g_test_skip("Linux before 6.14 as root");
	else
		g_assert_cmpstr(bomb, ==, "held");
	process_result_clear(&r);
}

static void paths(void)
{
	sandbox_bind binds[] = {{"/host/src", SANDBOX_SRC, TRUE},
		{"/opt/py", NULL, FALSE}, {"/host/srcs", "/xorch/srcs", FALSE}};
	sandbox_spec s = {.binds = binds, .n_binds = 3, .scratch = "/host/scratch"};
	static const struct {
		sandbox_level level;
		const char *inside, *want;
	} rows[] = {
		{SANDBOX_BWRAP, "/xorch/src/a", "/xorch/src/a"},
		{SANDBOX_ENV, "/xorch/src/a", "/host/src/a"},
		{SANDBOX_LANDLOCK, "/xorch/src", "/host/src"},
		{SANDBOX_ENV, "/xorch/srcs/x", "/host/srcs/x"},
		{SANDBOX_ENV, "/opt/py/bin", "/opt/py/bin"},
		{SANDBOX_ENV, "/xorch/tmp/q", "/host/scratch/tmp/q"},
		{SANDBOX_ENV, "/xorch/tools", "/host/scratch/tools"},
		{SANDBOX_ENV, "/usr/bin", "/usr/bin"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got = sandbox_path(&s, rows[i].level, rows[i].inside);
		g_assert_cmpstr(got, ==, rows[i].want);
	}
}

/* An aarch64 program of three instructions: exit(42). */
static void write_target_program(const char *path)
{
	static const unsigned char bytes[] = {0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 2, 0, 183, 0, 1, 0, 0, 0, 0x78, 0, 0x40, 0, 0, 0, 0, 0, 64, 0,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 64, 0, 56, 0, 1, 0,
		0, 0, 0, 0, 0, 0,
		/* program header */
		1, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0,
		0, 0, 0x40, 0, 0, 0, 0, 0, 0x84, 0, 0, 0, 0, 0, 0, 0, 0x84, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 1, 0, 0, 0, 0, 0,
		/* mov x8, #93; mov x0, #42; svc #0 */
		0xa8, 0x0b, 0x80, 0xd2, 0x40, 0x05, 0x80, 0xd2, 1, 0, 0, 0xd4};

	g_assert_true(g_file_set_contents(path, (const char *)bytes, sizeof bytes, NULL));
	g_chmod(path, 0755);
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd >= 0) {
		ssize_t n = write(fd, text, strlen(text));
		(void)n;
		close(fd);
	}
}

#define QEMU "/usr/bin/qemu-aarch64-static"

/* In a namespace of the test's own, so that the machine's table stays as it is. */
static gboolean register_qemu(void)
{
	g_autofree char *map = g_strdup_printf("0 %d 1", geteuid());
	const char *entry =
		":qemu-aarch64:M::\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00"
		"\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00:\\xff\\xff\\xff\\xff\\xff"
		"\\xff\\xff\\x00\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xff\\xfe\\xff"
		"\\xff\\xff:" QEMU ":F";

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return FALSE;
	write_file("/proc/self/setgroups", "deny");
	write_file("/proc/self/uid_map", map);
	write_file("/proc/self/gid_map", map);
	if (mount("binfmt_misc", "/proc/sys/fs/binfmt_misc", "binfmt_misc", 0, NULL) != 0)
		return FALSE;
	write_file("/proc/sys/fs/binfmt_misc/register", entry);
	return TRUE;
}

/* B14: with qemu registered on the host the step still cannot run target code. */
static void b14_target_code(void)
{
	if (!have(SANDBOX_BWRAP))
		return;
	if (!g_file_test(QEMU, G_FILE_TEST_IS_EXECUTABLE)) {
		g_test_skip("no " QEMU);
		return;
	}
	g_autofree char *program = below("src/conftest");
	write_target_program(program);
	int fds[2];
	g_assert_cmpint(pipe(fds), ==, 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (!register_qemu())
			_exit(77);
		/* The registration works outside the sandbox … */
		g_auto(process_result) r = {0};
		process_spec p = {.argv = (const char *const[]){program, NULL}};
		if (!process_run(&p, &r, NULL) || r.exit_code != 42)
			_exit(78);
		g_auto(GStrv) names = sandbox_host_binfmt();
		if (!names[0] || strcmp(names[0], "qemu-aarch64") != 0)
			_exit(79);
		/* … and not in it. */
		const sandbox_info *info = sandbox_choose(SANDBOX_BWRAP, NULL);
		if (!info || !info->binfmt_cut)
			_exit(80);
		process_result o;
		sandbox_spec s = {.level = SANDBOX_BWRAP};
		g_autofree char *text = sh_with(&s, "./conftest", &o);
		dprintf(fds[1], "%s", o.err);
		_exit(o.exit_code);
	}
	close(fds[1]);
	char text[500] = "";
	ssize_t n = read(fds[0], text, sizeof text - 1);
	int status;
	waitpid(pid, &status, 0);
	close(fds[0]);
	if (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 80) {
		g_test_skip(
			"binfmt_misc cannot be mounted in a user namespace here (Linux "
			"before 6.7)");
		return;
	}
	g_assert_cmpint(WEXITSTATUS(status), ==, 126);
	g_assert_cmpint((int)n, >, 0);
	g_assert_nonnull(strstr(text, "Exec format error"));
}

/* S01: a level that cannot be had. XORCH_BWRAP stands for a bwrap that fails the
 * way a machine without user namespaces makes it fail; a child process, because
 * the probe is made once. */
static void s01_not_to_be_had(void)
{
	g_autofree char *fake = below("bwrap");
	g_assert_true(g_file_set_contents(fake,
		"#!/bin/sh\necho 'bwrap: No permissions to create new namespace' "
		">&2\nexit 1\n",
		-1, NULL));
	g_chmod(fake, 0755);
	static const struct {
		gboolean installed;
		const char *says;
	} rows[] = {{TRUE, "No permissions to create new namespace"},
		{FALSE, "bubblewrap is not installed"}};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		if (g_test_subprocess()) {
			g_autoptr(GError) err = NULL;
			g_assert_null(sandbox_choose(SANDBOX_BWRAP, &err));
			g_assert_error(err, XORCH_ERROR, EXIT_HOST);
			g_printerr("%s\n", err->message);
			const sandbox_info *info = sandbox_choose(SANDBOX_AUTO, NULL);
			g_assert_cmpint(info->level, !=, SANDBOX_BWRAP);
			g_assert_false(info->network_cut);
			g_printerr("%s\n", info->summary);
			return;
		}
		g_setenv(
			"XORCH_BWRAP", rows[i].installed ? fake : "/nowhere/bwrap", TRUE);
		g_test_trap_subprocess(NULL, 30 * G_USEC_PER_SEC, 0);
		g_unsetenv("XORCH_BWRAP");
		g_test_trap_assert_passed();
		g_autofree char *pattern = g_strdup_printf(
			"*X0801* bwrap cannot be had: *%s*= help: *the network is open*",
			rows[i].says);
		g_test_trap_assert_stderr(pattern);
	}
}

static void levels(void)
{
	static const char *const names[] = {"auto", "bwrap", "landlock", "env"};
	sandbox_level level;
	g_autoptr(GError) err = NULL;

	for (int i = 0; i < 4; i++) {
		g_assert_true(sandbox_level_parse(names[i], &level, NULL));
		g_assert_cmpint(level, ==, i);
		g_assert_cmpstr(sandbox_level_name(level), ==, names[i]);
	}
	g_assert_false(sandbox_level_parse("docker", &level, &err));
	g_assert_error(err, XORCH_ERROR, EXIT_INPUT);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	folder = g_dir_make_tmp("xorch-sandbox-XXXXXX", NULL);
	g_autofree char *src = below("src");
	g_autofree char *out = below("out");
	g_mkdir(src, 0755);
	g_mkdir(out, 0755);
	g_test_add_func("/sandbox/levels", levels);
	g_test_add_func("/sandbox/S01-not-to-be-had", s01_not_to_be_had);
	g_test_add_func("/sandbox/bwrap-view", bwrap_view);
	g_test_add_func("/sandbox/paths", paths);
	g_test_add_func("/sandbox/ends", ends);
	g_test_add_func("/sandbox/B06-limits", limits);
	g_test_add_func("/sandbox/B06-taken-first", b06_taken_first);
	g_test_add_func("/sandbox/landlock-files", landlock_files);
	g_test_add_func("/sandbox/S05-secrets", s05_secrets);
	g_test_add_func("/sandbox/B10-B12-environment", b10_environment);
	g_test_add_func("/sandbox/B07-home-thrown-away", b07_home_thrown_away);
	g_test_add_func("/sandbox/B08-network", b08_network);
	g_test_add_func("/sandbox/B05-daemon", b05_daemon);
	g_test_add_func("/sandbox/B03-tree", b03_tree);
	g_test_add_func("/sandbox/K04-asked-first", k04_asked_first);
	g_test_add_func("/sandbox/K05-parent-dies", k05_parent_dies);
	g_test_add_func("/sandbox/B14-target-code", b14_target_code);
	int status = g_test_run();
	g_assert_true(fs_remove_tree(folder, NULL));
	g_free(folder);
	return status;
}
