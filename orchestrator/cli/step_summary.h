#pragma once
#include "cli/selection.h"

/* On GitHub Actions the file $GITHUB_STEP_SUMMARY is shown below the run, as Markdown:
 * appends a table of the items. Names and causes are escaped, so that neither Markdown
 * nor HTML of a build's output has an effect; the file takes 1 MiB, so the rest of a long
 * table is left out with a line that says so. Without the variable nothing happens; a
 * file that cannot be written is told as a note. */
void step_summary(const selection *s);
