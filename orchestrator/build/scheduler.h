#pragma once
#include <glib.h>

/* Runs jobs, several at a time, each in a thread of its own pool, in the order given
 * but never before what they need; what two jobs share (a sysroot, a toolchain) is
 * ordered by the store's locks. The caller's thread waits in a main loop. After
 * process_cancel_all (signals: base/interrupt.h) no further job starts; those that run
 * are ended by their children's end. */
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
	/* results */
	/* JOB_DROPPED: never started (a failure, a signal, or a need that failed) */
	job_state state;
	const struct job *missing; /* JOB_DROPPED: the need that failed, or NULL */
	GError *error;		   /* owned by the job's maker; set with JOB_FAILED */
	double seconds;
} job;

typedef struct scheduler_options {
	int parallel;	     /* jobs at a time, at least 1 */
	gboolean keep_going; /* after a failure start the rest all the same */
} scheduler_options;

/* Returns 0, or the number of the signal that stopped the run. */
int scheduler_run(job *const *jobs, guint n, const scheduler_options *options);
