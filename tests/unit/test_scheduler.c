#include "build/scheduler.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/memory.h"
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
					&(scheduler_options){.cpus = 1,
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
				&(scheduler_options){.cpus = 4, .keep_going = TRUE}),
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

/* ---- order, slots, memory ---- */

static GMutex trace_lock;
static GString *trace; /* "a2 b1 …": what started, with its slots */
static gint busy, busiest, alone_broken;

static gboolean run_traced(job *self, GError **err)
{
	(void)err;
	gint now = g_atomic_int_add(&busy, 1) + 1;

	g_mutex_lock(&trace_lock);
	g_string_append_printf(
		trace, "%s%s%d", trace->len ? " " : "", self->id, self->cpus);
	busiest = MAX(busiest, now);
	g_mutex_unlock(&trace_lock);
	g_usleep(30000);
	if (self->exclusive && (now != 1 || g_atomic_int_get(&busy) != 1))
		g_atomic_int_set(&alone_broken, 1);
	g_atomic_int_add(&busy, -1);
	return TRUE;
}

static guint64 little_memory(void)
{
	return 100;
}

static void traced(job *const *jobs, guint n, const scheduler_options *o)
{
	if (trace)
		g_string_free(trace, TRUE);
	trace = g_string_new(NULL);
	busiest = 0;
	g_assert_cmpint(scheduler_run(jobs, n, o), ==, 0);
	for (guint i = 0; i < n; i++)
		g_assert_cmpint(jobs[i]->state, ==, JOB_DONE);
}

/* The longest way first: a short library that a long build waits for goes before a
 * job of middle length; what is not known counts as an average one; then the order. */
static void longest_way(void)
{
	job lib = {.id = "lib", .run = run_traced, .expected = 5};
	job *const on_lib[] = {&lib};
	job big = {.id = "big",
		    .run = run_traced,
		    .expected = 100,
		    .needs = on_lib,
		    .n_needs = 1},
	    mid = {.id = "mid", .run = run_traced, .expected = 60},
	    small = {.id = "small", .run = run_traced, .expected = 1},
	    unknown = {.id = "unknown", .run = run_traced},
	    unknown2 = {.id = "unknown2", .run = run_traced};
	job *jobs[] = {&small, &unknown2, &mid, &unknown, &big, &lib};

	traced(jobs, 6, &(scheduler_options){.cpus = 1});
	g_assert_cmpstr(trace->str, ==, "lib1 big1 mid1 unknown21 unknown1 small1");
}

/* Slots are shared by those that run; build.jobs takes no more than it wants. */
static void slots(void)
{
	job a = {.id = "a", .run = run_traced, .expected = 3},
	    b = {.id = "b", .run = run_traced, .expected = 2},
	    c = {.id = "c", .run = run_traced, .expected = 1, .cpus_wanted = 1};
	job *one[] = {&a}, *two[] = {&a, &b}, *three[] = {&a, &b, &c};

	traced(one, 1, &(scheduler_options){.cpus = 8});
	g_assert_cmpstr(trace->str, ==, "a8");
	a.state = JOB_WAITING;
	traced(two, 2, &(scheduler_options){.cpus = 7});
	g_assert_cmpint(a.cpus, ==, 4);
	g_assert_cmpint(b.cpus, ==, 3);
	a.state = b.state = JOB_WAITING;
	traced(three, 3, &(scheduler_options){.cpus = 8});
	g_assert_cmpint(a.cpus + b.cpus + c.cpus, <=, 8);
	g_assert_cmpint(c.cpus, ==, 1);
	g_assert_cmpint(busiest, ==, 3);
	a.state = b.state = c.state = JOB_WAITING;
	traced(three, 3, &(scheduler_options){.cpus = 2});
	g_assert_cmpint(busiest, ==, 2);
	/* the last one may use what the others left */
	a.state = b.state = JOB_WAITING;
	traced(two, 2, &(scheduler_options){.cpus = 1});
	g_assert_cmpstr(trace->str, ==, "a1 b1");
}

/* Who is to start as soon as its download is there has its part too, wherever it stands
 * in the order; an exclusive one, and one that has no memory beside, has none. */
static gboolean run_download(job *self, GError **err)
{
	(void)self;
	(void)err;
	g_usleep(100000);
	return TRUE;
}

static void fair(void)
{
	job file = {.id = "file", .run = run_download, .lane = 3};
	job *const on_file[] = {&file};
	job a = {.id = "a", .run = run_traced, .expected = 2}, b = {.id = "b",
								       .run = run_traced,
								       .expected = 9,
								       .needs = on_file,
								       .n_needs = 1};
	job *three[] = {&a, &file, &b};

	traced(three, 3, &(scheduler_options){.cpus = 8});
	g_assert_cmpint(a.cpus, ==, 4);
	a.state = b.state = file.state = JOB_WAITING;
	b.exclusive = TRUE;
	traced(three, 3, &(scheduler_options){.cpus = 8});
	g_assert_cmpstr(trace->str, ==, "a8 b8");
	a.state = b.state = file.state = JOB_WAITING;
	b.exclusive = FALSE;
	a.memory = b.memory = 60;
	traced(three, 3, &(scheduler_options){.cpus = 8, .memory = 100});
	g_assert_cmpstr(trace->str, ==, "a8 b8");
	/* what one cannot make use of is another's */
	a.state = b.state = file.state = JOB_WAITING;
	b.cpus_wanted = 1;
	traced(three, 3, &(scheduler_options){.cpus = 8});
	g_assert_cmpint(a.cpus, ==, 7);
	/* a build that needs another build does not come by itself */
	job *const on_a[] = {&a};
	a.state = b.state = file.state = JOB_WAITING;
	b.needs = on_a;
	traced(three, 3, &(scheduler_options){.cpus = 8});
	g_assert_cmpstr(trace->str, ==, "a8 b1");
}

/* Two builds, each known only when its look is over: the first does not take what is the
 * second's, and a look that takes long is not waited for. */
typedef struct looks {
	job look[2], build[2];
	gulong slow;
} looks;

static gboolean run_look(job *self, GError **err)
{
	looks *l = self->data;

	(void)err;
	g_usleep(self == &l->look[1] ? l->slow : 10000);
	return TRUE;
}

static void look_ended(scheduler *s, job *j, void *data)
{
	looks *l = data;

	for (int i = 0; i < 2; i++)
		if (j == &l->look[i])
			scheduler_add(s, &l->build[i]);
}

static void revealed(void)
{
	for (int slow = 0; slow < 3; slow++) {
		looks l = {.slow = slow ? 3 * G_USEC_PER_SEC : 300000};
		job *jobs[2];
		for (int i = 0; i < 2; i++) {
			l.look[i] = (job){.id = "look",
				.run = run_look,
				.data = &l,
				.lane = 2,
				.reveals = TRUE,
				.followers = slow == 2};
			l.build[i] =
				(job){.id = i ? "second" : "first", .run = run_traced};
			jobs[i] = &l.look[i];
		}
		gint64 begun = g_get_monotonic_time();
		traced(jobs, 2,
			&(scheduler_options){.cpus = 4,
				.lanes = {[2] = 1},
				.ended = look_ended,
				.data = &l});
		g_assert_cmpint(l.build[0].state, ==, JOB_DONE);
		g_assert_cmpint(l.build[1].state, ==, JOB_DONE);
		/* of one that takes long it may be known that something follows */
		g_assert_cmpint(l.build[0].cpus, ==, slow == 1 ? 4 : 2);
		if (slow < 2)
			g_assert_cmpint(l.build[1].cpus, ==, slow ? 4 : 2);
		g_assert_cmpint(g_get_monotonic_time() - begun, <, 20 * G_USEC_PER_SEC);
	}
}

/* No more slots than there is memory for: its largest process and an ordinary one for
 * each further slot; others' largest ones are left room for. */
static void memory_slots(void)
{
	job a = {.id = "a", .run = run_traced, .expected = 2, .memory = 100}, b = a;
	job *one[] = {&a}, *two[] = {&a, &b};
	scheduler_options o = {.cpus = 16, .memory = 250, .memory_slot = 50};

	traced(one, 1, &o);
	g_assert_cmpint(a.cpus, ==, 4);
	g_assert_cmpuint(a.taken, ==, 250);
	a.state = JOB_WAITING;
	traced(two, 2, &o);
	g_assert_cmpint(a.cpus, ==, 2);
	g_assert_cmpuint(a.taken, ==, 150);
	/* a small one counts its own size */
	a.state = JOB_WAITING;
	a.memory = 10;
	traced(one, 1, &o);
	g_assert_cmpint(a.cpus, ==, 16);
	/* too little for even one: alone, and with one slot */
	a.state = JOB_WAITING;
	a.memory = 600;
	traced(one, 1, &o);
	g_assert_cmpint(a.cpus, ==, 1);
}

/* Two that do not fit together follow each other; one too large runs alone; a small
 * one goes beside. */
static void memory(void)
{
	job a = {.id = "a", .run = run_traced, .expected = 3, .memory = 60},
	    b = {.id = "b", .run = run_traced, .expected = 2, .memory = 60},
	    c = {.id = "c", .run = run_traced, .expected = 1, .memory = 30},
	    huge = {.id = "huge", .run = run_traced, .expected = 9, .memory = 500};
	job *two[] = {&a, &b}, *three[] = {&a, &b, &c}, *all[] = {&huge, &a, &b, &c};

	traced(two, 2, &(scheduler_options){.cpus = 4, .memory = 100});
	g_assert_cmpint(busiest, ==, 1);
	a.state = b.state = JOB_WAITING;
	traced(three, 3, &(scheduler_options){.cpus = 4, .memory = 100});
	g_assert_cmpint(busiest, ==, 2);
	/* c goes beside a: which of the two threads writes first is the kernel's matter
	 */
	g_assert_false(g_str_has_prefix(trace->str, "b"));
	a.state = b.state = c.state = JOB_WAITING;
	traced(all, 4, &(scheduler_options){.cpus = 4, .memory = 100});
	g_assert_true(g_str_has_prefix(trace->str, "huge"));
	g_assert_cmpint(busiest, <=, 2);
	/* what is free now counts too */
	a.state = b.state = JOB_WAITING;
	a.memory = b.memory = 101;
	traced(two, 2,
		&(scheduler_options){
			.cpus = 4, .memory = 1000, .memory_now = little_memory});
	g_assert_cmpint(busiest, ==, 1);
}

static void exclusive(void)
{
	job a = {.id = "a", .run = run_traced, .expected = 1},
	    b = {.id = "b", .run = run_traced, .expected = 2, .exclusive = TRUE}, c = a,
	    d = a, e = b;
	job *jobs[] = {&a, &b, &c, &d, &e};

	traced(jobs, 5, &(scheduler_options){.cpus = 4});
	g_assert_cmpint(alone_broken, ==, 0);
	g_assert_cmpint(b.cpus, ==, 4);
}

/* 1,000 jobs that do nothing, in layers: what the scheduler itself costs. */
static gboolean run_nothing(job *self, GError **err)
{
	(void)self;
	(void)err;
	return TRUE;
}

static void many(void)
{
	enum { N = 1000 };
	static job jobs[N];
	static job *list[N];
	static job *const *needs[N];
	gint64 begun = g_get_monotonic_time();

	for (int i = 0; i < N; i++) {
		jobs[i] = (job){.id = "j", .run = run_nothing};
		list[i] = &jobs[i];
		needs[i] = &list[i / 10];
		if (i >= 10) {
			jobs[i].needs = needs[i];
			jobs[i].n_needs = 1;
		}
	}
	g_assert_cmpint(scheduler_run(list, N, &(scheduler_options){.cpus = 8}), ==, 0);
	for (int i = 0; i < N; i++)
		g_assert_cmpint(jobs[i].state, ==, JOB_DONE);
	g_test_message("%d jobs in %.3f s", N, (g_get_monotonic_time() - begun) / 1e6);
	g_assert_cmpint(g_get_monotonic_time() - begun, <, 10 * G_USEC_PER_SEC);
}

static void put(const char *root, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(root, name, NULL);
	g_autofree char *dir = g_path_get_dirname(path);

	g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* What is free, and what cgroups of either version leave of it. */
static void memory_limits(void)
{
	g_autofree char *root = g_dir_make_tmp("xorch-memory-XXXXXX", NULL);

	g_assert_cmpuint(memory_usable_at(root), ==, 0);
	put(root, "proc/meminfo", "MemTotal: 9000 kB\nMemAvailable:    1000 kB\n");
	g_assert_cmpuint(memory_usable_at(root), ==, 1000 * 1024);
	put(root, "proc/self/cgroup", "0::/a/b\n");
	put(root, "sys/fs/cgroup/a/b/memory.max", "max\n");
	put(root, "sys/fs/cgroup/a/b/memory.current", "5\n");
	g_assert_cmpuint(memory_usable_at(root), ==, 1000 * 1024);
	put(root, "sys/fs/cgroup/a/memory.max", "500000\n");
	put(root, "sys/fs/cgroup/a/memory.current", "300000\n");
	g_assert_cmpuint(memory_usable_at(root), ==, 200000);
	/* the page cache of a cgroup gives way */
	put(root, "sys/fs/cgroup/a/memory.stat", "anon 5\ninactive_file 100000\n");
	g_assert_cmpuint(memory_usable_at(root), ==, 300000);
	put(root, "proc/self/cgroup", "5:cpu:/x\n4:memory:/c\n");
	put(root, "sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
	put(root, "sys/fs/cgroup/memory/memory.usage_in_bytes", "1\n");
	g_assert_cmpuint(memory_usable_at(root), ==, 1000 * 1024);
	put(root, "sys/fs/cgroup/memory/c/memory.limit_in_bytes", "1000\n");
	put(root, "sys/fs/cgroup/memory/c/memory.usage_in_bytes", "1200\n");
	g_assert_cmpuint(memory_usable_at(root), ==, 0);
	g_assert_true(fs_remove_tree(root, NULL));
	g_assert_cmpuint(memory_usable(), >, 0);
}

/* How often the kernel ended something for want of memory, and under what limit. */
static void memory_kill_counts(void)
{
	g_autofree char *root = g_dir_make_tmp("xorch-memory-XXXXXX", NULL);

	g_assert_cmpint(memory_kills_at(root), ==, -1);
	g_assert_cmpuint(memory_limit_at(root), ==, 0);
	put(root, "proc/vmstat", "nr_free_pages 9\noom_kill 7\n");
	g_assert_cmpint(memory_kills_at(root), ==, 7);
	put(root, "proc/self/cgroup", "0::/a/b\n");
	put(root, "sys/fs/cgroup/a/memory.events", "low 0\noom 4\noom_kill 3\n");
	put(root, "sys/fs/cgroup/a/memory.max", "500000\n");
	g_assert_cmpint(memory_kills_at(root), ==, 3);
	g_assert_cmpuint(memory_limit_at(root), ==, 500000);
	put(root, "sys/fs/cgroup/a/b/memory.events", "oom_kill 0\n");
	put(root, "sys/fs/cgroup/a/b/memory.max", "max\n");
	g_assert_cmpint(memory_kills_at(root), ==, 0);
	g_assert_cmpuint(memory_limit_at(root), ==, 500000);
	/* version 1, also beside a version 2 that has no memory */
	put(root, "proc/self/cgroup", "4:memory:/c\n0::/\n");
	put(root, "sys/fs/cgroup/memory/memory.oom_control", "oom_kill 5\n");
	put(root, "sys/fs/cgroup/memory/c/memory.oom_control",
		"oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
	put(root, "sys/fs/cgroup/memory/c/memory.limit_in_bytes", "1000\n");
	g_assert_cmpint(memory_kills_at(root), ==, 2);
	g_assert_cmpuint(memory_limit_at(root), ==, 1000);
	g_assert_true(fs_remove_tree(root, NULL));
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

	int sig = scheduler_run(jobs, 4, &(scheduler_options){.cpus = 2});
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

/* ---- lanes, and jobs that come later ---- */

typedef struct later {
	job wait[6], build, last;
	job *needs[6];
	gint waiting, most, beside, ends;
} later;

static gboolean run_waiting(job *self, GError **err)
{
	later *l = self->data;
	gint now = g_atomic_int_add(&l->waiting, 1) + 1;

	(void)err;
	if (now > g_atomic_int_get(&l->most))
		g_atomic_int_set(&l->most, now);
	g_usleep(20000);
	/* the last one until the build ran beside it, which may take a while here */
	for (int n = 0; self == &l->wait[5] && !g_atomic_int_get(&l->beside) && n < 500;
		n++)
		g_usleep(10000);
	g_atomic_int_add(&l->waiting, -1);
	return TRUE;
}

static gboolean run_beside(job *self, GError **err)
{
	later *l = self->data;

	(void)err;
	for (int n = 0; self->exclusive && !g_atomic_int_get(&l->waiting) && n < 500; n++)
		g_usleep(10000);
	if (g_atomic_int_get(&l->waiting))
		g_atomic_int_inc(&l->beside);
	return TRUE;
}

static void add_more(scheduler *s, job *j, void *data)
{
	later *l = data;

	l->ends++;
	if (j == &l->wait[0])
		scheduler_add(s, &l->build);
	if (j == &l->build) {
		for (int i = 0; i < 6; i++)
			l->needs[i] = &l->wait[i];
		l->last.needs = l->needs;
		l->last.n_needs = 6;
		scheduler_add(s, &l->last);
	}
}

/* Those that wait have their own limit, and builds that were added go on beside them. */
static void lanes(void)
{
	static later l;
	job *jobs[6];

	for (int i = 0; i < 6; i++) {
		l.wait[i] =
			(job){.id = "wait", .run = run_waiting, .data = &l, .lane = 2};
		jobs[i] = &l.wait[i];
	}
	l.build = (job){.id = "build", .run = run_beside, .data = &l, .exclusive = TRUE};
	l.last = (job){.id = "last", .run = run_beside, .data = &l};
	g_assert_cmpint(scheduler_run(jobs, 6,
				&(scheduler_options){.cpus = 1,
					.lanes = {[2] = 2},
					.ended = add_more,
					.data = &l}),
		==, 0);
	g_assert_cmpint(l.most, ==, 2);
	g_assert_cmpint(l.beside, ==, 1);
	g_assert_cmpint(l.last.state, ==, JOB_DONE);
	g_assert_cmpint(l.ends, ==, 8);
}

/* Jobs in a circle end the run instead of waiting for ever. */
static void circle(void)
{
	gint started = 0;
	task ok = {"exit 0", &started};
	job a = {.id = "a", .run = run_task, .data = &ok},
	    b = {.id = "b", .run = run_task, .data = &ok};
	job *const on_a[] = {&a}, *const on_b[] = {&b};
	job *jobs[] = {&a, &b};

	a.needs = on_b;
	b.needs = on_a;
	a.n_needs = b.n_needs = 1;
	g_assert_cmpint(scheduler_run(jobs, 2, &(scheduler_options){.cpus = 1}), ==, 0);
	g_assert_cmpint(a.state, ==, JOB_DROPPED);
	g_assert_cmpint(b.state, ==, JOB_DROPPED);
	g_assert_cmpint(started, ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/scheduler/states", states);
	g_test_add_func("/scheduler/needs", needs);
	g_test_add_func("/scheduler/longest-way", longest_way);
	g_test_add_func("/scheduler/slots", slots);
	g_test_add_func("/scheduler/fair", fair);
	g_test_add_func("/scheduler/revealed", revealed);
	g_test_add_func("/scheduler/memory", memory);
	g_test_add_func("/scheduler/memory-slots", memory_slots);
	g_test_add_func("/scheduler/exclusive", exclusive);
	g_test_add_func("/scheduler/many", many);
	g_test_add_func("/scheduler/lanes", lanes);
	g_test_add_func("/scheduler/circle", circle);
	g_test_add_func("/scheduler/memory-limits", memory_limits);
	g_test_add_func("/scheduler/memory-kills", memory_kill_counts);
	g_test_add_func("/scheduler/K02-cancel", k02_cancel);
	return g_test_run();
}
