#pragma once
#include "cli/options.h"
#include "cli/selection.h"

/* A table of the items as Markdown. On GitHub Actions the file $GITHUB_STEP_SUMMARY is
 * shown below the run, as Markdown: appends it. Names and causes are escaped, so that
 * neither Markdown nor HTML of a build's output has an effect; the file takes 1 MiB, so
 * the rest of a long table is left out with a line that says so. Without the variable
 * nothing happens; a file that cannot be written is told as a note. */
void step_summary(const selection *s);
/* --markdown-summary (- is standard output): the same table as the whole of a file;
 * `plan`: of what would be done. EXIT_HOST when it cannot be written. */
gboolean step_summary_file(
	const selection *s, const options *o, gboolean plan, GError **err);
