#pragma once
#include <glib.h>

/* What SIGINT, SIGTERM and SIGHUP do to xorch; called once by main, before any
 * thread exists.
 *
 * The first one says "stopping", ends the children (process_cancel_all) and
 * gives the work in hand the rest of the budget to notice; then the process
 * ends with 128 + n from wherever it is, which is safe because everything that
 * counts is written to a temporary name and renamed. A second one kills the
 * children and ends at once. A signal ignored when xorch started (nohup) stays
 * ignored.
 *
 * Budget: children get 1 s between the signal and SIGKILL, the process 10 s in
 * all (XORCH_STOP_TIMEOUT seconds in the environment). SIGPIPE is ignored here:
 * a write that fails with EPIPE ends quietly in cli/. */
void interrupt_install(void);
/* Called once more, when the process ends without the work in hand having noticed:
 * `last` may do only what a signal's handler may. */
void interrupt_last(void (*last)(void));
