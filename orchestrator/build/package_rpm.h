#pragma once
#include "build/package_set.h"

/* A package_set whose definition names RPM repositories (plan/rpm_def.h): what
 * package_set.c does with Debian's packages, with RPMs. They are unpacked by
 * package_image_unpack; nothing of them is run. */

/* Resolves the definition's packages. Errors of build/rpm_repo.h; X0633 what cannot be
 * met. */
package_section *package_rpm_resolve(const build_context *ctx, const package_set *set,
	const char *not_before, GError **err);

/* The section's packages into the store. X0431 (exit 4) when the repository has some of
 * them no more. */
gboolean package_rpm_fetch(const build_context *ctx, const package_set *set,
	const package_section *section, GError **err);
