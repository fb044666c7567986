#include "format/git.h"
#include "plan/project.h"
#include "plan/recipe.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 32
#define HEAD_MAX 65536 /* schema_version stands near the top */

typedef struct search {
	GPtrArray *found;
	const repo_tree *tree; /* or NULL */
	gboolean catalogues;   /* those too */
	diag_list *l;
} search;

/* The key where a key can stand: enough to tell a recipe from other YAML, so
 * that a recipe with a mistake is reported and a CI file is not. */
static gboolean has_schema_version(const char *path)
{
	g_autofree char *text = g_malloc(HEAD_MAX + 1);
	FILE *f = fopen(path, "re");

	if (!f)
		return FALSE;
	size_t n = fread(text, 1, HEAD_MAX, f);
	fclose(f);
	text[n] = '\0';
	for (char *p = text; (p = strstr(p, "schema_version")); p++)
		if (p == text || strchr("\n\r{,\"' \xbf", p[-1]))
			return TRUE;
	return FALSE;
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *entries(const search *s, const char *dir)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;

	if (!d) {
		g_autofree char *why = g_strdup(g_strerror(errno));
		diag_add(s->l, DIAG_ERROR, "X0216", NULL, 0, 0, 0, "cannot read %s: %s",
			dir, why);
		return names;
	}
	while ((name = g_dir_read_name(d)))
		g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_name);
	return names;
}

/* Links to folders are not followed: they lead in circles or out. */
static void walk(search *s, const char *dir, int depth)
{
	g_autoptr(GPtrArray) names = entries(s, dir);

	for (guint i = 0; i < names->len; i++) {
		const char *name = g_ptr_array_index(names, i);
		g_autofree char *path = g_str_equal(dir, ".")
						? g_strdup(name)
						: g_build_filename(dir, name, NULL);
		struct stat st;
		if (name[0] == '.' || lstat(path, &st) != 0)
			continue;
		gboolean yaml = g_str_has_suffix(name, ".yaml");
		if (!S_ISDIR(st.st_mode) && !yaml)
			continue;
		if (s->tree && repo_tree_ignores(s->tree, path))
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH_MAX)
			walk(s, path, depth + 1);
		else if (yaml && (s->catalogues || !definition_kind_of(path)) &&
			 g_file_test(path, G_FILE_TEST_IS_REGULAR) &&
			 (project_is_file(path) || has_schema_version(path)))
			g_ptr_array_add(s->found, g_strdup(path));
	}
}

static void folder(search *s, const char *path)
{
	g_autoptr(repo_tree) tree = repo_tree_open(path);
	guint before = s->found->len;
	unsigned errors = diag_list_errors(s->l);

	s->tree = tree;
	walk(s, path, 0);
	s->tree = NULL;
	if (s->found->len != before || diag_list_errors(s->l) != errors)
		return;
	diag *d = diag_add(s->l, DIAG_ERROR, "X0227", NULL, 0, 0, 0,
		"there is no recipe in the folder %s", path);
	diag_note(d,
		"a recipe is a file *.yaml with the key schema_version; hidden files "
		"and those git ignores do not count");
}

/* The same file named twice, or by itself and through its folder, is one. */
static void drop_repeated(GPtrArray *found)
{
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (guint i = 0; i < found->len;) {
		char *name = g_canonicalize_filename(g_ptr_array_index(found, i), NULL);
		if (g_hash_table_add(seen, name))
			i++;
		else
			g_ptr_array_remove_index(found, i);
	}
}

definition_kind definition_kind_of(const char *path)
{
	g_autofree char *absolute = g_canonicalize_filename(path, NULL);
	g_autofree char *dir = g_path_get_dirname(absolute);
	g_autofree char *name = g_path_get_basename(dir);

	if (project_is_file(path))
		return DEFINITION_PROJECT;
	if (g_str_equal(name, "sysroots"))
		return DEFINITION_SYSROOT;
	return g_str_equal(name, "toolchains") ? DEFINITION_TOOLCHAIN : DEFINITION_RECIPE;
}

static GPtrArray *find(const char *const *paths, gboolean catalogues, diag_list *l)
{
	g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(g_free);
	search s = {found, NULL, catalogues, l};
	unsigned before = diag_list_errors(l);

	for (; *paths; paths++) {
		if (!g_str_equal(*paths, "-") && g_file_test(*paths, G_FILE_TEST_IS_DIR))
			folder(&s, *paths);
		else /* whether it can be read is said when it is loaded */
			g_ptr_array_add(found, g_strdup(*paths));
	}
	drop_repeated(found);
	return diag_list_errors(l) == before ? g_steal_pointer(&found) : NULL;
}

GPtrArray *recipe_find(const char *const *paths, diag_list *l)
{
	return find(paths, FALSE, l);
}

GPtrArray *definition_find(const char *const *paths, diag_list *l)
{
	return find(paths, TRUE, l);
}
