/* What a recipe names on the disk must lie beneath its own folder, links
 * followed: a recipe from elsewhere must not read what it likes. */
#include "base/error.h"
#include "base/fs.h"
#include "format/git.h"
#include "plan/recipe_check.h"
#include "plan/recipe_fields.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static void refuse(const recipe *r, diag_list *l, const yaml_node *at, const char *why,
	const char *help)
{
	diag *d = yaml_error(r->doc, l, at, "X0222", "`%s` cannot be used", at->text);

	diag_label(d, "%s", why);
	if (help)
		diag_help(d, "%s", help);
}

/* Says which of the links on the way leads out, if one does. */
static void check_file(
	const recipe *r, diag_list *l, const yaml_node *at, const char *rel)
{
	g_autofree char *path = g_build_filename(r->dir, rel, NULL);
	g_autofree char *real = NULL;
	g_autoptr(GError) err = NULL;
	struct stat st;

	if (strstr(rel, "${{") || check_path(rel))
		return; /* not settled, or refused by its form */
	real = fs_resolve_beneath(r->dir, rel, &err);
	if (!real && stat(path, &st) != 0 && errno == ENOENT) {
		gboolean is_link = lstat(path, &st) == 0;
		refuse(r, l, at,
			is_link ? "a link that leads nowhere" : "there is no such file",
			"paths are relative to the recipe's folder");
		return;
	}
	if (!real) {
		refuse(r, l, at, "leads out of the recipe's folder",
			"copy the file beside the recipe");
		return;
	}
	if (stat(real, &st) != 0 || !S_ISREG(st.st_mode))
		refuse(r, l, at, "this is not a regular file", NULL);
}

static void check_list(const recipe *r, diag_list *l, const yaml_node *list)
{
	for (guint i = 0; list && list->kind == YAML_SEQ && i < list->items->len; i++) {
		const yaml_node *item = g_ptr_array_index(list->items, i);
		if (item->kind == YAML_SCALAR && *item->text)
			check_file(r, l, item, item->text);
	}
}

/* A path source may leave the recipe's folder but not the repository. */
static void check_path_source(const recipe *r, diag_list *l, const recipe_source *s)
{
	const yaml_node *at = yaml_map_get(s->node, "path");
	g_autofree char *path = g_build_filename(r->dir, s->path, NULL);
	char *real = realpath(path, NULL), *dir = realpath(r->dir, NULL);
	g_autoptr(repo_tree) tree = repo_tree_open(r->dir);
	const char *top = tree ? repo_tree_top(tree) : dir;

	if (*s->path == '/')
		refuse(r, l, at, "wants a relative path", NULL);
	else if (!real)
		refuse(r, l, at, "there is no such folder",
			"paths are relative to the recipe's folder");
	else if (!g_file_test(real, G_FILE_TEST_IS_DIR))
		refuse(r, l, at, "this is not a folder", NULL);
	else if (!top || !fs_is_below(real, top))
		refuse(r, l, at,
			tree ? "leads out of the git repository"
			     : "leads out of the recipe's folder",
			tree ? NULL
			     : "inside a git repository it may lead to any folder of "
			       "that");
	free(real);
	free(dir);
}

void recipe_check_files(const recipe *r, diag_list *l)
{
	for (guint i = 0; r->sources && i < r->sources->len; i++) {
		const recipe_source *s = g_ptr_array_index(r->sources, i);
		check_list(r, l, yaml_map_get(s->node, "patches"));
		if (s->path && *s->path && !strstr(s->path, "${{"))
			check_path_source(r, l, s);
	}
	const yaml_node *script = yaml_path(r->tree, "build.script.file");
	if (script && script->kind == YAML_SCALAR && r->build.script_file)
		check_file(r, l, script, script->text);
}
