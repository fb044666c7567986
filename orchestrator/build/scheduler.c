#include "build/scheduler.h"
#include "base/error.h"
#include "base/process.h"
#include <glib.h>

#define REVEAL_MICROSECONDS G_USEC_PER_SEC /* waited at most for what else there is */

struct scheduler {
	GMainLoop *loop;
	GThreadPool *pool;
	GPtrArray *jobs;  /* job *, as they were given */
	GPtrArray *order; /* the same, longest way first */
	gboolean changed; /* since the order was made */
	guint waiting, running, failures;
	guint building; /* of those that run: of lane 0 */
	int cpus_free, lanes_free[SCHEDULER_LANES];
	guint64 memory;	   /* of those that build */
	gboolean alone;	   /* an exclusive job runs */
	gboolean stuck;	   /* jobs need each other in a circle */
	gint64 hold_until; /* jobs of slots wait for those that reveal; 0: none runs */
	guint hold_timer;
	const scheduler_options *options;
};

typedef struct finished {
	scheduler *s;
	job *j;
	GError *error; /* NULL: well */
} finished;

static job *at(const GPtrArray *list, guint n)
{
	return g_ptr_array_index(list, n);
}

/* ---- the order ---- */

/* Seconds of a build of which nothing is known: the average of those that are. */
static double average(const GPtrArray *jobs)
{
	double sum = 0;
	guint known = 0;

	for (guint i = 0; i < jobs->len; i++) {
		sum += at(jobs, i)->expected;
		known += at(jobs, i)->expected > 0;
	}
	return known ? sum / known : 1;
}

static double own_time(const job *j, double usual)
{
	return j->expected > 0 ? j->expected : j->lane ? 0 : usual;
}

/* From the ends backwards: a job's way is its own time and the longest way of those
 * that need it. */
static void measure_paths(const GPtrArray *jobs)
{
	double usual = average(jobs);
	g_autoptr(GHashTable) users = g_hash_table_new(NULL, NULL); /* job -> count */
	g_autoptr(GQueue) ends = g_queue_new();
	job *j;

	for (guint i = 0; i < jobs->len; i++) {
		j = at(jobs, i);
		j->path = own_time(j, usual);
		for (guint k = 0; k < j->n_needs; k++) {
			gpointer need = j->needs[k];
			guint count = GPOINTER_TO_UINT(g_hash_table_lookup(users, need));
			g_hash_table_insert(users, need, GUINT_TO_POINTER(count + 1));
		}
	}
	for (guint i = 0; i < jobs->len; i++)
		if (!g_hash_table_contains(users, at(jobs, i)))
			g_queue_push_tail(ends, at(jobs, i));
	while ((j = g_queue_pop_head(ends)))
		for (guint k = 0; k < j->n_needs; k++) {
			job *need = j->needs[k];
			guint left = GPOINTER_TO_UINT(g_hash_table_lookup(users, need));
			need->path = MAX(need->path, own_time(need, usual) + j->path);
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

static void put_in_order(scheduler *s)
{
	if (!s->changed)
		return;
	measure_paths(s->jobs);
	g_ptr_array_set_size(s->order, 0);
	for (guint i = 0; i < s->jobs->len; i++)
		g_ptr_array_add(s->order, at(s->jobs, i));
	/* a merge sort: equal ones stay in order */
	g_ptr_array_sort(s->order, by_path);
	s->changed = FALSE;
}

void scheduler_add(scheduler *s, job *j)
{
	g_ptr_array_add(s->jobs, j);
	s->waiting++;
	s->changed = TRUE;
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

static void tell_end(scheduler *s, job *j)
{
	if (s->options->ended)
		s->options->ended(s, j, s->options->data);
}

/* A dropped job can drop those that need it. */
static void drop_lost(scheduler *s)
{
	gboolean stop = process_cancelled() || s->stuck ||
			(s->failures && !s->options->keep_going);
	gboolean again = stop || s->failures;

	while (again && s->waiting) {
		again = FALSE;
		for (guint n = 0; n < s->jobs->len; n++) {
			job *j = at(s->jobs, n);
			gboolean ready;
			if (j->state != JOB_WAITING)
				continue;
			const job *lost = lost_need(j, &ready);
			if (!lost && !stop)
				continue;
			j->state = JOB_DROPPED;
			j->missing = lost;
			s->waiting--;
			again = TRUE;
			tell_end(s, j);
		}
	}
}

/* Bytes for what starts beside what runs. */
static guint64 memory_left(const scheduler *s)
{
	const scheduler_options *o = s->options;
	guint64 left = G_MAXUINT64;

	if (o->memory)
		left = o->memory > s->memory ? o->memory - s->memory : 0;
	return o->memory_now ? MIN(left, o->memory_now()) : left;
}

/* Its memory beside what runs. */
static gboolean fits(const scheduler *s, const job *j)
{
	return !s->building || !j->memory || j->memory <= memory_left(s);
}

static gboolean may_start(const scheduler *s, const job *j)
{
	gboolean ready;

	if (j->state != JOB_WAITING)
		return FALSE;
	if (j->lane ? s->lanes_free[j->lane] < 1 : s->alone || s->cpus_free < 1)
		return FALSE;
	if (lost_need(j, &ready) || !ready)
		return FALSE;
	if (j->lane)
		return TRUE;
	return j->exclusive ? !s->building : fits(s, j);
}

/* Nothing that takes slots stands before it: what it waits for runs, or waits in turn for
 * no more than `depth` such (jobs may need each other in a circle). */
static gboolean comes_soon(const job *j, int depth)
{
	for (guint n = 0; n < j->n_needs; n++) {
		const job *need = j->needs[n];
		if (need->state == JOB_DONE || (need->lane && need->state == JOB_RUNNING))
			continue;
		if (!need->lane || need->state != JOB_WAITING || !depth ||
			!comes_soon(need, depth - 1))
			return FALSE;
	}
	return TRUE;
}

/* One that is not there yet, of which nothing is known but that it will be. */
static gboolean add_follower(const scheduler *s, guint64 *room, GArray *found)
{
	static const int any = 0;

	if (s->options->memory_slot > *room || (int)found->len + 1 >= s->cpus_free)
		return FALSE;
	*room -= s->options->memory_slot;
	g_array_append_val(found, any);
	return TRUE;
}

static gboolean has_followers(const job *j)
{
	return j->lane && (j->state == JOB_WAITING || j->state == JOB_RUNNING);
}

/* How many slots each of those that share the free ones with `j` can make use of, 0 for
 * any number: those that fit into `room` bytes, which becomes what they leave. New array
 * of int. */
static GArray *rivals(const scheduler *s, const job *j, guint64 *room)
{
	GArray *found = g_array_new(FALSE, FALSE, sizeof(int));

	if (j->exclusive)
		return found;
	for (guint n = 0; n < s->order->len; n++) {
		const job *other = at(s->order, n);
		if ((int)found->len + 1 >= s->cpus_free)
			break;
		for (guint k = 0; has_followers(other) && k < other->followers; k++)
			if (!add_follower(s, room, found))
				break;
		if (other == j || other->lane || other->state != JOB_WAITING ||
			other->exclusive || other->memory > *room ||
			!comes_soon(other, 2))
			continue;
		*room -= other->memory;
		g_array_append_val(found, other->cpus_wanted);
	}
	return found;
}

/* An equal part of the slots, where those that want less leave the rest. */
static int equal_part(int slots, const GArray *wants)
{
	int sharing = (int)wants->len + 1, part = 0, before;

	do {
		int left = slots, with = sharing;
		before = part;
		for (guint n = 0; n < wants->len; n++) {
			int want = g_array_index(wants, int, n);
			if (want && want < before) {
				left -= want;
				with--;
			}
		}
		part = (left + with - 1) / with;
	} while (part > before);
	return part;
}

static void give_slots(scheduler *s, job *j)
{
	guint64 slot = MIN(s->options->memory_slot, j->memory);
	guint64 left = memory_left(s);
	guint64 room = left > j->memory ? left - j->memory : 0;
	g_autoptr(GArray) wants = rivals(s, j, &room);
	int part = equal_part(s->cpus_free, wants);

	if (j->cpus_wanted)
		part = MIN(part, j->cpus_wanted);
	if (slot && room / slot < (guint64)part)
		part = MIN(part, (int)(room / slot) + 1);
	j->cpus = CLAMP(part, 1, s->cpus_free);
	j->taken = j->memory + (guint64)(j->cpus - 1) * slot;
	s->cpus_free -= j->cpus;
	s->memory += j->taken;
	s->alone = j->exclusive;
	s->building++;
}

static void start(scheduler *s, job *j)
{
	if (j->lane) {
		s->lanes_free[j->lane]--;
		j->cpus = 1;
	} else {
		give_slots(s, j);
	}
	j->state = JOB_RUNNING;
	s->waiting--;
	s->running++;
	g_thread_pool_push(s->pool, j, NULL);
}

static void start_more(scheduler *s);

static gboolean hold_ended(gpointer data)
{
	scheduler *s = data;

	s->hold_timer = 0;
	start_more(s);
	return G_SOURCE_REMOVE;
}

/* Whether it is soon known with whom the slots are to be shared. */
static gboolean holds(scheduler *s)
{
	gint64 now = g_get_monotonic_time();
	gboolean open = FALSE;

	for (guint n = 0; n < s->order->len && !open; n++)
		open = at(s->order, n)->reveals && at(s->order, n)->state == JOB_RUNNING;
	if (!open)
		s->hold_until = 0;
	else if (!s->hold_until)
		s->hold_until = now + REVEAL_MICROSECONDS;
	if (now >= s->hold_until)
		return FALSE;
	if (!s->hold_timer)
		s->hold_timer = g_timeout_add(
			(guint)((s->hold_until - now) / 1000 + 1), hold_ended, s);
	return TRUE;
}

static void start_lanes(scheduler *s, gboolean slots)
{
	for (guint n = 0; n < s->order->len; n++) {
		job *j = at(s->order, n);
		if ((j->lane == 0) == slots && may_start(s, j))
			start(s, j);
	}
}

static void start_more(scheduler *s)
{
	drop_lost(s);
	put_in_order(s);
	start_lanes(s, FALSE);
	if (!holds(s))
		start_lanes(s, TRUE);
	if (s->running)
		return;
	/* Nothing can start any more: better an end than waiting for ever. */
	s->stuck = s->waiting > 0;
	drop_lost(s);
	g_main_loop_quit(s->loop);
}

/* ---- in the caller's thread, and in the jobs' ---- */

static void give_back(scheduler *s, const job *j)
{
	if (j->lane) {
		s->lanes_free[j->lane]++;
		return;
	}
	s->cpus_free += j->cpus;
	s->memory -= j->taken;
	s->building--;
	s->alone = s->alone && !j->exclusive;
}

static gboolean job_finished(gpointer data)
{
	g_autofree finished *f = data;
	scheduler *s = f->s;
	job *j = f->j;

	j->error = f->error;
	j->state = f->error ? JOB_FAILED : JOB_DONE;
	s->failures += f->error != NULL;
	s->running--;
	give_back(s, j);
	tell_end(s, j);
	start_more(s);
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
	scheduler s = {.options = options, .cpus_free = MAX(options->cpus, 1)};
	int most = s.cpus_free;

	if (!n)
		return 0;
	for (int lane = 1; lane < SCHEDULER_LANES; lane++) {
		s.lanes_free[lane] = MAX(options->lanes[lane], 1);
		most += s.lanes_free[lane];
	}
	s.jobs = g_ptr_array_new();
	s.order = g_ptr_array_new();
	for (guint i = 0; i < n; i++)
		scheduler_add(&s, jobs[i]);
	s.loop = g_main_loop_new(NULL, FALSE);
	s.pool = g_thread_pool_new(work, &s, most, FALSE, NULL);
	start_more(&s);
	if (s.running)
		g_main_loop_run(s.loop);
	if (s.hold_timer)
		g_source_remove(s.hold_timer);
	g_thread_pool_free(s.pool, FALSE, TRUE);
	g_main_loop_unref(s.loop);
	g_ptr_array_unref(s.order);
	g_ptr_array_unref(s.jobs);
	return process_cancelled();
}
