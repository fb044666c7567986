#pragma once
#include <glib.h>

/* debian/copyright of a package in its machine-readable form (DEP-5, "copyright-format
 * 1.0"). */

/* The licence of most of its files (of the paragraph `Files: *`) as an SPDX expression
 * when all its names are known by that list (*spdx TRUE), else as the file calls it.
 * NULL: the file is free text, or has no such paragraph. New string. */
char *debian_copyright_licence(const char *text, gsize size, gboolean *spdx);
