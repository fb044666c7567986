#pragma once
#include "cli/options.h"
#include "cli/selection.h"

/* `xorch plan --format F`: a plan for other programs.
 *
 *	text		the table (default)
 *	json		the same object as --json
 *	github-matrix	two lines for >> "$GITHUB_OUTPUT": matrix={"include":[{"id":…},…]}
 *			and count=N; at most 256, which is what GitHub takes
 *	gitlab		a child pipeline: one job an item, `extends: .xorch`, the item's
 *			id in XORCH_ONLY
 *	dot		the graph of what needs what, for Graphviz
 *
 * github-matrix and gitlab list what was asked for and is not skipped; what that needs is
 * built with it. */
typedef enum plan_format {
	PLAN_TEXT,
	PLAN_JSON,
	PLAN_GITHUB_MATRIX,
	PLAN_GITLAB,
	PLAN_DOT
} plan_format;

/* Of --format and --json. EXIT_INPUT X0121. */
gboolean plan_format_wanted(const options *o, plan_format *out, GError **err);
/* Prints it, one of the last three. EXIT_INPUT X0324: too many for GitHub. */
gboolean plan_format_print(const selection *s, plan_format f, GError **err);
