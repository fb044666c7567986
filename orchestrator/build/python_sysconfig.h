#pragma once
#include "build/python_target.h"

/* The text of the _sysconfigdata module of a target. `vars` is the build
 * machine's data as JSON. Its numbers (the macros of pyconfig.h) stay, but those
 * in `changed` (see pyconfig_rewrite) get the target's values; of its strings
 * only what a build may use is given, with neutral values: compilers are cc and
 * c++ from PATH, flags are empty, folders are those of the sandbox. All other
 * names stay, empty, because projects split() them unasked. */
char *python_sysconfig_module(const char *vars, GHashTable *changed,
	const python_target_spec *spec, const python_target *t, GError **err);
