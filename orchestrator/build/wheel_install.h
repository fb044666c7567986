#pragma once
#include "format/wheel.h"

/* A wheel unpacked as an installer does it (PEP 427): files of the root, .data/purelib
 * and .data/platlib into SITE, .data/scripts into SITE/bin, console scripts and those
 * of .data whose first line is #!python as Python files there. .data/headers and
 * .data/data go to SITE/include and SITE. */

/* Every file but RECORD must be in RECORD with its sha256 and size (PEP 376), and
 * nothing else: EXIT_AUDIT X0961 naming the file. Files of an earlier wheel are
 * never replaced: X0620. `site` exists. */
gboolean wheel_install(const wheel *w, const char *site, GError **err);

/* Importable names: top-level modules and packages with Python code, and every
 * extension module, dotted, sorted; none of `.data`. Element char *. */
GPtrArray *wheel_modules(const wheel *w);
