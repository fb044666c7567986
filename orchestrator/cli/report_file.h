#pragma once
#include "base/diag.h"
#include "cli/options.h"
#include "cli/selection.h"

/* `--report KIND=FILE`, repeatable: what came out, for the CI that shows it.
 *
 *	junit	JUnit XML: a test case for each item, or for each file checked
 *	sarif	SARIF 2.1.0 (OASIS): each finding with its place
 *	gitlab	GitLab's code quality: a JSON list of findings
 *
 * Names and output of builds may hold anything: what XML cannot hold is replaced, and
 * nothing in them can end an element or a string. Paths are from the project's top.
 *
 * FILE `-` is standard output (POSIX, utility syntax guideline 13), which then carries
 *the report and nothing else, as with --json: no list of what was built. */

/* Is every --report of a known form, and no more than one thing for standard output? It
 * is taken for the report then (output_take). EXIT_INPUT X0121. To be asked before the
 * work. */
gboolean report_files_check(const options *o, GError **err);
/* Writes them. EXIT_HOST when one cannot be written. */
gboolean report_files_of_items(const selection *s, const options *o, GError **err);
/* `files`: char *, those checked. */
gboolean report_files_of_diags(
	diag_list *l, const GPtrArray *files, const options *o, GError **err);
