#pragma once
#include "build/sandbox.h"

/* What this machine allows; only build/sandbox*.c use this. */

/* Path of bubblewrap; NULL when not installed. XORCH_BWRAP overrides PATH. */
const char *sandbox_host_bwrap(void);
/* One run at one level without asking whether it works. */
gboolean sandbox_attempt(const sandbox_spec *spec, sandbox_level level, gboolean capable,
	process_result *result, GError **err);
