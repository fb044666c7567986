#pragma once
#include "plan/platform.h"

/* What a floor allows, asked symbol by symbol (a floor_allows of
 * build/floor_symbols.h). */
typedef struct floor_caps {
	const platform *platform;
	int minor; /* the floor's glibc is 2.minor */
} floor_caps;

gboolean floor_caps_allow(
	const char *library, const char *name, const char *version, const void *caps);
