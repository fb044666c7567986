#pragma once
#include "build/context.h"
#include "build/store.h"
#include "cli/options.h"
#include "plan/platform.h"

/* What most verbs do first with their options. */

/* Opens the store and fills *c; FALSE with *err. Ends with common_close. */
gboolean common_open(const options *o, build_context *c, GError **err);
void common_close(build_context *c);

/* -j, XORCH_JOBS, else what this process may use. */
int common_jobs(const options *o);

/* The run's targets (element type const platform *): --target, else Docker's
 * variables, else what PLAT names, else `fallback` (names, may be NULL). Notes are
 * shown. */
GPtrArray *common_targets(const options *o, const char *const *fallback, GError **err);
/* A file's path from the project's top, as CI's pages and reports name files, from
 * whatever folder xorch was started in. What lies elsewhere, and "-", stays. New string.
 */
char *common_from_top(const char *path);
/* For verbs that take just one. */
const platform *common_target(const options *o, GError **err);
