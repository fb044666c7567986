#pragma once
#include <glib.h>

/* Values that nobody may read in a log (S04). They belong to a thread: whatever
 * process_run writes to a log, captures or hands on in that thread has "***" in their
 * place, also where a value comes in several pieces. Values shorter than
 * PROCESS_SECRET_MIN bytes would leave nothing readable and are not masked. */
#define PROCESS_SECRET_MIN 4

/* Replaces the thread's list, copied; NULL: none. */
void process_secrets_set(const char *const *values);
/* Text with the thread's secrets replaced. New string. */
char *process_secrets_mask(const char *text);

/* One stream on its way. Made with the thread's list as it is now; NULL when there is
 * nothing to mask. */
typedef struct process_mask process_mask;
process_mask *process_mask_new(void);
void process_mask_free(process_mask *m);
/* Takes bytes and appends to `out` what may go on; the beginning of what may become a
 * secret is kept until more comes, or `last`. */
void process_mask_add(
	process_mask *m, const char *bytes, gsize size, gboolean last, GString *out);
