#pragma once
#include "build/context.h"
#include "format/json.h"
#include "plan/recipe.h"

/* What is asked of a repository beside what a source's build does. All of it goes through
 * the child that build/source_git.c starts. */

/* [[name, commit] …]; json_decref it. EXIT_TIME X0558, errors of git_tags.h. */
json_t *source_git_tags(const build_context *ctx, const char *url, GError **err);
/* The date of a tag's commit, seconds since 1970; it is fetched for that, as a build
 * would. -1 with errors of git_source.h. */
gint64 source_git_date(const build_context *ctx, const recipe_source *source,
	const char *tag, const char *commit, GError **err);
/* Exports a commit (NULL: what the source's tag or rev says) into the store. *found and
 * *tree get commit and hash of the files, as a lock has them; new strings. */
gboolean source_git_export(const build_context *ctx, const recipe_source *source,
	const char *commit, char **found, char **tree, GError **err);
/* The folder of such a hash, or NULL. New string. */
char *source_git_find(const build_context *ctx, const char *tree);
/* The tree of `commit` in the store; errors of git_source.h. New string. */
char *source_git_tree(const build_context *ctx, const recipe_source *source,
	const char *commit, GError **err);
