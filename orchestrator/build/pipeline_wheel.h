#pragma once
#include "build/builder.h"
#include "build/python_project.h"

/* Inside build/pipeline_wheel*.c only. */

/* Requires-Python, then the section of build requirements. */
gboolean wheel_lock(pipeline *p, item *i, GError **err);

/* What the source says of its build. A recipe with build.script may be of a source
 * that says nothing. */
gboolean wheel_project_read(pipeline *p, const item *i, const char *source,
	python_project *out, GError **err);
