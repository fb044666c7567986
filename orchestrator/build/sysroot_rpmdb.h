#pragma once
#include "build/context.h"
#include "format/json.h"

/* RPM's database in a sysroot that was unpacked from an image (var/lib/rpm or
 * usr/lib/sysimage/rpm, where the definition keeps it), read by a child under limits. */

/* The tree has one. */
gboolean sysroot_rpmdb_exists(const char *sysroot);

/* Its packages, as format/rpm_database.h has them. NULL with X0632 (EXIT_INTEGRITY) and
 * how to do without it. */
json_t *sysroot_rpmdb_read(const build_context *ctx, const char *sysroot, GError **err);
