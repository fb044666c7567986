#include "cli/wheel_files.h"
#include "base/error.h"
#include <string.h>

static int compare(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every *.whl below a folder, in order; hidden folders and links are left out. */
static gboolean add_folder(GPtrArray *paths, const char *folder, GError **err)
{
	GError *e = NULL;
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, &e);
	const char *name;

	if (!dir) {
		g_autofree char *shown = text_escape(folder, -1);
		return error_wrap(err, EXIT_INPUT, "X0730", e, "cannot read %s", shown);
	}
	while ((name = g_dir_read_name(dir)))
		if (name[0] != '.')
			g_ptr_array_add(names, g_build_filename(folder, name, NULL));
	g_ptr_array_sort(names, compare);
	for (guint i = 0; i < names->len; i++) {
		char *path = g_ptr_array_index(names, i);
		if (g_file_test(path, G_FILE_TEST_IS_SYMLINK))
			continue;
		if (g_file_test(path, G_FILE_TEST_IS_DIR)) {
			if (!add_folder(paths, path, err))
				return FALSE;
		} else if (g_str_has_suffix(path, ".whl")) {
			g_ptr_array_add(paths, g_strdup(path));
		}
	}
	return TRUE;
}

gboolean wheel_files(
	GPtrArray *paths, char **args, const char *verb, const char *help, GError **err)
{
	if (!args[0]) {
		error_set(err, EXIT_INPUT, "X0731", "xorch %s: no file given", verb);
		error_help(err, "%s", help);
		return FALSE;
	}
	for (; *args; args++) {
		if (!g_file_test(*args, G_FILE_TEST_IS_DIR))
			g_ptr_array_add(paths, g_strdup(*args));
		else if (!add_folder(paths, *args, err))
			return FALSE;
	}
	return paths->len || error_set(err, EXIT_NOTHING, "X0732", "no wheel in there");
}
