#pragma once
#include "cli/options.h"

/* `xorch explain FILE`: what the statement beside an artefact says of it, after its
 * sha256 was checked. Errors of cli/provenance_file.h. */
gboolean explain_file(const options *o, const char *path, GError **err);
