#pragma once
#include "build/python_step.h"

/* Builds the wheel of a project: the backend's build_wheel hook (PEP 517). Returns
 * the path of the one wheel, in OUT/dist; the caller has it audited and renamed
 * (ship/). Errors: those of python_step_call; EXIT_BUILD X0916 when the backend
 * left no wheel, several, or another than it said (W01), with a listing. */
char *builder_wheel_run(const python_step *step, GError **err);
