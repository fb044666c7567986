#pragma once
#include "build/python_host.h"

/* What an extension module may take from the interpreter: the names that the
 * host's CPython of that minor version exports (from the program itself, or from
 * the libpython it needs). The C API has the same names on every architecture.
 * Set of own strings; NULL when the interpreter's libpython cannot be found or
 * holds no such names, so that the caller goes by the names' form. */
GHashTable *host_python_symbols(const host_python *p);
