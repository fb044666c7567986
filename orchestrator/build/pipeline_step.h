#pragma once
#include "build/build_step.h"
#include "build/builder.h"

/* What every step of an item's build has (build/build_step.h), from its recipe and the
 * run's options, with the texts that it borrows. */
typedef struct pipeline_build_step {
	build_step step;
	char *where, *again, *sysroot;
	GPtrArray *tools; /* const char *, the last NULL */
} pipeline_build_step;

/* `c` may be NULL; all pointers stay the caller's and must outlive it. */
void pipeline_build_step_init(pipeline_build_step *out, pipeline *p, const item *i,
	const workplace *w, const cross *c, const sandbox_info *info);
void pipeline_build_step_clear(pipeline_build_step *s);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(pipeline_build_step, pipeline_build_step_clear)
