#pragma once
#include "plan/platform.h"

/* What a floor allows, asked symbol by symbol (a floor_allows of
 * build/floor_symbols.h): versions, libraries and names of the newest manylinux
 * policy that is not above the floor, and glibc's versions up to its own. */
typedef struct floor_caps {
	int minor;			/* the floor's glibc is 2.minor */
	int policy;			/* index of plan/policy.h */
	const struct policy_arch *arch; /* NULL: no policies for the platform */
} floor_caps;

void floor_caps_init(floor_caps *caps, const platform *p, int minor);
gboolean floor_caps_allow(
	const char *library, const char *name, const char *version, const void *caps);
