#pragma once
#include "build/item.h"
#include "cli/options.h"
#include "cli/selection.h"

/* How a run over items ends: the paths of the artefacts on stdout, a summary on
 * stderr; with --json the one object {"v":1,"exit":…,"items":[…]} instead. */

/* The exit status of all items together: 0, the code all failures share, else 1. */
int report_code(const selection *s);

/* A signal ended it. */
gboolean report_stopped(const item *i);

/* A failed item's error, said when it happens. */
void report_failure(const item *i);

/* The summary; `code` is the exit status it ends with. */
void report_build(const selection *s, const options *o, int code);

/* --metadata-file (- is standard output): the object that --json prints, whatever is
 * printed. `code` is the exit status that the run ends with. EXIT_HOST when the file
 * cannot be written. */
gboolean report_metadata(const selection *s, const options *o, int code, GError **err);

/* What would be done: table or JSON, on stdout. */
void report_plan(const selection *s, gboolean json);
