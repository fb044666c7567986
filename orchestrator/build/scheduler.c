#include "build/scheduler.h"
#include "base/error.h"
#include "base/process.h"
#include <glib.h>

typedef struct run {
	GMainLoop *loop;
	GThreadPool *pool;
	job *const *jobs;
	guint n, waiting, running;
	const scheduler_options *options;
	gboolean failed;
} run;

typedef struct finished {
	run *r;
	job *j;
} finished;

/* A need that will never be there; else *ready tells whether all are. */
static const job *lost_need(const job *j, gboolean *ready)
{
	*ready = TRUE;
	for (guint n = 0; n < j->n_needs; n++) {
		const job *need = j->needs[n];
		if (need->state == JOB_FAILED || need->state == JOB_DROPPED)
			return need;
		*ready &= need->state == JOB_DONE;
	}
	return NULL;
}

static void drop(run *r, job *j, const job *missing)
{
	j->state = JOB_DROPPED;
	j->missing = missing;
	r->waiting--;
}

/* Starts what may start; a dropped job can drop those that need it. */
static void start_more(run *r)
{
	gboolean again = TRUE;

	while (again) {
		again = FALSE;
		for (guint n = 0; n < r->n && r->waiting; n++) {
			job *j = r->jobs[n];
			gboolean ready;
			if (j->state != JOB_WAITING)
				continue;
			const job *lost = lost_need(j, &ready);
			if (lost || process_cancelled() ||
				(r->failed && !r->options->keep_going)) {
				drop(r, j, lost);
				again = TRUE;
			} else if (ready && r->running < (guint)r->options->parallel) {
				j->state = JOB_RUNNING;
				r->waiting--;
				r->running++;
				g_thread_pool_push(r->pool, j, NULL);
			}
		}
	}
	if (!r->running && !r->waiting)
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
	run r = {.jobs = jobs, .n = n, .waiting = n, .options = options};

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
