#include "build/build_log.h"
#include "base/error.h"
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

/* B01: the first compiler error is found among what surrounds it. */
static void b01_first_error(void)
{
	static const struct {
		const char *log, *first;
		guint64 line;
		build_failure failure;
	} rows[] = {
		{"running build_ext\ncc -c a.c\na.c:3:10: fatal error: 'zlib.h' file not "
		 "found\n"
		 "   3 | #include <zlib.h>\n1 error generated.\n"
		 "error: command '/xorch/cross/bin/cc' failed with exit code 1\n",
			"a.c:3:10: fatal error: 'zlib.h' file not found", 3,
			BUILD_FAILURE_COMPILER},
		{"a.c:1:1: warning: x\n\033[1ma.c:9:2: \033[0;31merror: "
		 "\033[0mno\033[m\r\n"
		 "b.c:1:1: error: later\n",
			"a.c:9:2: error: no", 2, BUILD_FAILURE_COMPILER},
		{"error: subprocess-exited-with-error\nld.lld: error: undefined symbol: "
		 "exp\n"
		 ">>> referenced by a.o\n",
			"ld.lld: error: undefined symbol: exp", 2,
			BUILD_FAILURE_COMPILER},
		{"/tmp/a.o: in function `f':\na.c:(.text+0x4): undefined reference to "
		 "`g'\n"
		 "collect2: error: ld returned 1 exit status\n",
			"a.c:(.text+0x4): undefined reference to `g'", 2,
			BUILD_FAILURE_COMPILER},
		{"error[E0308]: mismatched types\n --> src/lib.rs:1:1\nerror: could not "
		 "compile\n",
			"error[E0308]: mismatched types", 1, BUILD_FAILURE_COMPILER},
		{"-- Looking\nCMake Error at CMakeLists.txt:3 (find_package):\n  By "
		 "not\n",
			"CMake Error at CMakeLists.txt:3 (find_package):", 2,
			BUILD_FAILURE_OTHER},
		{"make: *** [Makefile:2: all] Error 1\nmeson.build:1:0: ERROR: Unknown "
		 "compiler\n",
			"meson.build:1:0: ERROR: Unknown compiler", 2,
			BUILD_FAILURE_OTHER},
		{"Traceback (most recent call last):\n  File \"x\"\n"
		 "ModuleNotFoundError: No module named 'numpy'\n",
			"ModuleNotFoundError: No module named 'numpy'", 3,
			BUILD_FAILURE_OTHER},
		{"all is well\n", NULL, 0, BUILD_FAILURE_OTHER},
		{"", NULL, 0, BUILD_FAILURE_OTHER},
		{"no newline: error: x", "no newline: error: x", 1,
			BUILD_FAILURE_COMPILER},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(build_log) l = {0};
		build_log_scan(rows[i].log, strlen(rows[i].log), &l);
		g_assert_cmpstr(l.first_error, ==, rows[i].first);
		g_assert_cmpuint(l.first_error_line, ==, rows[i].line);
		g_assert_cmpint(l.failure, ==, rows[i].failure);
	}
}

/* B08, B09, B14, X07: the kind of failure, and which line betrays it. */
static void b08_b14_kinds(void)
{
	static const struct {
		const char *log;
		build_failure failure;
		const char *cause, *preset;
	} rows[] = {
		{"sh: 1: ./conftest: Exec format error\nmake: *** [x] Error 126\n",
			BUILD_FAILURE_TARGET_CODE, "sh: 1: ./conftest: Exec format error",
			NULL},
		{"./gen: 1: Syntax error: word unexpected (expecting \")\")\n"
		 "a.c:1:10: fatal error: 'gen.h' file not found\n",
			BUILD_FAILURE_TARGET_CODE,
			"./gen: 1: Syntax error: word unexpected (expecting \")\")",
			NULL},
		{"OSError: [Errno 8] Exec format error: './probe'\n",
			BUILD_FAILURE_TARGET_CODE,
			"OSError: [Errno 8] Exec format error: './probe'", NULL},
		{"checking for working mmap... configure: error: in `/xorch/src':\n"
		 "configure: error: cannot run test program while cross compiling\n"
		 "set ac_cv_func_mmap_fixed_mapped=yes\n",
			BUILD_FAILURE_TARGET_CODE,
			"configure: error: cannot run test program while cross compiling",
			"ac_cv_func_mmap_fixed_mapped"},
		{"CMake Error: try_run() invoked in cross-compiling mode, please set "
		 "the\n"
		 "following cache variables appropriately:\n   HAVE_FOO_EXITCODE "
		 "(advanced)\n",
			BUILD_FAILURE_TARGET_CODE,
			"CMake Error: try_run() invoked in cross-compiling mode, please "
			"set the",
			"HAVE_FOO_EXITCODE"},
		{"fatal: unable to access 'x': Could not resolve host: example.org\n",
			BUILD_FAILURE_NETWORK,
			"fatal: unable to access 'x': Could not resolve host: "
			"example.org",
			NULL},
		{"Cloning into 'x'...\nfatal: transport 'https' not allowed\n",
			BUILD_FAILURE_NETWORK, "fatal: transport 'https' not allowed",
			NULL},
		{"urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in "
		 "name "
		 "resolution>\n",
			BUILD_FAILURE_NETWORK, NULL, NULL},
		{"ERROR: Could not find a version that satisfies the requirement cmake "
		 "(from "
		 "versions: none)\n",
			BUILD_FAILURE_NETWORK, NULL, NULL},
		{"virtual memory exhausted: Cannot allocate memory\n",
			BUILD_FAILURE_MEMORY, NULL, NULL},
		{"sh: 0: Cannot fork: Resource temporarily unavailable\n",
			BUILD_FAILURE_MEMORY, NULL, NULL},
		{"fatal error: error writing to a.o: No space left on device\n",
			BUILD_FAILURE_DISK, NULL, NULL},
		{"cc: error: -msse2: a flag for x86 processors; the target is ARM\n",
			BUILD_FAILURE_FLAG,
			"cc: error: -msse2: a flag for x86 processors; the target is ARM",
			NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(build_log) l = {0};
		build_log_scan(rows[i].log, strlen(rows[i].log), &l);
		g_assert_cmpint(l.failure, ==, rows[i].failure);
		if (rows[i].cause)
			g_assert_cmpstr(l.cause, ==, rows[i].cause);
		g_assert_cmpstr(l.preset, ==, rows[i].preset);
	}
}

static void tail_and_size(void)
{
	GString *text = g_string_new(NULL);
	g_auto(build_log) l = {0};

	for (int i = 1; i <= 1000; i++)
		g_string_append_printf(text, "line %d\n", i);
	build_log_scan(text->str, text->len, &l);
	g_assert_cmpuint(l.lines, ==, 1000);
	g_assert_cmpuint(l.tail->len, ==, 30);
	g_assert_cmpstr(g_ptr_array_index(l.tail, 0), ==, "line 971");
	g_assert_cmpstr(g_ptr_array_index(l.tail, 29), ==, "line 1000");
	/* One line of 10 MB, zero bytes, no end. */
	g_auto(build_log) huge = {0};
	g_string_set_size(text, 10 << 20);
	memset(text->str, 0, text->len);
	build_log_scan(text->str, text->len, &huge);
	g_assert_cmpuint(huge.tail->len, ==, 1);
	g_assert_cmpuint(strlen(g_ptr_array_index(huge.tail, 0)), <=, 2000);
	g_string_free(text, TRUE);
}

static GError *error_of(const char *text, const sandbox_result *r)
{
	GError *err = NULL;
	g_auto(build_log) l = {0};
	sandbox_spec spec = {
		.timeout_s = 60, .silent_timeout_s = 5, .memory_limit = 4ULL << 30};
	build_log_context c = {.item = "a-1-cp311-aarch64",
		.step = "build_wheel",
		.where = "recipes/a.yaml:3:1",
		.log_path = "/logs/a.log",
		.reproduce = "xorch build a --keep -v",
		.spec = &spec};

	build_log_scan(text, strlen(text), &l);
	g_assert_false(build_log_error(&l, r, &c, &err));
	return err;
}

/* B01, B03: what the user reads, and the exit status. */
static void b01_b03_messages(void)
{
	static const struct {
		const char *log;
		process_result end;
		int code;
		const char *says[5];
	} rows[] = {
		{"a.c:1:1: error: no\nmake: *** [a] Error 1\n", {.exit_code = 1},
			EXIT_BUILD,
			{"[X0901] a-1-cp311-aarch64: build_wheel ended with status 1\n",
				"first error: a.c:1:1: error: no   (log line 1)",
				"  | make: *** [a] Error 1\n", "whole log: /logs/a.log",
				"to see it again: xorch build a --keep -v"}},
		{"x\n", {.exit_code = -1, .signal = 15, .timed_out = TRUE}, EXIT_TIME,
			{"[X0902] a-1-cp311-aarch64: build_wheel was stopped after 60 s",
				"build.timeout"}},
		{"x\n", {.exit_code = -1, .signal = 15, .silent_out = TRUE}, EXIT_TIME,
			{"[X0903]", "5 s without output", "build.silent_timeout"}},
		{"x\n", {.exit_code = -1, .signal = SIGKILL}, EXIT_BUILD,
			{"[X0906]", "killed by signal 9",
				"memory limit of a process: 4.0"}},
		{"sh: ./c: Exec format error\n", {.exit_code = 1}, EXIT_BUILD,
			{"[X0904]", "it tried to run code of the target", "log line 1",
				"CC_FOR_BUILD", "qemu"}},
		{"curl: (6) Could not resolve host: x\n", {.exit_code = 1}, EXIT_BUILD,
			{"[X0905]", "it wanted the network", "build.network"}},
		{"a: No space left on device\n", {.exit_code = 1}, EXIT_HOST,
			{"[X0821]"}},
		{"\033]0;title\007evil\n", {.exit_code = 1}, EXIT_BUILD,
			{"\\x1b]0;title\\x07evil"}},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		sandbox_result r = {.process = rows[i].end, .level = SANDBOX_BWRAP};
		g_autoptr(GError) err = error_of(rows[i].log, &r);
		g_assert_error(err, XORCH_ERROR, rows[i].code);
		for (guint k = 0; k < 5 && rows[i].says[k]; k++)
			if (!strstr(err->message, rows[i].says[k]))
				g_error("`%s` not in:\n%s", rows[i].says[k],
					err->message);
		g_assert_null(strchr(err->message, '\033'));
	}
}

/* B08, B14 for real: the step's own words through the sandbox. */
static void b08_real(void)
{
	static const struct {
		const char *script;
		build_failure failure;
	} rows[] = {
		{"git clone https://example.invalid/x", BUILD_FAILURE_NETWORK},
		{"perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); connect(S, "
		 "pack_sockaddr_in(80, inet_aton(\"192.0.2.1\"))) or die \"connect: "
		 "$!\"'",
			BUILD_FAILURE_NETWORK},
		{"printf '\\177ELF\\2\\1\\1\\0\\0\\0\\0\\0\\0\\0\\0\\0\\2\\0\\267\\0' "
		 ">p; "
		 "chmod +x p; ./p",
			BUILD_FAILURE_TARGET_CODE},
		/* A shell that tries it as a script. */
		{"printf '\\177ELF\\2(\\1)(\\n' >p; chmod +x p; ./p",
			BUILD_FAILURE_TARGET_CODE},
	};
	const char *help;

	if (sandbox_level_problem(SANDBOX_BWRAP, &help)) {
		g_test_skip("no bwrap");
		return;
	}
	g_autofree char *folder = g_dir_make_tmp("xorch-log-XXXXXX", NULL);
	g_autofree char *log = g_build_filename(folder, "log", NULL);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(sandbox_result) r = {0};
		g_autoptr(GError) err = NULL;
		sandbox_spec s = {.level = SANDBOX_BWRAP,
			.log_path = log,
			.env = (const char *const[]){"GIT_ALLOW_PROTOCOL=file",
				"LC_ALL=C", NULL},
			.argv = (const char *const[]){"sh", "-c", rows[i].script, NULL}};
		g_remove(log);
		g_assert_true(sandbox_run(&s, &r, &err));
		g_assert_cmpint(r.process.exit_code, !=, 0);
		g_auto(build_log) l = {0};
		g_assert_true(build_log_read(log, &l, NULL));
		if (l.failure != rows[i].failure) {
			g_autofree char *text = NULL;
			g_file_get_contents(log, &text, NULL, NULL);
			g_error("row %u: %d: %s", i, l.failure, text);
		}
	}
	g_remove(log);
	g_rmdir(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/build_log/B01-first-error", b01_first_error);
	g_test_add_func("/build_log/B08-B14-X07-kinds", b08_b14_kinds);
	g_test_add_func("/build_log/tail-and-size", tail_and_size);
	g_test_add_func("/build_log/B01-B03-messages", b01_b03_messages);
	g_test_add_func("/build_log/B08-B14-real", b08_real);
	return g_test_run();
}
