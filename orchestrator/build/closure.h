#pragma once
#include "build/context.h"
#include "build/python_host.h"
#include "plan/platform.h"

/* The packages that a requirements file comes to on a target, and which of them
 * publish no wheel for it. */
typedef struct closure_package {
	char *name, *version; /* normalised name */
	gboolean has_wheel;   /* for this Python on the target, or a pure one */
} closure_package;

/* Requirement lines of a requirements.txt (pip's format): comments, continuation by a
 * backslash, `--hash` options and whole lines of options taken off. `-r` and `-c` are
 * not followed: they are told in `skipped` (char *, may be NULL). NULL with X0985
 * naming the line. */
GPtrArray *requirements_parse(const char *text, GPtrArray *skipped, GError **err);

/* uv resolves for every platform at once, from metadata alone (nothing is built, X0986
 * when that is not enough); then markers and wheels count for the target. Element
 * closure_package, sorted by name. */
GPtrArray *closure_resolve(const build_context *ctx, const GPtrArray *lines,
	const host_python *python, const platform *target, GError **err);
