#include "base/cpus.h"
#include <glib.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int affinity(void)
{
	cpu_set_t set;
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
		return CPU_COUNT(&set);
	return online > 0 ? (int)MIN(online, 1024) : 1; /* more than a cpu_set_t holds */
}

static int rounded_up(const char *quota, const char *period)
{
	gint64 q = g_ascii_strtoll(quota, NULL, 10),
	       p = g_ascii_strtoll(period, NULL, 10);

	if (q <= 0 || p <= 0)
		return 0;
	return (int)MIN((q + p - 1) / p, 1024);
}

/* cpu.max: "150000 100000" or "max 100000". */
static int quota_v2(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, "cpu.max", NULL);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	g_auto(GStrv) words = g_strsplit_set(g_strchomp(text), " ", 2);
	return words[0] && words[1] ? rounded_up(words[0], words[1]) : 0;
}

static int quota_v1(const char *dir)
{
	g_autofree char *quota_path = g_build_filename(dir, "cpu.cfs_quota_us", NULL);
	g_autofree char *period_path = g_build_filename(dir, "cpu.cfs_period_us", NULL);
	g_autofree char *quota = NULL, *period = NULL;

	if (!g_file_get_contents(quota_path, &quota, NULL, NULL) ||
		!g_file_get_contents(period_path, &period, NULL, NULL))
		return 0;
	return rounded_up(quota, period);
}

static int smaller(int a, int b)
{
	return a && b ? MIN(a, b) : a + b;
}

/* The cgroup and all above it: each of them limits. */
static int climb(const char *mount, const char *group, int (*quota)(const char *))
{
	g_autofree char *at = g_strdup(group);
	int least = 0;

	for (;;) {
		g_autofree char *dir = g_build_filename(mount, at, NULL);
		least = smaller(least, quota(dir));
		char *slash = strrchr(at, '/');
		if (!slash)
			break;
		*slash = '\0';
	}
	return least;
}

int cpus_quota(const char *root)
{
	g_autofree char *list = g_strconcat(root, "/proc/self/cgroup", NULL);
	g_autofree char *v2 = g_strconcat(root, "/sys/fs/cgroup", NULL);
	g_autofree char *v1 = g_strconcat(root, "/sys/fs/cgroup/cpu", NULL);
	g_autofree char *text = NULL;
	int least = 0;

	if (!g_file_get_contents(list, &text, NULL, NULL))
		return 0;
	/* "0::/path" is v2, "4:cpu,cpuacct:/path" is v1. */
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l; l++) {
		g_auto(GStrv) parts = g_strsplit(*l, ":", 3);
		if (g_strv_length(parts) != 3)
			continue;
		g_auto(GStrv) controllers = g_strsplit(parts[1], ",", -1);
		if (g_str_equal(parts[0], "0"))
			least = smaller(least, climb(v2, parts[2], quota_v2));
		else if (g_strv_contains((const char *const *)controllers, "cpu"))
			least = smaller(least, climb(v1, parts[2], quota_v1));
	}
	return least;
}

int cpus_usable(void)
{
	return smaller(affinity(), cpus_quota(""));
}
