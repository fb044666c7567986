#pragma once
#include "base/process.h"

/* The parts of base/process.c: what happens in the child between fork and exec,
 * and the list of children that a signal handler reads. Nobody else's business. */

/* What the child tells when it cannot exec. */
typedef struct child_error {
	int stage;
	int error;
} child_error;

enum { STAGE_CHDIR = 1, STAGE_LIMITS, STAGE_FDS, STAGE_SETUP, STAGE_EXEC };

/* Everything the child needs, made before fork: no allocation after it. */
typedef struct child_plan {
	const process_spec *spec;
	char *program;
	char **env;
	int in, out, err;
	int notify;
	int *keep; /* numbers of spec->fds, sorted */
	guint n_keep;
	pid_t parent;
} child_plan;

/* Forks; the child carries the plan out and executes the program, or tells why not
 * on plan->notify. Returns the child's number, or -1 with errno. */
pid_t process_child_start(const child_plan *plan);

/* Enters a child among those running; negative: its leader supervises. The slot
 * goes back to process_group_leave. */
int process_group_enter(gint pid);
void process_group_leave(int slot);
/* Readable once process_cancel_all was called; process_cancel_calls: how often. */
int process_wake_descriptor(void);
int process_cancel_calls(void);

/* A descriptor that is none of 0-2, which are the child's own; -1 stays. */
int process_above_stdio(int fd);
