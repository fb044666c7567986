#pragma once
#include "build/floor.h"
#include "build/floor_symbols.h"

/* Assembles and links the stub of one library to the file `path`. `work` is an
 * existing folder for what lies between. X0931 when a tool fails. */
gboolean floor_link(const floor_spec *spec, const floor_library *library,
	const char *work, const char *path, GError **err);
