#pragma once
#include "build/pipeline.h"
#include "ship/repair.h"

/* What build/ knows of libraries (library_place *), as ship/ takes it (repair_owner *):
 * adds one for each to `owners`. */
void library_owners(const GPtrArray *places, GPtrArray *owners);
