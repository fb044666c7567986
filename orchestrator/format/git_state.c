#include "format/git.h"
#include "format/git_parts.h"
#include "format/public_url.h"
#include <lazy/git2.h>
#include <string.h>

/* What provenance wants to know of a work tree: its commit, and what of it is not in
 * that commit. */

char *repo_tree_commit(const repo_tree *t)
{
	char hex[GIT_OID_HEXSZ + 1];
	git_oid id;

	if (git_reference_name_to_id(&id, t->repository, "HEAD") != 0)
		return NULL;
	return g_strdup(git_oid_tostr(hex, sizeof hex, &id));
}

char *repo_tree_origin(const repo_tree *t)
{
	git_remote *remote = NULL;
	char *url = NULL;

	if (git_remote_lookup(&remote, t->repository, "origin") == 0 &&
		git_remote_url(remote))
		url = public_url(git_remote_url(remote));
	git_remote_free(remote);
	return url;
}

static gboolean has(const GPtrArray *paths, const char *path)
{
	return g_ptr_array_find_with_equal_func(
		(GPtrArray *)paths, path, g_str_equal, NULL);
}

/* Of what is ignored only what was asked for by its very name counts: git names the
 * outermost ignored folder for all below it. */
static void add_ignored(GPtrArray *out, const char *entry, const GPtrArray *paths)
{
	for (guint i = 0; i < paths->len; i++) {
		const char *path = g_ptr_array_index(paths, i);
		if ((g_str_equal(path, entry) ||
			    (g_str_has_suffix(entry, "/") &&
				    g_str_has_prefix(path, entry))) &&
			!has(out, path))
			g_ptr_array_add(out, g_strdup(path));
	}
}

static void add_entry(GPtrArray *out, const git_status_entry *e, const GPtrArray *paths)
{
	const git_diff_delta *d =
		e->index_to_workdir ? e->index_to_workdir : e->head_to_index;
	const char *path = d ? d->new_file.path : NULL;

	if (!path)
		return;
	if (e->status & GIT_STATUS_IGNORED)
		add_ignored(out, path, paths);
	else if (e->status != GIT_STATUS_CURRENT && !has(out, path))
		g_ptr_array_add(out, g_strdup(path));
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *repo_tree_changes(const repo_tree *t, const GPtrArray *paths)
{
	git_status_options o;
	git_status_list *list = NULL;

	git_status_options_init(&o, GIT_STATUS_OPTIONS_VERSION);
	o.flags = GIT_STATUS_OPT_INCLUDE_UNTRACKED |
		  GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS | GIT_STATUS_OPT_INCLUDE_IGNORED |
		  GIT_STATUS_OPT_DISABLE_PATHSPEC_MATCH |
		  GIT_STATUS_OPT_EXCLUDE_SUBMODULES | GIT_STATUS_OPT_NO_REFRESH;
	o.pathspec.strings = (char **)paths->pdata;
	o.pathspec.count = paths->len;
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	if (!paths->len) /* none would mean all */
		return out;
	if (git_status_list_new(&list, t->repository, &o) != 0) {
		g_ptr_array_unref(out);
		return NULL;
	}
	gsize n = git_status_list_entrycount(list);
	for (gsize i = 0; i < n; i++)
		add_entry(out, git_status_byindex(list, i), paths);
	git_status_list_free(list);
	g_ptr_array_sort(out, by_text);
	return out;
}
