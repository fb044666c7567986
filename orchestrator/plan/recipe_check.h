#pragma once
#include "plan/recipe.h"
#include "plan/template.h"

/* What must hold between the keys of a recipe, beyond each value by itself. */
void recipe_check(recipe *r, diag_list *l);
/* Every condition reads and uses known names only. */
void recipe_check_conditions(const recipe *r, template_scope *scope);
/* Patches and scripts exist beneath the recipe's folder, links followed; a path
 * source lies within the git top level. The only check that reads the disk. */
void recipe_check_files(const recipe *r, diag_list *l);
