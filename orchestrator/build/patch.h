#pragma once
#include "build/sandbox.h"

/* Applies unified diffs to a private copy of a source, exactly: GNU patch runs
 * in the sandbox, without fuzz, without asking, and a patch that names a file
 * outside the folder is refused before it runs (X0921, EXIT_INTEGRITY). A hunk that
 * does not apply is X0920 (EXIT_BUILD) with patch's own words. Names lose their first
 * folder, as in `patch -p1`. */
gboolean patch_apply(const char *patch_path, const char *shown, const char *dir,
	sandbox_level level, GError **err);

/* The check alone: every file name in the patch's headers is relative and stays
 * below the folder. */
gboolean patch_check_names(const char *text, const char *shown, GError **err);
