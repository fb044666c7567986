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

/* What a file of inactive pages could give back at once. */
static guint64 reclaimable(const char *dir, const char *field)
{
	g_autofree char *text = file_text(dir, "memory.stat");
	g_auto(GStrv) lines = g_strsplit(text ? text : "", "\n", -1);

	for (char **l = lines; *l; l++)
		if (g_str_has_prefix(*l, field) && (*l)[strlen(field)] == ' ')
			return g_ascii_strtoull(*l + strlen(field), NULL, 10);
	return 0;
}

/* What the limit of one cgroup leaves; G_MAXUINT64 without a limit. */
static guint64 left_of(const char *dir, const char *limit_name, const char *used_name,
	const char *inactive)
{
	g_autofree char *limit = file_text(dir, limit_name);
	g_autofree char *used = file_text(dir, used_name);

	if (!limit || !used || !g_ascii_isdigit(*limit))
		return G_MAXUINT64; /* "max" */
	guint64 most = g_ascii_strtoull(limit, NULL, 10);
	guint64 now = g_ascii_strtoull(used, NULL, 10);
	if (most > G_MAXINT64 / 2) /* version 1 says "none" by a huge number */
		return G_MAXUINT64;
	now -= MIN(now, reclaimable(dir, inactive));
	return most > now ? most - now : 0;
}

/* The cgroup and all above it: each of them limits. */
static guint64 climb(const char *mount, const char *group, gboolean v2)
{
	g_autofree char *at = g_strdup(group);
	guint64 least = G_MAXUINT64;

	for (;;) {
		g_autofree char *dir = g_build_filename(mount, at, NULL);
		guint64 left =
			v2 ? left_of(dir, "memory.max", "memory.current", "inactive_file")
			   : left_of(dir, "memory.limit_in_bytes",
				     "memory.usage_in_bytes", "total_inactive_file");
		least = MIN(least, left);
		char *slash = strrchr(at, '/');
		if (!slash)
			return least;
		*slash = '\0';
	}
}

guint64 memory_usable_at(const char *root)
{
	g_autofree char *self = g_strconcat(root, "/proc/self", NULL);
	g_autofree char *v2 = g_strconcat(root, "/sys/fs/cgroup", NULL);
	g_autofree char *v1 = g_strconcat(root, "/sys/fs/cgroup/memory", NULL);
	g_autofree char *groups = file_text(self, "cgroup");
	g_auto(GStrv) lines = g_strsplit(groups ? groups : "", "\n", -1);
	guint64 least = available(root);

	for (char **l = lines; *l; l++) {
		g_auto(GStrv) parts = g_strsplit(*l, ":", 3);
		if (g_strv_length(parts) != 3)
			continue;
		g_auto(GStrv) names = g_strsplit(parts[1], ",", -1);
		if (g_str_equal(parts[0], "0"))
			least = MIN(least, climb(v2, parts[2], TRUE));
		else if (g_strv_contains((const char *const *)names, "memory"))
			least = MIN(least, climb(v1, parts[2], FALSE));
	}
	return least == G_MAXUINT64 ? 0 : least;
}

guint64 memory_usable(void)
{
	return memory_usable_at("");
}
