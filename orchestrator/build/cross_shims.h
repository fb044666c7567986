#pragma once
#include "plan/platform.h"
#include <glib.h>

/* Programs by which libraries of a time before pkg-config say how they are used:
 * xml2-config, pg_config … The target's own cannot run here, or name folders of the
 * target; these are shell programs that ask pkg-config (build/data/host-config). One
 * is written for each library whose .pc file is in the sysroot, under its own name
 * and with the triple before it, into `bin`. */
gboolean cross_shims_write(
	const char *bin, const char *sysroot, const platform *p, GError **err);
