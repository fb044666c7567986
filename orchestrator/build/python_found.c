#include "build/python_found.h"
#include "base/fs.h"
#include "build/python_config.h"
#include <string.h>

#define FOLDER "opt/_internal"

static int by_version(gconstpointer a, gconstpointer b)
{
	return strverscmp(*(char *const *)a, *(char *const *)b);
}

/* Names of cpython-3.MINOR.…, the oldest first. */
static GPtrArray *candidates(const char *sysroot, guint minor)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *folder = fs_resolve_beneath(sysroot, FOLDER, NULL);
	g_autofree char *prefix = g_strdup_printf("cpython-3.%u.", minor);
	g_autoptr(GDir) dir = folder ? g_dir_open(folder, 0, NULL) : NULL;
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_prefix(name, prefix))
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_version);
	return names;
}

static char *file_beneath(const char *sysroot, const char *top, const char *rest)
{
	g_autofree char *rel = g_build_filename(FOLDER, top, rest, NULL);
	g_autofree char *path = fs_resolve_beneath(sysroot, rel, NULL);

	return path && g_file_test(path, G_FILE_TEST_IS_REGULAR) ? g_steal_pointer(&path)
								 : NULL;
}

char *python_found_include(
	const char *sysroot, const host_python *p, const platform *target)
{
	g_autoptr(GPtrArray) names = candidates(sysroot, p->minor);
	g_autofree char *version = g_strdup_printf("python3.%u%s", p->minor, p->abiflags);
	g_autofree char *data = g_strdup_printf("lib/%s/_sysconfigdata_%s_linux_%s.py",
		version, p->abiflags, target->multiarch);
	g_autofree char *config = g_strdup_printf("include/%s/pyconfig.h", version);
	g_autofree char *header = g_strdup_printf("include/%s/Python.h", version);

	for (guint i = names->len; i-- > 0;) {
		g_autofree char *a = file_beneath(sysroot, names->pdata[i], data);
		g_autofree char *b = file_beneath(sysroot, names->pdata[i], config);
		g_autofree char *c = file_beneath(sysroot, names->pdata[i], header);
		if (a && b && c)
			return g_path_get_dirname(b);
	}
	return NULL;
}

void python_found_macros(const char *config, GHashTable *values)
{
	g_auto(GStrv) lines = g_strsplit(config, "\n", -1);

	for (char **line = lines; *line; line++) {
		gboolean defined = FALSE;
		g_autofree char *name = pyconfig_line_name(*line, &defined);
		if (!name)
			continue;
		const char *value = "0";
		if (defined) {
			value = strstr(*line, name) + strlen(name);
			g_strstrip((char *)value);
			gint64 number;
			if (!g_ascii_string_to_signed(
				    value, 10, G_MININT64, G_MAXINT64, &number, NULL))
				continue;
		}
		g_hash_table_insert(values, g_steal_pointer(&name), g_strdup(value));
	}
}
