#pragma once
#include "build/step_extras.h"

/* Files that parts make for one build step: CMake's, meson's. They lie in
 * SCRATCH/files and are seen, read-only, at STEP_FILES. */
#define STEP_FILES "/xorch/files"

/* Writes the file `name` (its mode 0644, or 0755 for a program) and binds the
 * folder, once for all parts of the step. */
gboolean step_file_add(const step_site *site, step_extras *x, const char *name,
	const char *text, gboolean program, GError **err);

/* Where on the host a file of it lies, or is to be put: below a folder in it. New
 * string; bound once step_file_add was called. */
char *step_file_host(const step_site *site, const char *folder, const char *name);

/* What the step sees `inside` as, for the text of such a file: itself in bwrap, below
 * a host folder elsewhere. For the folders of the site and STEP_FILES; any other path
 * comes back unchanged. New string. */
char *step_site_path(const step_site *site, const char *inside);

/* Replaces every {PATH} of a template by step_site_path of it. New string. */
char *step_site_expand(const step_site *site, const char *text);
