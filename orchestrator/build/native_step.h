#pragma once
#include "build/build_step.h"
#include "plan/recipe.h"

/* Commands that build something for the target in the sandbox, without a Python: the
 * steps of a library, a build.script. The pointers are borrowed. */
typedef struct native_step {
	build_step base;
	const char *cwd;	   /* inside: SANDBOX_SRC or below */
	const GArray *binds;	   /* sandbox_bind, further ones; NULL */
	const GPtrArray *path;	   /* char *: folders inside, first in PATH; NULL */
	const GPtrArray *defaults; /* bind_pair: after ours, before the recipe's; NULL */
} native_step;

/* Runs one command (looked up in the step's PATH); `name` is for messages:
 * "configure". An end other than 0 is one of the errors of build/build_log.h. Values
 * of defaults and of argv may hold {PATH} as in build/step_extras.h. */
gboolean native_step_run(
	const native_step *s, const char *name, const char *const *argv, GError **err);

/* build.script of a recipe: its lines (`set -eu` before them) or its file, run by sh. */
gboolean native_step_script(const native_step *s, const recipe *r, GError **err);

/* The script's text as OUT/build.sh, for sh to run: the only place where text of a
 * recipe meets a shell. */
gboolean build_script_write(const recipe *r, const char *out, GError **err);
#define BUILD_SCRIPT "build.sh"
