#pragma once
#include "build/build_step.h"
#include "build/python_project.h"
#include "build/python_target.h"
#include "format/json.h"
#include "plan/recipe.h"

/* One hook of a build backend, run in the sandbox under the target's identity. The
 * pointers are borrowed. */
typedef struct python_step {
	build_step
		base; /* its out folder, empty: request, answer, dist/ with the result */
	const host_python *python;
	const python_target *target; /* prepared */
	const char *env;	     /* tree of python_env_prepare */
	const char *subdirectory;    /* of the project in the source; NULL: its top */
	const python_project *project;
	const struct step_extras *extras; /* of backends and libraries; NULL */
	const GPtrArray *config_settings; /* bind_pair; a name may come again; NULL */
} python_step;

/* Calls `hook` and returns its result (json_decref it). NULL: the errors of
 * build/build_log.h when it failed, EXIT_BUILD X0915 when the backend cannot be
 * loaded or lacks the hook. */
json_t *python_step_call(const python_step *step, const char *hook, GError **err);

/* The backend's own get_requires_for_build_wheel: requirements with markers, to be
 * put through python_requirements. */
GStrv python_step_requires(const python_step *step, GError **err);

/* build.script of a wheel's recipe in place of the backend: run by sh in the project,
 * with the build environment's programs first in PATH and, beside what a backend sees,
 * XORCH_OUT (where the wheel is to be left), XORCH_SOURCE, XORCH_PYTHON, XORCH_TARGET,
 * XORCH_TRIPLE. FALSE: the errors of build/build_log.h. */
gboolean python_step_script(const python_step *step, const recipe *r, GError **err);
