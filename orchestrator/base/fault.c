#include "base/fault.h"
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

void fault_point(const char *step)
{
	static int hits;
	const char *want = g_getenv("XORCH_TEST_DIE_AT");

	if (!want)
		return;
	size_t len = strcspn(want, ":");
	if (strlen(step) != len || strncmp(want, step, len) != 0)
		return;
	int n = want[len] ? atoi(want + len + 1) : 1;
	if (g_atomic_int_add(&hits, 1) + 1 == n)
		raise(SIGKILL);
}
