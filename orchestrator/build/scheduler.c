#include "build/scheduler.h"
#include "base/error.h"
#include "base/event.h"
#include "base/process.h"
#include <glib.h>

typedef struct run {
	GMainLoop *loop;
	GThreadPool *pool;
	job *const *jobs;
	GPtrArray *order; /* the jobs, longest way first */
	guint n, waiting, running, ended, failures;
	int cpus_free;
	guint64 memory; /* of those that run */
	gboolean alone; /* an exclusive job runs */
	const scheduler_options *options;
} run;

typedef struct finished {
	run *r;
	job *j;
	GError *error; /* NULL: well */
} finished;

/* ---- the order ---- */

/* Seconds of a job of which nothing is known: the average of those that are. */
static double average(job *const *jobs, guint n)
{
	double sum = 0;
	guint known = 0;

	for (guint i = 0; i < n; i++) {
		sum += jobs[i]->expected;
		known += jobs[i]->expected > 0;
	}
	return known ? sum / known : 1;
}

/* From the ends backwards: a job's way is its own time and the longest way of those
 * that need it. */
static void measure_paths(job *const *jobs, guint n)
{
	double usual = average(jobs, n);
	g_autoptr(GHashTable) users = g_hash_table_new(NULL, NULL); /* job -> count */
	g_autoptr(GQueue) ends = g_queue_new();
	job *j;

	for (guint i = 0; i < n; i++) {
		jobs[i]->path = jobs[i]->expected > 0 ? jobs[i]->expected : usual;
		for (guint k = 0; k < jobs[i]->n_needs; k++) {
			gpointer need = jobs[i]->needs[k];
			guint count = GPOINTER_TO_UINT(g_hash_table_lookup(users, need));
			g_hash_table_insert(users, need, GUINT_TO_POINTER(count + 1));
		}
	}
	for (guint i = 0; i < n; i++)
		if (!g_hash_table_contains(users, jobs[i]))
			g_queue_push_tail(ends, jobs[i]);
	while ((j = g_queue_pop_head(ends)))
		for (guint k = 0; k < j->n_needs; k++) {
			job *need = j->needs[k];
			guint left = GPOINTER_TO_UINT(g_hash_table_lookup(users, need));
			double own = need->expected > 0 ? need->expected : usual;
			need->path = MAX(need->path, own + j->path);
			g_hash_table_insert(users, need, GUINT_TO_POINTER(left - 1));
			if (left == 1)
				g_queue_push_tail(ends, need);
		}
}

static int by_path(gconstpointer a, gconstpointer b)
{
	const job *x = *(job *const *)a, *y = *(job *const *)b;

	return x->path < y->path ? 1 : x->path > y->path ? -1 : 0;
}

static GPtrArray *order_of(job *const *jobs, guint n)
{
	GPtrArray *order = g_ptr_array_sized_new(n);

	measure_paths(jobs, n);
	for (guint i = 0; i < n; i++)
		g_ptr_array_add(order, jobs[i]);
	g_ptr_array_sort(order, by_path); /* a merge sort: equal ones stay in order */
	return order;
}

/* ---- starting ---- */

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

/* A dropped job can drop those that need it. */
static void drop_lost(run *r)
{
	gboolean stop = process_cancelled() || (r->failures && !r->options->keep_going);
	gboolean again = TRUE;

	while (again && r->waiting) {
		again = FALSE;
		for (guint n = 0; n < r->n; n++) {
			job *j = r->jobs[n];
			gboolean ready;
			if (j->state != JOB_WAITING)
				continue;
			const job *lost = lost_need(j, &ready);
			if (!lost && !stop)
				continue;
			j->state = JOB_DROPPED;
			j->missing = lost;
			r->waiting--;
			r->ended++;
			again = TRUE;
		}
	}
}

/* Its memory beside what runs. */
static gboolean fits(const run *r, const job *j)
{
	const scheduler_options *o = r->options;

	if (!r->running || !j->memory)
		return TRUE;
	if (o->memory && r->memory + j->memory > o->memory)
		return FALSE;
	return !o->memory_now || j->memory <= o->memory_now();
}

static gboolean may_start(const run *r, const job *j)
{
	gboolean ready;

	if (j->state != JOB_WAITING || lost_need(j, &ready) || !ready || r->alone ||
		r->cpus_free < 1)
		return FALSE;
	return j->exclusive ? !r->running : fits(r, j);
}

static void start(run *r, job *j, guint candidates)
{
	int share = (r->cpus_free + (int)candidates - 1) / (int)candidates;

	if (j->exclusive)
		share = r->cpus_free;
	if (j->cpus_wanted)
		share = MIN(share, j->cpus_wanted);
	j->cpus = CLAMP(share, 1, r->cpus_free);
	j->state = JOB_RUNNING;
	r->cpus_free -= j->cpus;
	r->memory += j->memory;
	r->alone = j->exclusive;
	r->waiting--;
	r->running++;
	g_thread_pool_push(r->pool, j, NULL);
}

static void tell_total(const run *r)
{
	g_autofree char *failed =
		r->failures ? g_strdup_printf("%u failed", r->failures) : NULL;

	event_emit(&(event){.kind = EVENT_TOTAL,
		.phase = r->running || r->waiting ? EVENT_PROGRESS : EVENT_END,
		.level = EVENT_INFO,
		.text = failed,
		.done = r->ended,
		.total = r->n});
}

static void start_more(run *r)
{
	drop_lost(r);
	for (guint n = 0; n < r->n && r->cpus_free > 0; n++) {
		job *j = g_ptr_array_index(r->order, n);
		guint candidates = 0;
		if (!may_start(r, j))
			continue;
		for (guint k = n; k < r->n; k++)
			candidates += may_start(r, g_ptr_array_index(r->order, k));
		start(r, j, candidates);
	}
	tell_total(r);
	if (!r->running && !r->waiting)
		g_main_loop_quit(r->loop);
}

/* ---- in the caller's thread, and in the jobs' ---- */

static gboolean job_finished(gpointer data)
{
	g_autofree finished *f = data;
	run *r = f->r;
	job *j = f->j;

	j->error = f->error;
	j->state = f->error ? JOB_FAILED : JOB_DONE;
	r->failures += f->error != NULL;
	r->ended++;
	r->running--;
	r->cpus_free += j->cpus;
	r->memory -= j->memory;
	r->alone = r->alone && !j->exclusive;
	start_more(r);
	return G_SOURCE_REMOVE;
}

static void work(gpointer data, gpointer user)
{
	job *j = data;
	gint64 begun = g_get_monotonic_time();
	GError *error = NULL;
	gboolean ok = j->run(j, &error);

	j->seconds = (g_get_monotonic_time() - begun) / 1e6;
	if (!ok && !error)
		error_set(&error, EXIT_BUG, NULL, "%s failed without saying why", j->id);
	finished *f = g_new(finished, 1);
	*f = (finished){user, j, error};
	g_idle_add(job_finished, f);
}

int scheduler_run(job *const *jobs, guint n, const scheduler_options *options)
{
	run r = {.jobs = jobs,
		.n = n,
		.waiting = n,
		.cpus_free = MAX(options->cpus, 1),
		.options = options};

	if (!n)
		return 0;
	r.order = order_of(jobs, n);
	r.loop = g_main_loop_new(NULL, FALSE);
	r.pool = g_thread_pool_new(work, &r, MAX(options->cpus, 1), FALSE, NULL);
	start_more(&r);
	if (r.running)
		g_main_loop_run(r.loop);
	g_thread_pool_free(r.pool, FALSE, TRUE);
	g_main_loop_unref(r.loop);
	g_ptr_array_unref(r.order);
	return process_cancelled();
}
