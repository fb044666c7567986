#pragma once
#include "build/item.h"

/* A shared library of the sysroot's suite that is linked against comes into the wheel
 * (wheel.repair) and brings the symbol versions that it needs itself. Where every
 * library of a package that the recipe names (`deb:libpq-dev`: libpq.so), with what
 * these load in turn, needs more than the item's floor allows, the wheel cannot keep
 * that floor: FALSE, EXIT_INPUT X0338, naming library, symbol, and the floor that would
 * do. Libraries that the policy takes from the system, wheel.exclude_libs and
 * wheel.link_static do not count, nor does a package without shared libraries.
 *
 * `places` are those of build/host_files.h, of the recipe's own packages. */
gboolean host_floor_check(const item *i, const GPtrArray *places, GError **err);
