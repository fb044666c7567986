#pragma once
#include "format/json.h"
#include "plan/recipe.h"

/* An artefact with the provenance statement beside it (format/intoto.h), for `explain`
 * and `rebuild`. */
typedef struct provenance_file {
	char *artefact;	     /* path; NULL: only the statement is here */
	char *statement;     /* path */
	char *name, *sha256; /* the subject's */
	gboolean sealed;     /* it came in an envelope, whose signature was not checked */
	/* xorch wrote it, of a build or of a repair: its buildType is ours. */
	gboolean ours, repaired;
	json_t *content; /* the Statement */
} provenance_file;

void provenance_file_clear(provenance_file *f);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(provenance_file, provenance_file_clear)

/* `path` is the artefact or its statement; both are opened, and the sha256 of the
 * artefact is held against the statement. EXIT_INPUT X0692 there is no statement;
 * EXIT_INTEGRITY X0690 (no statement in the file), X0691 (the artefact is another). */
gboolean provenance_file_open(const char *path, provenance_file *out, GError **err);

/* Borrowed; a string or NULL. Parameters of the build by their names. */
const char *provenance_asked(const provenance_file *f, const char *name);
const json_t *provenance_external(const provenance_file *f);
const json_t *provenance_internal(const provenance_file *f);
/* The row of resolvedDependencies that is for "repository"; or NULL. */
const json_t *provenance_repository(const provenance_file *f);
const char *provenance_purpose(const json_t *row);
/* resolvedDependencies; NULL: none. */
const json_t *provenance_rows(const provenance_file *f);
