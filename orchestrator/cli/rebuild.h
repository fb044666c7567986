#pragma once
#include "cli/options.h"
#include "cli/provenance_file.h"

/* What `xorch rebuild` does for results of builds and of repairs alike. */

typedef struct rebuild_words {
	const char *what, *was; /* "build", "was built" */
	/* Advice: inputs are others, --strict; they are and so is the result; only the
	 * result is. */
	const char *strict, *changed, *same;
} rebuild_words;

/* SOURCE_DATE_EPOCH as it was then. */
void rebuild_date(const provenance_file *f);

/* `list` (char *) says what is not as then: told as warnings, with --strict
 * EXIT_LOCK X0694. */
gboolean rebuild_tell(const options *o, const provenance_file *f, const GPtrArray *list,
	const rebuild_words *words, GError **err);

/* Holds the file `path`, which came out now, against the artefact and says that it is the
 * same. EXIT_AUDIT X0695 naming the first difference and `list`. */
gboolean rebuild_compare(const options *o, const provenance_file *f, const char *path,
	const GPtrArray *list, const rebuild_words *words, GError **err);

/* A wheel that `xorch repair` made: its input is looked for beside it, here and in the
 * folders of --find-links, the packages are those that the statement names, and what is
 * not as then is what another statement would say. EXIT_INPUT X0698 the wheel is not
 * found, X0699 libraries of folders are wanted and no --lib-dir was given; EXIT_INTEGRITY
 * X0690 the statement names what is no package; those of a repair. */
int rebuild_repair(const options *o, const provenance_file *f, GError **err);
