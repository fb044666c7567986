#pragma once
#include <glib.h>

/* A clock for how long work takes by itself: it stands still while this thread waits for
 * what others do (a lock that another process holds, another item of the run), so that
 * durations which are kept say nothing of who ran beside. Every thread has its own. */

/* Microseconds: g_get_monotonic_time less what was waited. */
gint64 work_clock(void);
/* A wait of this thread, since that g_get_monotonic_time, is over. */
void work_clock_waited(gint64 since);
