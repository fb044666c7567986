#pragma once
#include <glib.h>

/* Runs jobs, several at a time, each in a thread of its own pool, never before what
 * they need; what two jobs share (a sysroot, a toolchain) is ordered by the store's
 * locks. The caller's thread waits in a main loop. After process_cancel_all (signals:
 * base/interrupt.h) no further job starts; those that run are ended by their
 * children's end.
 *
 * Which job first: the one at the head of the longest way to the end, by the seconds
 * expected (a library that much waits for, a large package), then the order given.
 *
 * How many: `cpus` slots are shared by the jobs that run. A job gets an equal part of
 * what is free, at least one slot, and is told (job.cpus), so that what it starts in
 * turn (make, ninja, cargo) takes no more. With it share those that could start beside
 * it, by need and memory, now or as soon as what they wait for in other lanes (a
 * download) is there, and those that are known to follow a job of another lane
 * (`followers`); what one of them cannot make use of (cpus_wanted) goes to the others.
 * A job that is alone gets all. As long as jobs run that tell what else there is
 * (`reveals`), no other starts for up to a second: else the first would take what the
 * second, which is known a moment later, has to wait for.
 *
 * Memory: a job waits while it and those that run need more than there is; alone it
 * starts whatever it needs. It gets no more slots than there is memory for: `memory`
 * for its largest process, memory_slot for what each further slot runs. An exclusive
 * job runs alone.
 *
 * Jobs that mostly wait (for a server) are of another lane: they take no slot and no
 * memory, have a limit of their own, and run beside whatever runs. */
typedef struct scheduler scheduler;

#define SCHEDULER_LANES 4

typedef enum job_state {
	JOB_WAITING,
	JOB_RUNNING,
	JOB_DONE,
	JOB_FAILED,
	JOB_DROPPED
} job_state;

typedef struct job {
	const char *id; /* borrowed */
	gboolean (*run)(struct job *self, GError **err);
	void *data;
	struct job *const *needs; /* done before it starts; borrowed; all in the run */
	guint n_needs;
	int lane;	  /* 0: a job of the slots; else one of scheduler_options.lanes */
	double expected;  /* seconds; 0: not known, taken for an average one */
	int cpus_wanted;  /* slots it can make use of; 0: any number */
	guint64 memory;	  /* bytes of its largest process; 0: counts for nothing */
	gboolean reveals; /* what else is to run, or may, is known at its end */
	guint followers;  /* jobs of slots that will be added when it ends, or nearly
			     surely */
	gboolean exclusive; /* nothing else runs at the same time */
	/* set when it starts */
	int cpus; /* slots given, at least 1 */
	/* results */
	/* JOB_DROPPED: never started (a failure, a signal, or a need that failed) */
	job_state state;
	const struct job *missing; /* JOB_DROPPED: the need that failed, or NULL */
	GError *error;		   /* owned by the job's maker; set with JOB_FAILED */
	double seconds;
	/* private */
	double path;   /* seconds from its start to the end of all after it */
	guint64 taken; /* bytes counted for it while it runs */
} job;

typedef struct scheduler_options {
	int cpus;	     /* slots, at least 1: never more jobs at a time */
	guint64 memory;	     /* bytes for all jobs together; 0: not watched */
	guint64 memory_slot; /* bytes for each slot of a job after its first, at most
			      * job.memory; 0: nothing */
	gboolean keep_going; /* after a failure start the rest all the same */
	/* Bytes free now, asked before a job is started beside others; NULL: not. */
	guint64 (*memory_now)(void);
	int lanes[SCHEDULER_LANES]; /* jobs at a time of lane 1 …; 0: one; [0] unused */
	/* Called in the caller's thread when a job has ended or was dropped, before any
	 * other starts: may add jobs (scheduler_add), and needs to jobs that wait. */
	void (*ended)(scheduler *s, job *j, void *data);
	void *data;
} scheduler_options;

/* Returns 0, or the number of the signal that stopped the run. */
int scheduler_run(job *const *jobs, guint n, const scheduler_options *options);

/* Only from scheduler_options.ended. What the job needs may be added in any order, as
 * long as it is there when `ended` returns. */
void scheduler_add(scheduler *s, job *j);
