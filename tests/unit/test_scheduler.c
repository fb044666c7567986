#include "build/scheduler.h"
#include "base/error.h"
#include "base/process.h"
#include <signal.h>

typedef struct task {
	const char *script;
	gint *started;
} task;

static gboolean run_task(job *self, GError **err)
{
	task *t = self->data;
	g_auto(process_result) r = {0};
	process_spec s = {
		.argv = (const char *const[]){"/bin/sh", "-c", t->script, NULL}};

	g_atomic_int_inc(t->started);
	return process_check(&s, &r, EXIT_BUILD, err);
}

static void *interrupt_soon(void *data)
{
	(void)data;
	g_usleep(200000);
	process_cancel_all(SIGINT);
	return NULL;
}

static void states(void)
{
	gint started = 0;
	task ok = {"exit 0", &started}, bad = {"exit 1", &started};
	static const struct {
		gboolean keep_going;
		job_state last;
		int started;
	} rows[] = {{FALSE, JOB_DROPPED, 2}, {TRUE, JOB_DONE, 3}};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		job a = {.id = "a", .run = run_task, .data = &ok},
		    b = {.id = "b", .run = run_task, .data = &bad},
		    c = {.id = "c", .run = run_task, .data = &ok};
		job *jobs[] = {&a, &b, &c};
		started = 0;
		g_assert_cmpint(scheduler_run(jobs, 3,
					&(scheduler_options){.parallel = 1,
						.keep_going = rows[i].keep_going}),
			==, 0);
		g_assert_cmpint(a.state, ==, JOB_DONE);
		g_assert_cmpint(b.state, ==, JOB_FAILED);
		g_assert_error(b.error, XORCH_ERROR, EXIT_BUILD);
		g_assert_cmpint(c.state, ==, rows[i].last);
		g_assert_cmpint(started, ==, rows[i].started);
		g_clear_error(&b.error);
	}
}

/* What is needed comes first, wherever it stands; what needs a failure never starts. */
static void needs(void)
{
	gint started = 0;
	task ok = {"exit 0", &started}, bad = {"exit 1", &started};
	job lib = {.id = "lib", .run = run_task, .data = &ok},
	    wrong = {.id = "wrong", .run = run_task, .data = &bad};
	job *const on_lib[] = {&lib}, *const on_wrong[] = {&wrong};
	job user = {.id = "user",
		    .run = run_task,
		    .data = &ok,
		    .needs = on_lib,
		    .n_needs = 1},
	    lost = {.id = "lost",
		    .run = run_task,
		    .data = &ok,
		    .needs = on_wrong,
		    .n_needs = 1};
	job *const on_lost[] = {&lost};
	job last = {.id = "last",
		.run = run_task,
		.data = &ok,
		.needs = on_lost,
		.n_needs = 1};
	job *jobs[] = {&last, &user, &lost, &lib, &wrong};

	g_assert_cmpint(scheduler_run(jobs, 5,
				&(scheduler_options){.parallel = 4, .keep_going = TRUE}),
		==, 0);
	g_assert_cmpint(lib.state, ==, JOB_DONE);
	g_assert_cmpint(user.state, ==, JOB_DONE);
	g_assert_cmpint(wrong.state, ==, JOB_FAILED);
	g_assert_cmpint(lost.state, ==, JOB_DROPPED);
	g_assert_true(lost.missing == &wrong);
	g_assert_cmpint(last.state, ==, JOB_DROPPED);
	g_assert_true(last.missing == &lost);
	g_assert_cmpint(started, ==, 3);
	g_clear_error(&wrong.error);
}

/* K02: what runs ends, what waits never starts. */
static void k02_cancel(void)
{
	gint started = 0;
	task slow = {"sleep 60", &started};
	job a = {.id = "a", .run = run_task, .data = &slow}, b = a, c = a, d = a;
	job *jobs[] = {&a, &b, &c, &d};
	gint64 begun = g_get_monotonic_time();
	GThread *t = g_thread_new("interrupt", interrupt_soon, NULL);

	int sig = scheduler_run(jobs, 4, &(scheduler_options){.parallel = 2});
	g_thread_join(t);
	g_assert_cmpint(sig, ==, SIGINT);
	g_assert_cmpint(started, ==, 2);
	g_assert_cmpint(a.state, ==, JOB_FAILED);
	g_assert_error(a.error, XORCH_ERROR, EXIT_SIGNAL + SIGINT);
	g_assert_cmpint(d.state, ==, JOB_DROPPED);
	g_assert_cmpint(process_running(), ==, 0);
	g_assert_cmpint(g_get_monotonic_time() - begun, <, 2 * G_USEC_PER_SEC);
	g_clear_error(&a.error);
	g_clear_error(&b.error);
	process_cancel_reset();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/scheduler/states", states);
	g_test_add_func("/scheduler/needs", needs);
	g_test_add_func("/scheduler/K02-cancel", k02_cancel);
	return g_test_run();
}
