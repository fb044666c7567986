#pragma once
#include "plan/platform.h"

/* The CPU that the object files of a build ask for. A linker may drop what its
 * inputs say (lld keeps the first object's .ARM.attributes only), so the finished
 * module cannot be trusted alone: the objects are read too.
 *
 * Looks at every *.o below the folders (NULL-terminated; absent ones are fine) and
 * fails with EXIT_AUDIT X0721 naming the first ones that ask for more than the
 * platform has and `allowed` adds to it (bits of plan/arm_feature.h).
 * Platforms other than 32-bit ARM have nothing to check. */
gboolean object_check_cpu(
	const char *const *folders, const platform *p, guint allowed, GError **err);
