#pragma once
#include "build/context.h"

/* The links below usr/lib and usr/include that the postinst of these packages
 * (locked_package *, fetched and unpacked in `dir`) would have update-alternatives make,
 * when all are installed: that of the highest rank, of equals that of the package that is
 * first by name. Where a file is there already or what a link leads to is not, there is
 * none. Nothing of a package is run. EXIT_INTEGRITY X0620 to X0624, EXIT_HOST. */
gboolean package_alternatives_lay(const build_context *ctx, const GPtrArray *packages,
	const char *dir, GError **err);
