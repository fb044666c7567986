#include "build/item_run.h"
#include "base/error.h"
#include "base/event.h"
#include "base/memory.h"
#include "base/process.h"
#include "build/scheduler.h"

/* What waits for a server more than it computes. */
enum { LANE_BUILD, LANE_LOCK, LANE_LOOK, LANE_FETCH };
#define LOCKS_AT_A_TIME 4
#define FETCHES_AT_A_TIME 4

/* A job of which nothing is known, and each further compiler of any: a compiler and what
 * drives it. */
#define MEMORY_UNKNOWN (512ULL << 20)

typedef struct run run;

/* A job with what it needs, which may grow until it starts. */
typedef struct step {
	job job;
	GPtrArray *needs; /* job *; NULL: the step is not part of the run (yet) */
} step;

typedef struct node {
	run *run;
	item *item;
	step look, fetch, build;
	gboolean wanted;    /* to be built, by itself or for another */
	gboolean counted;   /* in run.total */
	GPtrArray *waiting; /* step *, borrowed: they need its build, if there is one */
} node;

/* A recipe with its lock. */
typedef struct place {
	run *run;
	item_source *source;
	GPtrArray *nodes;
	struct place *before; /* of the same recipe: writes the lock first; or NULL */
	step lock, again;     /* again: with the libraries of its items at hand */
	gboolean written;     /* its lock was not complete: what it is for is not built */
} place;

struct run {
	const item_run_options *o;
	scheduler *scheduler; /* NULL before it runs */
	GPtrArray *first;     /* job *: before it runs */
	GPtrArray *nodes, *places;
	GHashTable *node_of, *place_of; /* by item, by item_source */
	guint done, total, failed;
};

/* ---- steps ---- */

static void need(step *s, step *other)
{
	if (!g_ptr_array_find(s->needs, &other->job, NULL))
		g_ptr_array_add(s->needs, &other->job);
	s->job.needs = (job *const *)s->needs->pdata;
	s->job.n_needs = s->needs->len;
}

static void add_step(run *r, step *s, int lane, const char *id,
	gboolean (*work)(job *self, GError **err), void *data)
{
	s->needs = g_ptr_array_new();
	s->job.id = id;
	s->job.run = work;
	s->job.data = data;
	s->job.lane = lane;
	if (r->scheduler)
		scheduler_add(r->scheduler, &s->job);
	else
		g_ptr_array_add(r->first, &s->job);
}

static void step_clear(step *s)
{
	g_clear_pointer(&s->needs, g_ptr_array_unref);
	g_clear_error(&s->job.error);
}

static gboolean has_ended(const step *s)
{
	return s->job.state == JOB_DONE || s->job.state == JOB_FAILED ||
	       s->job.state == JOB_DROPPED;
}

static void node_free(void *data)
{
	node *n = data;

	step_clear(&n->look);
	step_clear(&n->fetch);
	step_clear(&n->build);
	g_ptr_array_unref(n->waiting);
	g_free(n);
}

static void place_free(void *data)
{
	place *p = data;

	step_clear(&p->lock);
	step_clear(&p->again);
	g_ptr_array_unref(p->nodes);
	g_free(p);
}

static node *node_of(const run *r, const item *i)
{
	return g_hash_table_lookup(r->node_of, i);
}

static place *place_of(const run *r, const item *i)
{
	return g_hash_table_lookup(r->place_of, i->source);
}

/* ---- the work, in threads ---- */

static void fail(run *r, item *i, GError *error)
{
	i->state = ITEM_FAILED;
	i->error = error;
	r->o->failed(i, r->o->data);
}

/* Takes the error: all items that are left fail for it, which is said once. */
static void fail_place(place *p, GError *error)
{
	gboolean said = FALSE;

	for (guint n = 0; n < p->nodes->len; n++) {
		item *i = ((node *)g_ptr_array_index(p->nodes, n))->item;
		if (i->state != ITEM_PLANNED)
			continue;
		i->state = ITEM_FAILED;
		i->error = g_error_copy(error);
		if (!said)
			p->run->o->failed(i, p->run->o->data);
		said = TRUE;
	}
	g_error_free(error);
}

static gboolean failed_one(const place *p, GError **err)
{
	for (guint n = 0; n < p->nodes->len; n++) {
		const item *i = ((node *)g_ptr_array_index(p->nodes, n))->item;
		if (i->state == ITEM_FAILED && i->error) {
			g_propagate_error(err, g_error_copy(i->error));
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean any_planned(const place *p)
{
	for (guint n = 0; n < p->nodes->len; n++)
		if (((node *)g_ptr_array_index(p->nodes, n))->item->state == ITEM_PLANNED)
			return TRUE;
	return FALSE;
}

static gboolean lock_work(job *self, GError **err)
{
	place *p = self->data;
	pipeline *pipe = p->run->o->pipeline;
	gboolean again = self == &p->again.job, written = FALSE;
	GError *error = NULL;

	if (any_planned(p) && !again &&
		((p->before && !item_source_reload_lock(p->source, &error)) ||
			!pipeline_lock_sources(pipe, p->source, &error)))
		fail_place(p, g_steal_pointer(&error));
	for (guint n = 0; n < p->nodes->len; n++) {
		item *i = ((node *)g_ptr_array_index(p->nodes, n))->item;
		if (process_cancelled())
			return process_cancelled_error(err);
		if (i->state != ITEM_PLANNED || (again && !i->asks_libraries))
			continue;
		i->has_libraries = again;
		i->asks_libraries = FALSE;
		if (!pipeline_lock(pipe, i, &error))
			fail(p->run, i, g_steal_pointer(&error));
	}
	if (!pipeline_write_lock(pipe, p->source, &written, &error))
		fail_place(p, error);
	p->written = p->written || written;
	return !p->run->o->fail_fast || !failed_one(p, err);
}

static gboolean look_work(job *self, GError **err)
{
	node *n = self->data;
	item *i = n->item;
	GError *error = NULL;

	if (i->state == ITEM_PLANNED && !pipeline_look(n->run->o->pipeline, i, &error))
		fail(n->run, i, error);
	if (i->state == ITEM_FAILED)
		return !i->error ||
		       (g_propagate_error(err, g_error_copy(i->error)), FALSE);
	return TRUE;
}

static gboolean fetch_work(job *self, GError **err)
{
	node *n = self->data;
	GError *error = NULL;

	if (n->item->state != ITEM_PLANNED ||
		pipeline_fetch(n->run->o->pipeline, n->item, &error))
		return TRUE;
	fail(n->run, n->item, g_error_copy(error));
	g_propagate_error(err, error);
	return FALSE;
}

static void tell_job(const node *n, event_phase phase)
{
	event_emit(&(event){.kind = EVENT_JOB,
		.phase = phase,
		.level = EVENT_INFO,
		.subject = n->item->id,
		.seconds = phase == EVENT_BEGIN ? 0 : n->item->seconds,
		.expected = n->build.job.expected});
}

static gboolean build_work(job *self, GError **err)
{
	node *n = self->data;
	GError *error = NULL;

	n->item->jobs = self->cpus;
	tell_job(n, EVENT_BEGIN);
	gboolean ok = pipeline_build(n->run->o->pipeline, n->item, &error);
	tell_job(n, ok ? EVENT_END : EVENT_FAIL);
	if (n->run->o->built)
		n->run->o->built(n->item, ok, n->run->o->data);
	if (ok)
		return TRUE;
	fail(n->run, n->item, g_error_copy(error));
	g_propagate_error(err, error);
	return FALSE;
}

/* ---- the graph: in the caller's thread from here on ---- */

/* What it will take, by its recipe and by what it took before. */
static void size_build(run *r, job *j, const item *i)
{
	gint64 peak = 0;

	pipeline_expect(r->o->pipeline, i, &j->expected, &peak);
	j->cpus_wanted = (int)i->recipe->build.jobs;
	j->exclusive = i->recipe->build.exclusive;
	j->memory = i->recipe->build.memory ? (guint64)i->recipe->build.memory
		    : peak > 0		    ? (guint64)peak
					    : MEMORY_UNKNOWN;
}

static void add_look(node *n)
{
	const item *i = n->item;
	place *p = place_of(n->run, i);

	if (n->look.needs)
		return;
	add_step(n->run, &n->look, LANE_LOOK, i->id, look_work, n);
	n->look.job.reveals = TRUE;
	need(&n->look, &p->lock);
	if (p->again.needs)
		need(&n->look, &p->again);
	for (guint k = 0; k < i->needs->len; k++) {
		node *other = node_of(n->run, g_ptr_array_index(i->needs, k));
		add_look(other);
		need(&n->look, &other->look);
	}
}

static void add_fetch(node *n)
{
	place *p = place_of(n->run, n->item);

	if (n->fetch.needs)
		return;
	add_step(n->run, &n->fetch, LANE_FETCH, n->item->id, fetch_work, n);
	n->fetch.job.reveals = TRUE; /* so that the longest build begins, not the first */
	need(&n->fetch, &p->lock);
	if (p->again.needs)
		need(&n->fetch, &p->again);
}

static void want(node *n);

/* What the item is built from, and what that is, must be there. */
static void need_builds(step *s, const node *n)
{
	for (guint k = 0; k < n->item->needs->len; k++) {
		node *other = node_of(n->run, g_ptr_array_index(n->item->needs, k));
		want(other);
		need(s, &other->look);
		if (other->build.needs)
			need(s, &other->build);
		else if (!has_ended(&other->look))
			g_ptr_array_add(other->waiting, s);
		else if (other->look.job.state == JOB_DONE)
			need_builds(s, other);
	}
}

/* The item is to be built, if it turns out that the store has it not. */
static void want(node *n)
{
	run *r = n->run;

	n->wanted = TRUE;
	add_look(n);
	if (!has_ended(&n->look) || n->look.job.state != JOB_DONE ||
		n->item->state != ITEM_PLANNED || n->build.needs)
		return;
	add_fetch(n);
	add_step(r, &n->build, LANE_BUILD, n->item->id, build_work, n);
	need(&n->build, &n->fetch);
	need_builds(&n->build, n);
	size_build(r, &n->build.job, n->item);
	r->total += !n->counted;
	n->counted = TRUE;
	for (guint k = 0; k < n->waiting->len; k++)
		need(g_ptr_array_index(n->waiting, k), &n->build);
}

static void add_item(run *r, item *i)
{
	node *n = g_new0(node, 1);
	place *p = place_of(r, i);

	n->run = r;
	n->item = i;
	n->waiting = g_ptr_array_new();
	g_ptr_array_add(r->nodes, n);
	g_hash_table_insert(r->node_of, i, n);
	g_ptr_array_add(p->nodes, n);
	n->counted = i->state != ITEM_SKIPPED && !i->implicit;
	r->total += n->counted;
	/* what needs another build does not run beside it */
	p->lock.job.followers += n->counted && !i->needs->len;
}

static void add_place(run *r, item_source *s)
{
	place *p = g_new0(place, 1);

	p->run = r;
	p->source = s;
	p->nodes = g_ptr_array_new();
	g_ptr_array_add(r->places, p);
	g_hash_table_insert(r->place_of, s, p);
	add_step(r, &p->lock, LANE_LOCK, s->recipe->path, lock_work, p);
	p->lock.job.reveals = TRUE;
	for (guint n = 0; n + 1 < r->places->len; n++) {
		place *other = g_ptr_array_index(r->places, n);
		if (g_str_equal(other->source->recipe->path, s->recipe->path))
			p->before = other;
	}
	if (p->before)
		need(&p->lock, &p->before->lock);
	if (p->before && p->before->again.needs)
		need(&p->lock, &p->before->again);
}

/* What the caller's lists have more than the graph. */
static void adopt(run *r)
{
	guint known = r->nodes->len;

	for (guint n = r->places->len; n < r->o->sources->len; n++)
		add_place(r, g_ptr_array_index(r->o->sources, n));
	for (guint n = known; n < r->o->items->len; n++)
		add_item(r, g_ptr_array_index(r->o->items, n));
	for (guint n = known; n < r->nodes->len; n++) {
		node *added = g_ptr_array_index(r->nodes, n);
		if (r->o->depth == ITEM_RUN_BUILD)
			add_look(added);
	}
}

/* ---- what follows from what ended ---- */

static void add_again(place *p)
{
	run *r = p->run;

	add_step(r, &p->again, LANE_LOCK, p->source->recipe->path, lock_work, p);
	for (guint n = 0; n < r->places->len; n++) {
		place *other = g_ptr_array_index(r->places, n);
		if (other->before == p && other->lock.job.state == JOB_WAITING)
			need(&other->lock, &p->again);
	}
}

/* A backend that gave no answer without them gets the libraries; *pending: it does. */
static void ask_again(place *p, gboolean *pending)
{
	*pending = FALSE;
	for (guint n = 0; n < p->nodes->len; n++) {
		const node *asks = g_ptr_array_index(p->nodes, n);
		if (asks->item->state != ITEM_PLANNED || !asks->item->asks_libraries)
			continue;
		if (!p->again.needs)
			add_again(p);
		need_builds(&p->again, asks);
		*pending = TRUE;
	}
	for (guint n = 0; *pending && n < p->nodes->len; n++) {
		node *other = g_ptr_array_index(p->nodes, n);
		if (other->look.needs)
			need(&other->look, &p->again);
		if (other->fetch.needs)
			need(&other->fetch, &p->again);
	}
}

/* Every item of the recipe has its sections of the lock. */
static void locked(place *p)
{
	run *r = p->run;
	GError *error = NULL;

	if (r->o->depth == ITEM_RUN_LOCK)
		return;
	if (r->o->connect && !r->o->connect(p->source, r->o->data, &error))
		fail_place(p, error);
	adopt(r);
	for (guint n = 0; n < p->nodes->len; n++) {
		node *of = g_ptr_array_index(p->nodes, n);
		if (r->o->depth == ITEM_RUN_FETCH) {
			if (of->item->state == ITEM_PLANNED)
				add_fetch(of);
			continue;
		}
		of->look.job.followers = p->written && of->counted &&
					 !of->item->needs->len &&
					 of->item->state == ITEM_PLANNED;
		for (guint k = 0; k < of->item->needs->len; k++) {
			node *other = node_of(r, g_ptr_array_index(of->item->needs, k));
			add_look(other);
			need(&of->look, &other->look);
		}
	}
}

/* Not started, for want of another. */
static void note_missing(node *n, const job *j)
{
	const job *lost = j->missing;

	while (lost && lost->missing)
		lost = lost->missing;
	if (!lost || n->item->state != ITEM_PLANNED || lost->run == lock_work ||
		g_str_equal(lost->id, n->item->id))
		return;
	g_free(n->item->reason);
	n->item->reason = g_strdup_printf("needs %s, which failed", lost->id);
	n->item->lost = TRUE;
}

static void lock_ended(place *p, const job *j)
{
	gboolean pending = FALSE;

	if (j->state == JOB_DROPPED) {
		for (guint n = 0; n < p->nodes->len; n++)
			note_missing(g_ptr_array_index(p->nodes, n), j);
		return;
	}
	if (j == &p->lock.job)
		ask_again(p, &pending);
	if (!pending)
		locked(p);
}

static void look_ended(node *n, const job *j)
{
	run *r = n->run;

	note_missing(n, j);
	if (j->state == JOB_DONE && r->o->looked)
		r->o->looked(n->item, r->o->data);
	if (j->state == JOB_DONE && n->item->state == ITEM_PLANNED) {
		if (n->wanted || !n->item->implicit)
			want(n);
		return;
	}
	if (n->item->state == ITEM_SKIPPED) {
		r->total -= n->counted;
		n->counted = FALSE;
	}
	r->done += n->counted;
	if (j->state == JOB_DONE) /* what it is made from may still be needed */
		for (guint k = 0; k < n->waiting->len; k++)
			need_builds(g_ptr_array_index(n->waiting, k), n);
}

static gboolean is_open(const step *s)
{
	return s->needs && !has_ended(s);
}

/* What the builds take together that have not begun: -1 as long as it is not sure which
 * they are, when something is to be fetched for one, or when one of them is new. */
static double waiting_seconds(const run *r)
{
	double sum = 0;

	for (guint k = 0; k < r->places->len; k++) {
		const place *p = g_ptr_array_index(r->places, k);
		if (is_open(&p->lock) || is_open(&p->again))
			return -1;
	}
	for (guint k = 0; k < r->nodes->len; k++) {
		const node *n = g_ptr_array_index(r->nodes, k);
		if (is_open(&n->look) || is_open(&n->fetch))
			return -1;
		if (!n->build.needs || n->build.job.state != JOB_WAITING)
			continue;
		if (n->build.job.expected <= 0)
			return -1;
		sum += n->build.job.expected;
	}
	return sum;
}

static void tell_total(run *r)
{
	g_autofree char *failed =
		r->failed ? g_strdup_printf("%u failed", r->failed) : NULL;

	if (r->o->depth != ITEM_RUN_BUILD)
		return;
	event_emit(&(event){.kind = EVENT_TOTAL,
		.phase = r->done < r->total ? EVENT_PROGRESS : EVENT_END,
		.level = EVENT_INFO,
		.text = failed,
		.done = r->done,
		.total = r->total,
		.expected = waiting_seconds(r)});
}

static void ended(scheduler *s, job *j, void *data)
{
	run *r = data;

	r->scheduler = s;
	if (j->run == lock_work) {
		lock_ended(j->data, j);
	} else {
		node *n = j->data;
		r->failed += j->state == JOB_FAILED && j->error->code < EXIT_SIGNAL;
		if (j == &n->look.job) {
			look_ended(n, j);
		} else {
			note_missing(n, j);
			r->done += j == &n->build.job;
		}
	}
	tell_total(r);
}

/* ---- the run ---- */

static void run_clear(run *r)
{
	g_ptr_array_unref(r->nodes);
	g_ptr_array_unref(r->places);
	g_ptr_array_unref(r->first);
	g_hash_table_unref(r->node_of);
	g_hash_table_unref(r->place_of);
}

static void skip_needless(const run *r)
{
	for (guint n = 0; n < r->nodes->len; n++) {
		const node *of = g_ptr_array_index(r->nodes, n);
		item *i = of->item;
		if (!i->implicit || i->state != ITEM_PLANNED || of->build.needs)
			continue;
		i->state = ITEM_SKIPPED;
		g_free(i->reason);
		i->reason = g_strdup("nothing that needs it is to be built");
	}
}

gboolean item_run(const item_run_options *options, GError **err)
{
	run r = {.o = options,
		.first = g_ptr_array_new(),
		.nodes = g_ptr_array_new_with_free_func(node_free),
		.places = g_ptr_array_new_with_free_func(place_free),
		.node_of = g_hash_table_new(NULL, NULL),
		.place_of = g_hash_table_new(NULL, NULL)};
	scheduler_options so = {.cpus = options->jobs,
		.memory = memory_usable(),
		.memory_slot = MEMORY_UNKNOWN,
		.memory_now = memory_usable,
		.keep_going = !options->fail_fast,
		.lanes = {[LANE_LOCK] = LOCKS_AT_A_TIME,
			[LANE_LOOK] = 1,
			[LANE_FETCH] = FETCHES_AT_A_TIME},
		.ended = ended,
		.data = &r};

	adopt(&r);
	int stopped = scheduler_run((job *const *)r.first->pdata, r.first->len, &so);
	if (!stopped && options->depth == ITEM_RUN_BUILD)
		skip_needless(&r);
	run_clear(&r);
	return stopped ? process_cancelled_error(err) : TRUE;
}
