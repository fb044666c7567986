#pragma once
#include "cli/options.h"
#include "plan/recipe.h"

/* What a run uses where several may have a say: the command line and the environment,
 * then the recipe (NULL: there is none, as for `env`), then the project's and the user's
 * files (plan/project.h), then what is built in. */
/* cli/floor_option.h has the environment's part of it. */
const char *choice_floor(const options *o, const recipe *r, const char *target);
const char *choice_toolchain(const options *o, const recipe *r);
/* NULL: nobody names one, so the floor decides (plan/floor_range.h). */
const char *choice_sysroot(const options *o, const recipe *r);

/* Fills what the project decides and no recipe does: the cache, the folder for results,
 * the file of durations, --exclude-newer; tells the registries its mirrors. FALSE:
 * EXIT_INPUT, errors in one of the files. The project is freed with choice_end. */
gboolean choice_begin(options *o, GError **err);
void choice_end(options *o);
