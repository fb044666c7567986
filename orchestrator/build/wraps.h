#pragma once
#include "build/item.h"
#include "build/pipeline.h"
#include "plan/lock_wraps.h"

/* Subprojects of Meson that a source names by .wrap files and does not hold: found out
 * when a recipe is locked, fetched through the verified door, and put where Meson looks
 * before it would use the network (subprojects/packagecache). */

/* Looks through the unpacked project at `project` and adds what its build may want to
 * `locked` (locked_wrap *). Left out, with a note: what
 * a package of requirements.host stands for, unless subproject() itself is called for
 * it; with a warning: what cannot be had, since a build may do without it. What no
 * meson.build names is not asked for. EXIT_HOST when the folder cannot be read. */
gboolean wraps_lock(
	pipeline *p, item *i, const char *project, GPtrArray *locked, GError **err);

/* Copies what is locked into the project's folder; what is there already stays. */
gboolean wraps_place(
	const build_context *ctx, const item *i, const char *project, GError **err);

/* After a build: whether Meson took it, so that it may be in what was built. */
gboolean wraps_used(const char *project, const locked_wrap *w);
