#include "build/scheduler.h"
#include "base/error.h"
#include "base/process.h"
#include <glib.h>

typedef struct run {
	GMainLoop *loop;
	GThreadPool *pool;
	job *const *jobs;
	guint n, next, running;
	const scheduler_options *options;
	gboolean failed;
} run;

typedef struct finished {
	run *r;
	job *j;
} finished;

static void start_more(run *r)
{
	while (r->running < (guint)r->options->parallel && r->next < r->n) {
		job *j = r->jobs[r->next++];
		if (process_cancelled() || (r->failed && !r->options->keep_going)) {
			j->state = JOB_DROPPED;
			continue;
		}
		j->state = JOB_RUNNING;
		r->running++;
		g_thread_pool_push(r->pool, j, NULL);
	}
	if (!r->running && r->next == r->n)
		g_main_loop_quit(r->loop);
}

static gboolean job_finished(gpointer data)
{
	finished *f = data;
	run *r = f->r;

	r->running--;
	if (f->j->state == JOB_FAILED)
		r->failed = TRUE;
	start_more(r);
	g_free(f);
	return G_SOURCE_REMOVE;
}

static void work(gpointer data, gpointer user)
{
	job *j = data;
	run *r = user;
	gint64 begun = g_get_monotonic_time();
	GError *error = NULL;
	gboolean ok = j->run(j, &error);

	j->seconds = (g_get_monotonic_time() - begun) / 1e6;
	if (!ok && !error)
		error_set(&error, EXIT_BUG, NULL, "%s failed without saying why", j->id);
	j->error = error;
	j->state = ok ? JOB_DONE : JOB_FAILED;
	finished *f = g_new(finished, 1);
	*f = (finished){r, j};
	g_idle_add(job_finished, f);
}

int scheduler_run(job *const *jobs, guint n, const scheduler_options *options)
{
	run r = {.jobs = jobs, .n = n, .options = options};

	if (!n)
		return 0;
	r.loop = g_main_loop_new(NULL, FALSE);
	r.pool = g_thread_pool_new(work, &r, options->parallel, FALSE, NULL);
	start_more(&r);
	if (r.running)
		g_main_loop_run(r.loop);
	g_thread_pool_free(r.pool, FALSE, TRUE);
	g_main_loop_unref(r.loop);
	return process_cancelled();
}
