#pragma once
#include "build/context.h"
#include "cli/options.h"
#include "cli/repair_libraries.h"
#include "ship/rewheel.h"

/* One wheel repaired, as `xorch repair` does it with each that it is given and `xorch
 * rebuild` with the one that a statement names. */
#define REPAIR_OUT "dist" /* unless --out says another */

typedef struct repair_run {
	const options *o;
	const build_context *c;
	const platform *target; /* --target; NULL: by the file name */
	repair_libraries *libraries;
} repair_run;

/* Finds what the wheel lacks, grafts, judges and places it, with its statement beside it
 * unless --no-provenance. EXIT_INPUT X0748, X0749 of the file's name; the errors of
 * repair_libraries_find and rewheel_finish. Clear `result` in any case. */
gboolean repair_run_wheel(
	const repair_run *run, const char *path, wheel_result *result, GError **err);
