#pragma once
#include "cli/options.h"

/* What `env` shows and `exec` sets: the variables of plan/environment.h for the
 * one target of the options, toolchain and sysroot made ready first unless
 * `alone` (then only what the table of targets knows). */
GPtrArray *target_environment(const options *o, gboolean alone, GError **err);
