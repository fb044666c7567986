#pragma once
#include "build/step_extras.h"

/* The target overlay: the section's `overlay` wheels (build/overlay_choose.h) unzipped
 * over a copy of the build environment, which takes its place. Only what compilers
 * and linkers read is taken; everything that runs stays the build machine's. The copy
 * is a tree of the store, by the environment and the wheels. */
extern const step_part step_overlay;

/* What the item's section of the lock lays over (locked_file *), NULL: nothing. An
 * entry without a file comes from a recipe: its item should be among item.needs (the
 * wheel then is that of the run); else the last result of an earlier run is taken, and
 * there being none is EXIT_BUILD X0991. */
const GPtrArray *step_overlay_entries(const item *i);
