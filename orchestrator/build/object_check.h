#pragma once
#include "plan/platform.h"

/* The CPU that the object files of a build ask for. A linker may drop what its
 * inputs say (lld keeps the first object's .ARM.attributes only), so the finished
 * module cannot be trusted alone: the objects are read too, and those of the static
 * libraries that it is linked with.
 *
 * `allowed` is what may be asked for beyond the platform (bits of plan/arm_feature.h).
 * Each fails with EXIT_AUDIT X0721 naming the first objects that ask for more.
 * Platforms other than 32-bit ARM have nothing to check. */

/* Of a wheel's build: every *.o below the folders (NULL-terminated; absent ones are
 * fine). */
gboolean object_check_cpu(
	const char *const *folders, const platform *p, guint allowed, GError **err);
/* What a library of that name installed below `tree`: members of archives and objects;
 * with a shared library among it, every *.o below the folders where it was built. */
gboolean object_check_library(const char *tree, const char *name,
	const char *const *folders, const platform *p, guint allowed, GError **err);
/* The archives that lie over a sysroot for one wheel (build/host_library.h). Which of
 * their members the linker takes is not known before it has run, and not told by the
 * module afterwards: all of them count. */
gboolean object_check_linked(
	const char *sysroot, const platform *p, guint allowed, GError **err);
