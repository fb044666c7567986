#include "format/git.h"
#include "format/git_parts.h"
#include <stdlib.h>
#include <string.h>

repo_tree *repo_tree_open(const char *path)
{
	static gsize ready;
	git_buf found = {0};
	git_repository *repository = NULL;

	if (g_once_init_enter(&ready)) {
		git_libgit2_init();
		g_once_init_leave(&ready, 1);
	}
	if (git_repository_discover(&found, path, 0, NULL) != 0)
		return NULL;
	int failed = git_repository_open(&repository, found.ptr);
	git_buf_dispose(&found);
	const char *top = failed ? NULL : git_repository_workdir(repository);
	char *real = top ? realpath(top, NULL) : NULL;
	if (!real) {
		git_repository_free(repository);
		return NULL;
	}
	repo_tree *t = g_new0(repo_tree, 1);
	t->repository = repository;
	t->top = g_strdup(real);
	free(real);
	return t;
}

void repo_tree_free(repo_tree *t)
{
	if (!t)
		return;
	git_repository_free(t->repository);
	g_free(t->top);
	g_free(t);
}

const char *repo_tree_top(const repo_tree *t)
{
	return t->top;
}

static gboolean is_tracked(const repo_tree *t, const char *rel)
{
	git_index *index = NULL;
	gboolean found = FALSE;

	if (git_repository_index(&index, t->repository) == 0)
		found = git_index_get_bypath(index, rel, 0) != NULL;
	git_index_free(index);
	return found;
}

char *repo_tree_relative(const repo_tree *t, const char *path)
{
	char *real = realpath(path, NULL);
	size_t len = strlen(t->top);
	char *rel = NULL;

	if (real && strncmp(real, t->top, len) == 0 && real[len] == '/')
		rel = g_strdup(real + len + 1);
	free(real);
	return rel;
}

gboolean repo_tree_ignores(const repo_tree *t, const char *path)
{
	g_autofree char *rel = repo_tree_relative(t, path);
	int ignored = 0;

	if (!rel || git_ignore_path_is_ignored(&ignored, t->repository, rel) != 0 ||
		(ignored && is_tracked(t, rel)))
		ignored = 0;
	return ignored != 0;
}
