#include "cli/snapshot.h"
#include "base/error.h"
#include "format/digest.h"
#include "format/git.h"
#include <string.h>

#define COMMIT_DIGITS 12
#define DIRT_DIGITS 8

static void add_path(
	GPtrArray *paths, const repo_tree *t, const char *dir, const char *name)
{
	g_autofree char *joined = g_build_filename(dir, name, NULL);
	char *rel = g_file_test(joined, G_FILE_TEST_EXISTS)
			    ? repo_tree_relative(t, joined)
			    : NULL;

	if (rel)
		g_ptr_array_add(paths, rel);
}

/* What the artefact is made of here, from the top of the repository. */
static GPtrArray *paths_of(const recipe *r, const repo_tree *t)
{
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	char *own = repo_tree_relative(t, r->path);

	if (own)
		g_ptr_array_add(paths, own);
	if (r->build.script_file)
		add_path(paths, t, r->dir, r->build.script_file);
	for (guint n = 0; n < r->sources->len; n++) {
		const recipe_source *s = g_ptr_array_index(r->sources, n);
		if (s->kind == SOURCE_PATH)
			add_path(paths, t, r->dir, s->path);
		for (guint k = 0; s->patches && k < s->patches->len; k++)
			add_path(paths, t, r->dir, g_ptr_array_index(s->patches, k));
	}
	return paths;
}

/* Of names and contents; of a link where it leads. */
static char *dirt(const repo_tree *t, const GPtrArray *changes)
{
	g_autoptr(digest) d = digest_new();

	for (guint n = 0; n < changes->len; n++) {
		const char *rel = g_ptr_array_index(changes, n);
		g_autofree char *path = g_build_filename(repo_tree_top(t), rel, NULL);
		g_autofree char *hex = digest_file(path, NULL, NULL);
		g_autofree char *to = hex ? NULL : g_file_read_link(path, NULL);
		const char *is = hex ? hex : to ? to : "";
		digest_update(d, rel, strlen(rel) + 1);
		digest_update(d, is, strlen(is) + 1);
	}
	return digest_finish(d);
}

char *snapshot_label(const recipe *r, GError **err)
{
	if (!recipe_has_source(r, SOURCE_PATH))
		return NULL;
	g_autoptr(repo_tree) t = repo_tree_open(r->dir);
	g_autofree char *commit = t ? repo_tree_commit(t) : NULL;
	if (!commit) {
		error_set(err, EXIT_INPUT, "X0929",
			"--snapshot names versions after a commit, and there is none");
		error_line(err, "--> %s", r->path);
		error_help(err, t ? "make a first commit"
				  : "the recipe lies in no git repository, or in one of "
				    "another user (git's safe.directory)");
		return NULL;
	}
	g_autoptr(GPtrArray) paths = paths_of(r, t);
	g_autoptr(GPtrArray) changes = repo_tree_changes(t, paths);
	if (!changes) {
		error_set(err, EXIT_INPUT, "X0929",
			"git cannot tell what of %s is not committed", r->path);
		return NULL;
	}
	g_autofree char *sum = changes->len ? dirt(t, changes) : NULL;
	return g_strdup_printf("g%.*s%s%.*s", COMMIT_DIGITS, commit, sum ? ".d" : "",
		DIRT_DIGITS, sum ? sum : "");
}
