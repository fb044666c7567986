#include "cli/rate.h"

#define LEARN_SECONDS 1.0
#define SAMPLE_SECONDS 0.2 /* a shorter time says little */
#define MEMORY_SECONDS 4.0 /* after which a sample counts about a third */

void rate_add(rate *r, gint64 now, gint64 amount)
{
	if (!r->begun)
		r->begun = r->at = now;
	r->amount += amount;
}

double rate_get(rate *r, gint64 now)
{
	double seconds = (double)(now - r->at) / 1e6;

	if (!r->begun)
		return -1;
	if (seconds >= SAMPLE_SECONDS) {
		double keep = MEMORY_SECONDS / (MEMORY_SECONDS + seconds);
		r->mean = keep * r->mean + (1 - keep) * (double)r->amount / seconds;
		r->weight = keep * r->weight + (1 - keep);
		r->amount = 0;
		r->at = now;
	}
	if ((double)(now - r->begun) / 1e6 < LEARN_SECONDS || r->weight <= 0)
		return -1;
	return r->mean / r->weight;
}
