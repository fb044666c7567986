#pragma once
#include "base/process.h"

/* Where a child's output goes (base/process.c only): a log file that keeps the
 * first and the last bytes under a limit, memory, a callback. */
typedef struct process_output process_output;

/* Opens the log; EXIT_HOST X0812. `spec` must outlive it. */
process_output *process_output_new(const process_spec *spec, GError **err);
void process_output_add(
	process_output *o, const char *bytes, gsize size, gboolean is_stderr);
/* Writes the log's tail, hands the captured text to *result, frees `o`. FALSE
 * when the log could not be written (disk full); the child ran all the same. */
gboolean process_output_finish(process_output *o, process_result *result, GError **err);
