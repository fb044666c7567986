#pragma once
#include "ship/wheelhouse.h"

/* `xorch repair`: a wheel that anybody built, given what it lacks and the tag it then
 * deserves. */
typedef struct rewheel {
	/* How libraries are grafted; its floor may be NULL: what the wheel's own symbols
	 * and those of the libraries allow. */
	const repair_options *repair;
	gboolean strict, replace;
	int jobs;
	/* ship/place.h; its text may read the result of rewheel_finish, in which all but
	 * path, sha256, size and existed is known by then. NULL: nothing. */
	const place_beside *beside;
} rewheel;

/* What must be grafted and no owner has; see wheel_repair_missing. */
gboolean rewheel_missing(GBytes *bytes, const char *file, const rewheel *how,
	GPtrArray *missing, gboolean *edits, GError **err);

/* Judges the wheel (`file` is its base name), grafts, judges what came out, places it in
 * `out_dir` under its new tags. A wheel without machine code, and one that lacks nothing
 * and has its tag already, is placed byte by byte as it is.
 * EXIT_AUDIT with the audit's first error: of the wheel as it came (but for what the
 * repair mends), or of the repaired one: X0705 when the floor is below what its symbols
 * need. X0746 when no policy at all will do. Others as wheel_repair and place_commit. */
gboolean rewheel_finish(GBytes *bytes, const char *file, const rewheel *how,
	const char *out_dir, wheel_result *result, GError **err);
