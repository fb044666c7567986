#pragma once
#include "build/step_extras.h"

/* bindgen, which makes Rust of C headers in build scripts, loads a libclang. Where the
 * build environment has one (the project libclang of the package index: add it to
 * requirements.build), bindgen finds it, and the compiler's own headers (stddef.h …),
 * which come with no libclang, are the toolchain's or the sysroot's. */
extern const step_part step_bindgen;
