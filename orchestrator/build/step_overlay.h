#pragma once
#include "build/step_extras.h"

/* The target overlay: the section's `overlay` wheels (build/overlay_choose.h) unzipped
 * over a copy of the build environment, which takes its place. Only what compilers
 * and linkers read is taken; everything that runs stays the build machine's. The copy
 * is a tree of the store, by the environment and the wheels. */
extern const step_part step_overlay;

/* After all sections are locked: an item whose overlay comes from a recipe needs that
 * recipe's item, where it is among `items` (item *). One that is not must have been
 * built before; its last result is taken. */
void step_overlay_connect(const GPtrArray *items);
