#pragma once
#include <glib.h>

/* How fast something comes: a mean over time in which what is older counts less, so that
 * it neither jumps with every packet nor remembers the start. All zero at first. Times
 * are g_get_monotonic_time()'s; for one thread at a time. */
typedef struct rate {
	gint64 begun, at; /* 0: nothing came yet */
	gint64 amount;	  /* since `at` */
	double mean, weight;
} rate;

void rate_add(rate *r, gint64 now, gint64 amount);
/* Per second; -1 in the first second, from which nothing can be told. */
double rate_get(rate *r, gint64 now);
