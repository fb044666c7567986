#include "build/tree_walk.h"
#include "base/fs.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean walk(
	const char *full, const char *path, tree_visit visit, void *data, GError **err)
{
	g_autoptr(GDir) dir = g_dir_open(full, 0, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	if (!dir)
		return fs_fail(err, errno, "read", full, 0);
	while ((name = g_dir_read_name(dir)))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_name);
	for (guint i = 0; i < names->len; i++) {
		name = names->pdata[i];
		g_autofree char *below = g_strconcat(full, "/", name, NULL);
		g_autofree char *rel =
			*path ? g_strconcat(path, "/", name, NULL) : g_strdup(name);
		struct stat st;
		if (lstat(below, &st))
			return fs_fail(err, errno, "read", below, 0);
		tree_entry e = {.path = rel,
			.full = below,
			.size = st.st_size,
			.type = S_ISREG(st.st_mode)   ? TREE_FILE
				: S_ISDIR(st.st_mode) ? TREE_FOLDER
				: S_ISLNK(st.st_mode) ? TREE_LINK
						      : TREE_OTHER};
		if (!visit(&e, data, err))
			return FALSE;
		if (e.type == TREE_FOLDER && !walk(below, rel, visit, data, err))
			return FALSE;
	}
	return TRUE;
}

gboolean tree_walk(const char *dir, tree_visit visit, void *data, GError **err)
{
	return walk(dir, "", visit, data, err);
}
