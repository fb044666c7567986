#include "build/build_log.h"
#include "base/error.h"
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>

/* All that differ are told before the test fails. */
static void expect(const char *name, const char *what, const char *got, const char *want)
{
	if (g_strcmp0(got, want) == 0)
		return;
	g_printerr("%s: %s is `%s`, not `%s`\n", name, what, got, want);
	g_test_fail();
}

/* "# class: missing-header" at the top of a kept log. */
static char *expectation(const char **text, const char *name)
{
	g_autofree char *lead = g_strdup_printf("# %s: ", name);

	if (!g_str_has_prefix(*text, lead))
		return NULL;
	const char *end = strchr(*text, '\n');
	char *value =
		g_strndup(*text + strlen(lead), (gsize)(end - *text) - strlen(lead));
	*text = end + 1;
	return value;
}

/* What compilers and build systems really wrote, one file each: the class, what it is
 * about, and the number of the first line that is to blame. */
static void kept_logs(void)
{
	g_autoptr(GDir) dir = g_dir_open(FIXTURES "/logs", 0, NULL);
	const char *name;
	guint n = 0;

	g_assert_nonnull(dir);
	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(FIXTURES "/logs", name, NULL);
		g_autofree char *text = NULL;
		g_auto(build_log) l = {0};
		g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
		const char *log = text;
		g_autofree char *kind = expectation(&log, "class");
		g_autofree char *subject = expectation(&log, "subject");
		g_autofree char *line = expectation(&log, "line");
		build_log_scan(log, strlen(log), &l);
		g_autofree char *got =
			g_strdup_printf("%" G_GUINT64_FORMAT, l.first_error_line);
		expect(name, "class", l.kind->name, kind);
		if (subject)
			expect(name, "subject", l.subject, subject);
		if (line)
			expect(name, "line", got, line);
		n++;
	}
	g_assert_cmpuint(n, >=, 120);
}

/* B01, B08, B09, B14, X07: single lines, and what must not mislead. */
static void b01_b08_b14_lines(void)
{
	static const struct {
		const char *log, *kind, *first;
	} rows[] = {
		{"a.c:1:1: warning: x\n\033[1ma.c:9:2: \033[0;31merror: "
		 "\033[0mno\033[m\r\n"
		 "b.c:1:1: error: later\n",
			"compile-error", "a.c:9:2: error: no"},
		{"error: subprocess-exited-with-error\nld.lld: error: undefined symbol: "
		 "exp\n",
			"undefined-symbol", "ld.lld: error: undefined symbol: exp"},
		{"make: *** [Makefile:2: all] Error 1\nmeson.build:1:0: ERROR: Bad\n",
			"configure-error", "meson.build:1:0: ERROR: Bad"},
		{"all is well\n", "other", NULL},
		{"", "other", NULL},
		{"no newline: error: x", "compile-error", "no newline: error: x"},
		{"cc -DTEXT='a.c: error: x' -c a.c\nb.c:1:1: error: y\n", "compile-error",
			"b.c:1:1: error: y"},
		{"[1/2] /xorch/cross/bin/arm-linux-gnueabihf-gcc -DE=': error: ' -c "
		 "a.c\n",
			"other", NULL},
		{"a.c:3:1: warning: no error: here\n   3 | #error: x\n", "other", NULL},
		/* what the compiler proposes is not what it complains of */
		{"a.c:2:25: error: unknown type name 'Objct'; did you mean "
		 "'PyObject'?\n",
			"compile-error", NULL},
		{"/xorch/out/build.sh: 4: PREFIX: parameter not set\n", "other",
			"/xorch/out/build.sh: 4: PREFIX: parameter not set"},
		{"cp: cannot create regular file '/usr/lib/a': Read-only file system\n",
			"other",
			"cp: cannot create regular file '/usr/lib/a': Read-only file "
			"system"},
		/* configure asks, and goes on */
		{"conftest.c:1:10: fatal error: nothere.h: No such file or directory\n"
		 "config.status: creating Makefile\na.c:1:1: error: real\n",
			"compile-error", "a.c:1:1: error: real"},
		{"x.c:1:10: fatal error: nothere.h: No such file or directory\n"
		 "-- Configuring done\nRuntimeError: cannot go on\n",
			"other", "RuntimeError: cannot go on"},
		{"x.c:1:10: fatal error: nothere.h: No such file or directory\n"
		 "-- Configuring done\nmake: *** [all] Error 1\n",
			"missing-header",
			"x.c:1:10: fatal error: nothere.h: No such file or directory"},
		/* setup.py's own end, whatever it says, is no compiler's error */
		{"SystemExit: error: it is Friday\n", "other",
			"SystemExit: error: it is Friday"},
		{"ERROR: no such feature\nSystemExit: error: Command "
		 "'['/xorch/cross/bin/cc', "
		 "'-c', 'a.c']' returned non-zero exit status 1.\n",
			"other", "ERROR: no such feature"},
		/* rank counts, then the order */
		{"./gen: 1: Syntax error: word unexpected (expecting \")\")\n"
		 "a.c:1:10: fatal error: 'gen.h' file not found\n",
			"target-code-run",
			"./gen: 1: Syntax error: word unexpected (expecting \")\")"},
		{"a.c:1:10: fatal error: 'gen.h' file not found\n"
		 "ld.lld: error: undefined symbol: f\n",
			"missing-header",
			"a.c:1:10: fatal error: 'gen.h' file not found"},
		/* a script of the project with a true mistake */
		{"./configure: 1234: Syntax error: \"(\" unexpected\n", "other", NULL},
		/* binutils before 2.30 */
		{"/usr/bin/ld: a.o: could not read symbols: File in wrong format\n",
			"build-machine-library", NULL},
		{"Cloning into 'x'...\nfatal: transport 'https' not allowed\n", "network",
			"fatal: transport 'https' not allowed"},
		{"urllib.error.URLError: <urlopen error [Errno -3] Temporary failure in "
		 "name resolution>\n",
			"network", NULL},
		{"ERROR: Could not find a version that satisfies the requirement cmake "
		 "(from versions: none)\n",
			"network", NULL},
		{"sh: 0: Cannot fork: Resource temporarily unavailable\n", "memory",
			NULL},
		{"fatal error: error writing to a.o: No space left on device\n",
			"disk-full", NULL},
		{"c++: fatal error: Killed signal terminated program cc1plus\n", "memory",
			NULL},
		{"cc: error: unable to execute command: Segmentation fault\n",
			"compiler-crash", NULL},
		{"during RTL pass: x\na.c:1:1: internal compiler error: in f, at g.c:1\n",
			"compiler-crash", NULL},
		{"    error: downloading 'https://a.example/b.tar.gz' failed\n",
			"network", NULL},
		{"error[E0658]: `let` expressions in this position are unstable\n",
			"rust-too-old", NULL},
		{"error: package `icu v2.1.0` cannot be built because it requires rustc "
		 "1.86 or newer, while the currently active rustc version is 1.85.0\n",
			"rust-too-old", NULL},
		/* What it was fetched for is the cause. */
		{"configure: error: libfoo not found\nurllib.error.URLError: <urlopen "
		 "error [Errno -2] no>\n",
			"missing-dependency", "configure: error: libfoo not found"},
		{"ERROR: could not get https://a.example/b: <urlopen error [Errno -3] "
		 "no>\n",
			"network", NULL},
		{"  error: PyO3 does not support the free-threaded build of CPython "
		 "versions below 3.14, the selected Python version is 3.13\n",
			"python-unsupported", NULL},
		{"Error: pg_config --libdir is empty\n", "missing-dependency", NULL},
		{"configure: error: cannot run C compiled programs.\n",
			"configure-test-run", NULL},
		{"checking how to run the C preprocessor... no\n"
		 "configure: error: Package requirements (libfoo >= 1) were not met:\n",
			"missing-dependency", NULL},
		{"Invalid configuration `aarch64-linux-gnu': machine `aarch64' not "
		 "recognized\ninvalid configuration `aarch64-x': no\n",
			"unsupported-platform", NULL},
		{"  cargo:warning=src/x.c:1:10: fatal error: openssl/err.h: No such file "
		 "or directory\nerror: failed to run custom build command for `x "
		 "v0.1.0`\n",
			"missing-header", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(build_log) l = {0};
		build_log_scan(rows[i].log, strlen(rows[i].log), &l);
		expect(rows[i].log, "class", l.kind->name, rows[i].kind);
		if (rows[i].first || !*rows[i].log)
			expect(rows[i].log, "line", l.first_error, rows[i].first);
	}
}

/* What a configure step wants to be told. */
static void presets(void)
{
	static const struct {
		const char *log, *preset;
	} rows[] = {
		{"configure: error: cannot run test program while cross compiling\n"
		 "set ac_cv_func_mmap_fixed_mapped=yes\n",
			"ac_cv_func_mmap_fixed_mapped"},
		{"CMake Error: try_run() invoked in cross-compiling mode, please set "
		 "the\n"
		 "following cache variables appropriately:\n   HAVE_FOO_EXITCODE "
		 "(advanced)\n",
			"HAVE_FOO_EXITCODE"},
		{"a.c:1:1: error: ac_cv_no\n", NULL},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_auto(build_log) l = {0};
		build_log_scan(rows[i].log, strlen(rows[i].log), &l);
		g_assert_cmpstr(l.preset, ==, rows[i].preset);
	}
}

/* Every class is one word, has a code and a way to be told apart. */
static void classes(void)
{
	guint n;
	const failure_class *all = failure_class_all(&n);

	for (guint i = 0; i < n; i++) {
		g_assert_true(failure_class_by_name(all[i].name) == &all[i]);
		/* what the log of a build ends in; other errors bring their own help */
		if (g_strcmp0(all[i].code, "X0901") == 0 && !all[i].hint)
			g_error("%s has no hint", all[i].name);
		for (const char *c = all[i].name; *c; c++)
			g_assert_true(
				g_ascii_islower(*c) || g_ascii_isdigit(*c) || *c == '-');
	}
	static const struct {
		int exit;
		const char *code, *name;
	} rows[] = {{EXIT_BUILD, "X0920", "patch-failed"},
		{EXIT_BUILD, "X0990", "no-target-wheel"},
		{EXIT_AUDIT, "X0705", "recent-symbol"}, {EXIT_AUDIT, "X0710", "audit"},
		{EXIT_AUDIT, "X0721", "foreign-code"}, {EXIT_AUDIT, "X0722", "wrong-tag"},
		{EXIT_AUDIT, "X0972", "wrong-machine"},
		{EXIT_BUILD, "X0971", "no-artefact"},
		{EXIT_BUILD, "X0944", "no-artefact"}, {EXIT_NETWORK, "X0502", "download"},
		{EXIT_INTEGRITY, "X0601", "integrity"}, {EXIT_BUILD, NULL, "other"},
		{EXIT_SIGNAL + 2, NULL, "stopped"}, {EXIT_BUG, NULL, "bug"}};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) err = NULL;
		error_set(&err, rows[i].exit, rows[i].code, "x");
		g_assert_cmpstr(failure_class_of_error(err)->name, ==, rows[i].name);
	}
	g_assert_cmpstr(failure_package_of("libxml/parser.h"), ==, "libxml2-dev");
	g_assert_cmpstr(failure_package_of("ffi.h"), ==, "libffi-dev");
	g_assert_cmpstr(failure_package_of("srtp2/srtp.h"), ==, "libsrtp2-dev");
	g_assert_cmpstr(failure_package_of("poppler-cpp"), ==, "libpoppler-cpp-dev");
	g_assert_null(failure_package_of("mine.h"));
	g_assert_null(failure_package_of(NULL));
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
		gint64 kills;
	} rows[] = {
		{"a.c:1:1: error: no\nmake: *** [a] Error 1\n", {.exit_code = 1},
			EXIT_BUILD,
			{"[X0901] a-1-cp311-aarch64: build_wheel ended with status 1\n",
				"first error: a.c:1:1: error: no   (log line 1)",
				"  | make: *** [a] Error 1\n",
				"class of failure: compile-error",
				"to see it again: xorch build a --keep -v"}},
		{"x\n", {.exit_code = -1, .signal = 15, .timed_out = TRUE}, EXIT_TIME,
			{"[X0902] a-1-cp311-aarch64: build_wheel was stopped after 60 s",
				"build.timeout"}},
		{"x\n", {.exit_code = -1, .signal = 15, .silent_out = TRUE}, EXIT_TIME,
			{"[X0903]", "5 s without output", "build.silent_timeout"}},
		{"x\n", {.exit_code = -1, .signal = SIGKILL}, EXIT_BUILD,
			{"[X0906]", "killed by signal 9",
				"memory limit of a process: 4.0", "it was not the kernel",
				"(-j 1, "}},
		{"x\n", {.exit_code = -1, .signal = SIGKILL}, EXIT_BUILD,
			{"[X0906]", "the kernel ended 1 process for want of memory",
				"build.memory"},
			1},
		/* nobody said why; what is clear stays as it is */
		{"x\n", {.exit_code = 2}, EXIT_BUILD,
			{"[X0906]", "ended 3 processes for want of memory"}, 3},
		{"a.c:1:1: error: no\n", {.exit_code = 1}, EXIT_BUILD,
			{"[X0901]", "class of failure: compile-error"}, 3},
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
		sandbox_result r = {.process = rows[i].end,
			.level = SANDBOX_BWRAP,
			.memory_kills = rows[i].kills};
		g_autoptr(GError) err = error_of(rows[i].log, &r);
		g_assert_error(err, XORCH_ERROR, rows[i].code);
		for (guint k = 0; k < 5 && rows[i].says[k]; k++)
			if (!strstr(err->message, rows[i].says[k]))
				g_error("`%s` not in:\n%s", rows[i].says[k],
					err->message);
		g_assert_null(strchr(err->message, '\033'));
		g_autoptr(GError) copy = g_error_copy(err);
		g_assert_nonnull(error_fact(copy, "class"));
		g_assert_cmpstr(error_fact(copy, "log"), ==, "/logs/a.log");
		g_assert_true(failure_class_of_error(copy) ==
			      failure_class_by_name(error_fact(err, "class")));
	}
}

/* What the recipe lists already is not proposed once more: the sysroot's is too old. */
static void hints(void)
{
	static const struct {
		const char *log, *listed, *sysroot, *says, *says_not;
	} rows[] = {
		{"a.c:1:10: fatal error: 'ldap.h' file not found\n", NULL, "debian-11",
			"in Debian `ldap.h` belongs to deb:libldap2-dev", "already"},
		{"a.c:1:10: fatal error: 'ldap.h' file not found\n", "deb:libldap2-dev",
			"debian-11",
			"requirements.host has deb:libldap2-dev already: that of the "
			"sysroot debian-11 is too old, or does not have it; `--sysroot "
			"debian-12 --floor 2_36`",
			"belongs to"},
		{"a.c:1:10: fatal error: 'ldap.h' file not found\n",
			"deb:libldap2-dev=2.4.57+dfsg-3", "debian-13", "already",
			"--sysroot"},
		{"a.c:1:10: fatal error: 'ldap.h' file not found\n",
			"deb:libldap2-dev-more", "debian-11", "belongs to", "already"},
		/* two names for one package */
		{"a.c:1:10: fatal error: 'jpeglib.h' file not found\n",
			"deb:libjpeg62-turbo-dev", "debian-11", "already", "belongs to"},
		{"t.c:3:2: error: \"frob requires zlib 9.0.1 or later.\"\n", NULL,
			"debian-11", "`--sysroot debian-12 --floor 2_36`", "belongs to"},
		{"t.c:3:2: error: use of undeclared identifier 'mpc_agm'\n",
			"deb:libmpc-dev", "debian-11",
			"that of the sysroot debian-11 may be too old for it: `--sysroot "
			"debian-12",
			"already"},
		/* what nothing special is known of */
		{"t.c:3:2: error: use of undeclared identifier 'x'\n", NULL, "debian-11",
			"`xorch build a-1 --keep`, `xorch shell a-1`", "--sysroot"},
		{"CMake Error at CMakeLists.txt:3 (message):\n", NULL, "debian-11",
			"config.log", "up from"},
		{"RuntimeError: cannot go on\n", NULL, NULL, "`xorch shell a-1`",
			"config"},
		{"all is well\n", NULL, NULL, "up from its end", "first error:"},
		{"t.c:3:2: error: \"frob requires zlib 9.0.1 or later.\"\n", NULL, NULL,
			"build the library by a recipe", "--sysroot"},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) host = g_ptr_array_new();
		g_auto(build_log) l = {0};
		g_autoptr(GError) err = NULL;
		sandbox_result r = {.process = {.exit_code = 1}};
		build_log_context c = {.item = "a-1",
			.step = "build_wheel",
			.reproduce = "xorch build a-1 --keep -v",
			.sysroot = rows[i].sysroot,
			.platform = platform_by_name("aarch64"),
			.host = host};
		if (rows[i].listed)
			g_ptr_array_add(host, (gpointer)rows[i].listed);
		build_log_scan(rows[i].log, strlen(rows[i].log), &l);
		build_log_error(&l, &r, &c, &err);
		const char *hint = error_fact(err, "hint");
		if (!hint || !strstr(hint, rows[i].says) ||
			strstr(hint, rows[i].says_not))
			g_error("row %u: %s", i, hint ? hint : "no hint");
	}
}

/* B08, B14 for real: the step's own words through the sandbox. */
static void b08_real(void)
{
	static const struct {
		const char *script, *kind;
	} rows[] = {
		{"git clone https://example.invalid/x", "network"},
		{"perl -MSocket -e 'socket(S, PF_INET, SOCK_STREAM, 0); connect(S, "
		 "pack_sockaddr_in(80, inet_aton(\"192.0.2.1\"))) or die \"connect: "
		 "$!\"'",
			"network"},
		{"printf '\\177ELF\\2\\1\\1\\0\\0\\0\\0\\0\\0\\0\\0\\0\\2\\0\\267\\0' "
		 ">p; "
		 "chmod +x p; ./p",
			"target-code-run"},
		/* A shell that tries it as a script. */
		{"printf '\\177ELF\\2(\\1)(\\n' >p; chmod +x p; ./p", "target-code-run"},
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
		if (!g_str_equal(l.kind->name, rows[i].kind)) {
			g_autofree char *text = NULL;
			g_file_get_contents(log, &text, NULL, NULL);
			g_error("row %u: %s: %s", i, l.kind->name, text);
		}
	}
	g_remove(log);
	g_rmdir(folder);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/build_log/kept", kept_logs);
	g_test_add_func("/build_log/B01-B08-B14-lines", b01_b08_b14_lines);
	g_test_add_func("/build_log/presets", presets);
	g_test_add_func("/build_log/classes", classes);
	g_test_add_func("/build_log/tail-and-size", tail_and_size);
	g_test_add_func("/build_log/B01-B03-messages", b01_b03_messages);
	g_test_add_func("/build_log/hints", hints);
	g_test_add_func("/build_log/B08-B14-real", b08_real);
	return g_test_run();
}
