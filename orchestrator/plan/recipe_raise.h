#pragma once
#include "plan/lock.h"
#include "plan/recipe.h"

/* Raising a recipe's version in the text of its file (format/yaml_edit.h): the scalar
 * that holds the version, and of each source that has the package's version what hangs on
 * it: tag and commit, the address, hashes that the recipe gives itself. Everything else
 * keeps its bytes. It takes two steps, because hashes are known only after the new
 *version was locked:
 *
 *	text = recipe_raise_text(old, bytes, …)
 *	new = recipe_parse(text); recipe_raise_forget(new, old)
 *	… lock `new` …
 *	text = recipe_raise_hashes(new, text, …) */
typedef struct recipe_raise {
	const char *version; /* the new one */
	/* Of the source whose releases were asked for, when they are tags; or NULL. */
	const char *tag, *commit;
	const recipe_source *tagged; /* that source, in the old recipe */
} recipe_raise;

/* EXIT_INPUT X0347 for what cannot be raised in place: a tag or an address that does not
 * hold the version, a commit that no tag names. New string. */
char *recipe_raise_text(const recipe *old, const char *text, gsize len,
	const recipe_raise *raise, GError **err);

/* Takes hashes that belong to the old version out of the new recipe, in memory. */
void recipe_raise_forget(recipe *new_recipe, const recipe *old);

/* Puts in their place what the lock has. `locked`: lock_source * for each source, NULL
 * where there is none. New string. */
char *recipe_raise_hashes(const recipe *new_recipe, const char *text, gsize len,
	const GPtrArray *locked, GError **err);
