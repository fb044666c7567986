#include "base/memory.h"
#include <string.h>

static char *file_text(const char *dir, const char *name)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	char *text = NULL;

	g_file_get_contents(path, &text, NULL, NULL);
	return text ? g_strstrip(text) : NULL;
}

/* "MemAvailable:   12345 kB"; G_MAXUINT64 when not told. */
static guint64 available(const char *root)
{
	g_autofree char *proc = g_strconcat(root, "/proc", NULL);
	g_autofree char *text = file_text(proc, "meminfo");
	const char *at = text ? strstr(text, "MemAvailable:") : NULL;

	return at ? g_ascii_strtoull(at + strlen("MemAvailable:"), NULL, 10) * 1024
		  : G_MAXUINT64;
}

/* The number after "FIELD " on a line of a file. */
static guint64 stat_field(
	const char *dir, const char *name, const char *field, guint64 otherwise)
{
	g_autofree char *text = file_text(dir, name);
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

	for (char **l = lines; *l; l++)
		if (g_str_has_prefix(*l, field) && (*l)[strlen(field)] == ' ')
			return g_ascii_strtoull(*l + strlen(field), NULL, 10);
	return otherwise;
}

/* ---- one cgroup; its files are named otherwise in the two versions ---- */

/* G_MAXUINT64 without a limit. */
static guint64 limit_of(const char *dir, gboolean v2)
{
	g_autofree char *limit =
		file_text(dir, v2 ? "memory.max" : "memory.limit_in_bytes");

	if (!limit || !g_ascii_isdigit(*limit))
		return G_MAXUINT64; /* "max" */
	guint64 most = g_ascii_strtoull(limit, NULL, 10);
	/* version 1 says "none" by a huge number */
	return most > G_MAXINT64 / 2 ? G_MAXUINT64 : most;
}

/* What the limit leaves; G_MAXUINT64 without one. */
static guint64 left_of(const char *dir, gboolean v2)
{
	guint64 most = limit_of(dir, v2);
	g_autofree char *used =
		file_text(dir, v2 ? "memory.current" : "memory.usage_in_bytes");

	if (!used || most == G_MAXUINT64)
		return G_MAXUINT64;
	guint64 now = g_ascii_strtoull(used, NULL, 10);
	now -= MIN(now, stat_field(dir, "memory.stat",
				v2 ? "inactive_file" : "total_inactive_file", 0));
	return most > now ? most - now : 0;
}

/* G_MAXUINT64 when they are not counted here. */
static guint64 kills_of(const char *dir, gboolean v2)
{
	return stat_field(dir, v2 ? "memory.events" : "memory.oom_control", "oom_kill",
		G_MAXUINT64);
}

/* ---- the cgroups of this process ---- */

typedef guint64 (*cgroup_number)(const char *dir, gboolean v2);

/* The least of the cgroup and all above it, each of which limits; or that of the lowest
 * which has it. */
static guint64 climb(const char *mount, const char *group, gboolean v2,
	cgroup_number number, gboolean lowest)
{
	g_autofree char *at = g_strdup(group);
	guint64 least = G_MAXUINT64;

	for (;;) {
		g_autofree char *dir = g_build_filename(mount, at, NULL);
		least = MIN(least, number(dir, v2));
		char *slash = strrchr(at, '/');
		if (!slash || (lowest && least != G_MAXUINT64))
			return least;
		*slash = '\0';
	}
}

/* G_MAXUINT64 when no cgroup of this process has the number. */
static guint64 of_cgroups(const char *root, cgroup_number number, gboolean lowest)
{
	g_autofree char *self = g_strconcat(root, "/proc/self", NULL);
	g_autofree char *v2 = g_strconcat(root, "/sys/fs/cgroup", NULL);
	g_autofree char *v1 = g_strconcat(root, "/sys/fs/cgroup/memory", NULL);
	g_autofree char *groups = file_text(self, "cgroup");
	g_auto(GStrv) lines = g_strsplit(groups ? groups : "", "\n", -1);
	guint64 least = G_MAXUINT64;

	for (char **l = lines; *l; l++) {
		g_auto(GStrv) parts = g_strsplit(*l, ":", 3);
		if (g_strv_length(parts) != 3)
			continue;
		g_auto(GStrv) names = g_strsplit(parts[1], ",", -1);
		guint64 n = G_MAXUINT64;
		if (g_str_equal(parts[0], "0"))
			n = climb(v2, parts[2], TRUE, number, lowest);
		else if (g_strv_contains((const char *const *)names, "memory"))
			n = climb(v1, parts[2], FALSE, number, lowest);
		least = MIN(least, n);
	}
	return least;
}

guint64 memory_usable_at(const char *root)
{
	guint64 least = MIN(available(root), of_cgroups(root, left_of, FALSE));

	return least == G_MAXUINT64 ? 0 : least;
}

guint64 memory_limit_at(const char *root)
{
	guint64 least = of_cgroups(root, limit_of, FALSE);

	return least == G_MAXUINT64 ? 0 : least;
}

gint64 memory_kills_at(const char *root)
{
	g_autofree char *proc = g_strconcat(root, "/proc", NULL);
	guint64 n = of_cgroups(root, kills_of, TRUE);

	if (n == G_MAXUINT64)
		n = stat_field(proc, "vmstat", "oom_kill", G_MAXUINT64);
	return n == G_MAXUINT64 ? -1 : (gint64)n;
}

guint64 memory_usable(void)
{
	return memory_usable_at("");
}

guint64 memory_limit(void)
{
	return memory_limit_at("");
}

gint64 memory_kills(void)
{
	return memory_kills_at("");
}
