#pragma once
#include "format/json.h"

/* What the statements `then` and `now` on one repair say otherwise, as sentences (char
 * *): "package libpq5: 13.11-0 -> 13.23-0", "xorch: 0.1 -> 0.2", "toolchain patchelf:
 * only then". Inputs are held against each other by package or name and by sha256,
 * whatever they are said to be for; empty: the inputs are the same. */
GPtrArray *provenance_differences(const json_t *then, const json_t *now);
