#include "build/host_scripts.h"
#include "base/fs.h"
#include <string.h>

#define PC_MAX (1 << 20)
#define DEPTH_MAX 16

typedef struct pc {
	GPtrArray *libs;     /* "-lxml2", in order */
	GPtrArray *requires; /* modules */
} pc;

static void pc_clear(pc *f)
{
	g_clear_pointer(&f->libs, g_ptr_array_unref);
	g_clear_pointer(&f->requires, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(pc, pc_clear)

/* FALSE when there is no such file. Variables are of no interest here. */
static gboolean pc_read(const char *folder, const char *module, pc *out)
{
	g_autofree char *name = g_strconcat(module, ".pc", NULL);
	g_autofree char *path = g_build_filename(folder, name, NULL);
	g_autoptr(GBytes) bytes = fs_read(path, PC_MAX, NULL);

	out->libs = g_ptr_array_new_with_free_func(g_free);
	out->requires = g_ptr_array_new_with_free_func(g_free);
	if (!bytes)
		return FALSE;
	g_autofree char *text =
		g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **l = lines; *l; l++) {
		gboolean libs = g_str_has_prefix(*l, "Libs:");
		gboolean req = g_str_has_prefix(*l, "Requires:");
		g_auto(GStrv) words = g_strsplit_set(
			libs || req ? strchr(*l, ':') + 1 : "", " \t,", -1);
		for (char **w = words; *w; w++) {
			if (libs && g_str_has_prefix(*w, "-l"))
				g_ptr_array_add(out->libs, g_strdup(*w));
			/* versions and their signs are not modules */
			if (req && g_ascii_isalpha(**w))
				g_ptr_array_add(out->requires, g_strdup(*w));
		}
	}
	return TRUE;
}

static void add_needs(
	const char *folder, const char *module, guint depth, gboolean first, GString *out)
{
	g_auto(pc) f = {0};

	if (depth > DEPTH_MAX || !pc_read(folder, module, &f))
		return;
	for (guint n = first ? 1 : 0; n < f.libs->len; n++)
		g_string_append_printf(out, " %s", (char *)f.libs->pdata[n]);
	for (guint n = 0; n < f.requires->len; n++)
		add_needs(folder, f.requires->pdata[n], depth + 1, FALSE, out);
}

static gboolean write_one(
	const char *libs, const char *folder, const char *module, GError **err)
{
	g_auto(pc) f = {0};

	if (!pc_read(folder, module, &f) || !f.libs->len)
		return TRUE;
	const char *name = (char *)f.libs->pdata[0] + 2;
	g_autofree char *a = g_strdup_printf("%s/lib%s.a", libs, name);
	g_autofree char *so = g_strdup_printf("%s/lib%s.so", libs, name);
	g_autoptr(GString) needs = g_string_new(NULL);
	if (!g_file_test(a, G_FILE_TEST_EXISTS) || g_file_test(so, G_FILE_TEST_EXISTS))
		return TRUE;
	add_needs(folder, module, 0, TRUE, needs);
	if (!needs->len)
		return TRUE;
	g_autofree char *text = g_strdup_printf("INPUT(lib%s.a%s)\n", name, needs->str);
	return fs_write_atomic(so, text, strlen(text), 0644, err);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

gboolean host_scripts_write(const char *tree, const platform *p, GError **err)
{
	g_autofree char *libs = g_build_filename(tree, "usr/lib", p->triple, NULL);
	g_autofree char *folder = g_build_filename(libs, "pkgconfig", NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_suffix(name, ".pc"))
			g_ptr_array_add(names, g_strndup(name, strlen(name) - 3));
	g_ptr_array_sort(names, by_name);
	for (guint n = 0; n < names->len; n++)
		if (!write_one(libs, folder, names->pdata[n], err))
			return FALSE;
	return TRUE;
}
