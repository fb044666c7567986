#include "base/work_clock.h"

static __thread gint64 waited;

gint64 work_clock(void)
{
	return g_get_monotonic_time() - waited;
}

void work_clock_waited(gint64 since)
{
	waited += g_get_monotonic_time() - since;
}
