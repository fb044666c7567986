#pragma once
#include "build/builder.h"

/* Inside build/pipeline_wheel*.c only. */

/* Requires-Python, then the section of build requirements. */
gboolean wheel_lock(pipeline *p, item *i, GError **err);
