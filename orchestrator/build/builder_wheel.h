#pragma once
#include "build/python_step.h"

/* Builds the wheel of a project: the backend's build_wheel hook (PEP 517), or the
 * recipe's build.script, which leaves it in $XORCH_OUT under any name. Returns
 * the path of the one wheel, in OUT/dist; the caller has it audited and renamed
 * (ship/). Errors: those of python_step_call; EXIT_BUILD X0916 when the backend or
 * script left no wheel, several, or another than it said (W01), with a listing. */
char *builder_wheel_run(const python_step *step, const recipe *r, GError **err);

/* The recipe has a build.script: no backend is loaded or asked. */
gboolean builder_wheel_is_script(const recipe *r);
