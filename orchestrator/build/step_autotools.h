#pragma once
#include "build/step_extras.h"

/* Bundled configure scripts in a wheel's build: a site file (CONFIG_SITE, read by
 * every configure of autoconf) that makes one which nobody gave --host a cross build,
 * answers what config.sub would (those of old packages know no aarch64) and what a
 * test program would have told about a glibc system. A configure for the build
 * machine (CC is build-cc, or --host is given) is left alone. */
extern const step_part step_autotools;
/* The file itself, as a library's configure gets it too (g_free it). */
char *autotools_site(const platform *target);
