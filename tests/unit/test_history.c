#include "build/history.h"
#include "base/fs.h"
#include "base/process.h"
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The state folder of this test. */
static char *folder;

static char *in_state(const char *name)
{
	return g_build_filename(folder, "xorch", name, NULL);
}

static void fresh(void)
{
	g_autofree char *all = in_state("");

	fs_remove_tree(all, NULL);
}

static history_build *begun(history *h, const char *id)
{
	history_build *b = history_build_new();
	GError *err = NULL;

	b->id = g_strdup(id);
	b->name = g_strdup("a");
	b->target = g_strdup("armv7");
	g_assert_true(history_begin(h, b, NULL, &err));
	g_assert_no_error(err);
	g_assert_true(g_file_test(b->log, G_FILE_TEST_IS_REGULAR));
	return b;
}

static void ended(history *h, history_build *b, const char *state, double seconds)
{
	g_free(b->state);
	b->state = g_strdup(state);
	b->seconds = seconds;
	b->peak_memory = 1 << 20;
	history_end(h, b);
	history_build_free(b);
}

static void expect_states(history *h, const char *id, const char *want)
{
	g_autoptr(GPtrArray) all = history_list(h, id, 100);
	g_autoptr(GString) got = g_string_new(NULL);

	for (guint n = 0; n < all->len; n++) {
		const history_build *b = g_ptr_array_index(all, n);
		g_string_append_printf(got, "%s%s", n ? " " : "", b->state);
	}
	g_assert_cmpstr(got->str, ==, want);
}

static void begin_and_end(void)
{
	double seconds;
	gint64 memory;

	fresh();
	g_autoptr(history) h = history_open();
	g_assert_false(
		history_expect(h, "a-1-cp311-armv7", "a", "armv7", &seconds, &memory));
	ended(h, begun(h, "a-1-cp311-armv7"), "built", 30);
	ended(h, begun(h, "a-1-cp312-armv7"), "built", 50);
	history_build *b = begun(h, "a-1-cp311-armv7");
	b->kind = g_strdup("missing-header");
	b->first_error = g_strdup("a.c:1: \xff");
	ended(h, b, "failed", 2);
	history_build *running = begun(h, "b-1-cp311-armv7");
	expect_states(h, "a-1-cp311-armv7", "failed built");
	expect_states(h, "a-1", "failed built built");
	expect_states(h, NULL, "running failed built built");
	expect_states(h, "nothing", "");
	/* a failed build says nothing about how long a good one takes */
	g_assert_true(
		history_expect(h, "a-1-cp311-armv7", "a", "armv7", &seconds, &memory));
	g_assert_cmpfloat(seconds, ==, 30);
	g_assert_cmpint(memory, ==, 1 << 20);
	/* of another Python: the package's last one */
	g_assert_true(
		history_expect(h, "a-1-cp313-armv7", "a", "armv7", &seconds, &memory));
	g_assert_cmpfloat(seconds, ==, 50);
	g_assert_false(history_expect(
		h, "a-1-cp313-aarch64", "a", "aarch64", &seconds, &memory));
	history_build_free(running);
}

/* K01: the process was killed in the middle. */
static void k01_interrupted(void)
{
	fresh();
	pid_t pid = fork();
	if (pid == 0) {
		history *h = history_open();
		begun(h, "a-1-cp311-armv7");
		kill(getpid(), SIGKILL);
	}
	waitpid(pid, NULL, 0);
	g_autoptr(history) h = history_open();
	expect_states(h, NULL, "interrupted");
}

static void write_junk(const char *path)
{
	g_autofree char *junk = g_malloc(8192);

	memset(junk, 'x', 8192);
	g_assert_true(g_file_set_contents(path, junk, 8192, NULL));
}

/* K09 of the history: a database that is damaged, lost or half-written is made anew. */
static void rebuilt(void)
{
	g_autofree char *db = in_state("history.db");
	g_autofree char *bad = in_state("history.db.bad");

	fresh();
	for (int n = 0; n < 3; n++) {
		g_autoptr(history) h = history_open();
		ended(h, begun(h, "a-1-cp311-armv7"), "built", n);
	}
	g_autofree char *text = NULL;
	gsize size;
	g_assert_true(g_file_get_contents(db, &text, &size, NULL));
	for (int n = 0; n < 4; n++) {
		if (n == 0)
			write_junk(db);
		else if (n == 1)
			g_unlink(db);
		else if (n == 2) /* its head is right, the rest is gone */
			g_assert_true(g_file_set_contents(db, text, 4096, NULL));
		else
			g_assert_true(g_file_set_contents(db, "", 0, NULL));
		g_autoptr(history) h = history_open();
		expect_states(h, NULL, n == 3 ? "" : "built built built");
		if (n == 0)
			g_assert_true(g_file_test(bad, G_FILE_TEST_EXISTS));
	}
}

/* A record that is damaged is left out, the others stay. */
static void damaged_record(void)
{
	fresh();
	g_autoptr(history) h = history_open();
	ended(h, begun(h, "a-1-cp311-armv7"), "built", 1);
	history_build *b = begun(h, "a-1-cp311-armv7");
	g_autofree char *path = g_strconcat(b->log, "", NULL);
	strcpy(path + strlen(path) - 4, ".js");
	g_autofree char *json = g_strconcat(path, "on", NULL);
	ended(h, b, "built", 1);
	write_junk(json);
	expect_states(h, NULL, "built");
}

static void logs_kept(void)
{
	fresh();
	g_autoptr(history) h = history_open();
	for (int n = 0; n < 9; n++)
		ended(h, begun(h, "a-1-cp311-armv7"), "built", n);
	g_autoptr(GPtrArray) all = history_list(h, NULL, 100);
	g_assert_cmpuint(all->len, ==, 9);
	guint logs = 0;
	for (guint n = 0; n < all->len; n++)
		logs += ((history_build *)g_ptr_array_index(all, n))->log != NULL;
	g_assert_cmpuint(logs, ==, 5);
	/* --log-dir: one name an item */
	g_autofree char *dir = in_state("given");
	g_autoptr(history_build) b = history_build_new();
	b->id = g_strdup("a-1-cp311-armv7");
	g_assert_true(history_begin(h, b, dir, NULL));
	g_assert_true(g_str_has_suffix(b->log, "/given/a-1-cp311-armv7.log"));
}

/* C01 of the history: eight processes, all write. */
static void c01_processes(void)
{
	pid_t pids[8];

	fresh();
	for (int n = 0; n < 8; n++) {
		pids[n] = fork();
		if (pids[n] == 0) {
			history *h = history_open();
			for (int k = 0; k < 5; k++)
				ended(h, begun(h, "a-1-cp311-armv7"), "built", 1);
			_exit(0);
		}
	}
	for (int n = 0; n < 8; n++) {
		int status;
		g_assert_cmpint(waitpid(pids[n], &status, 0), ==, pids[n]);
		g_assert_cmpint(status, ==, 0);
	}
	g_autoptr(history) h = history_open();
	g_autoptr(GPtrArray) all = history_list(h, NULL, 100);
	g_assert_cmpuint(all->len, ==, 40);
}

/* The folder cannot be written: a warning, no error but for the log itself. */
static void not_writable(void)
{
	g_autofree char *place = in_state("");
	double seconds;
	gint64 memory;

	fresh();
	place[strlen(place) - 1] = '\0';
	write_junk(place);
	g_autoptr(history) h = history_open();
	g_assert_false(history_expect(h, "a", "a", "armv7", &seconds, &memory));
	expect_states(h, NULL, "");
	g_unlink(place);
}

int main(int argc, char **argv)
{
	folder = g_dir_make_tmp("xorch-history-XXXXXX", NULL);
	g_setenv("XDG_STATE_HOME", folder, TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/history/begin-and-end", begin_and_end);
	g_test_add_func("/history/K01-interrupted", k01_interrupted);
	g_test_add_func("/history/rebuilt", rebuilt);
	g_test_add_func("/history/damaged-record", damaged_record);
	g_test_add_func("/history/logs-kept", logs_kept);
	g_test_add_func("/history/C01-processes", c01_processes);
	g_test_add_func("/history/not-writable", not_writable);
	int code = g_test_run();
	fs_remove_tree(folder, NULL);
	g_free(folder);
	return code;
}
