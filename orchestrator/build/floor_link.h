#pragma once
#include "build/floor.h"
#include "build/floor_symbols.h"

/* Assembles and links the stub of one library to the file `path`. `work` is an
 * existing folder for what lies between. X0931 when a tool fails. */
gboolean floor_link(const floor_spec *spec, const floor_library *library,
	const char *work, const char *path, GError **err);

/* Compiles C source (no headers) for the platform, position independent, to
 * an object file in `work`, and returns its bytes. X0931. */
GBytes *floor_compile(const floor_spec *spec, const char *source, const char *what,
	const char *work, GError **err);

/* Runs llvm-objcopy with these arguments. X0931. */
gboolean floor_objcopy(const floor_spec *spec, const char *const *args, GError **err);
