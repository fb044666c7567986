#pragma once
#include "base/diag.h"

/* Mends what the diagnostics of a file say the one remedy of (diag_fix), in the file:
 * other bytes stay as they are (format/yaml_edit.h). A sentence for each is added to
 * `fixed` (char *): "a.yaml:9:1: `requirments` is now `requirements`". A remedy that
 * would not lead to what is meant (the key is there already, the value comes from an
 * expression) is left out; so are standard input, other files and what does not parse.
 * FALSE with *err when the file could not be written. */
gboolean check_fix(const char *path, diag_list *found, GPtrArray *fixed, GError **err);
