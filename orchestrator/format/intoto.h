#pragma once
#include "format/json.h"

/* Provenance as the in-toto Attestation Framework v1 (Statement) and SLSA v1 (the
 * predicate https://slsa.dev/provenance/v1) write it, in a file FILE.intoto.jsonl
 * beside FILE: the framework's name for a bundle about FILE, JSON Lines. xorch writes
 * one line, the bare Statement, unsigned. Who signs it (cosign, gh) appends the
 * envelope (DSSE) as a line of its own. */
#define INTOTO_SUFFIX ".intoto.jsonl"
#define INTOTO_STATEMENT "https://in-toto.io/Statement/v1"
#define INTOTO_ENVELOPE "application/vnd.in-toto+json"
#define SLSA_PROVENANCE "https://slsa.dev/provenance/v1"

/* The line for an artefact: subject, predicate (borrowed), a line break. The same
 * content gives the same bytes. New string. */
char *intoto_line(const char *name, const char *sha256, const json_t *predicate);

/* The first Statement with an SLSA v1 predicate in a file's text, bare or inside an
 * envelope (*sealed, may be NULL; its signature is not looked at: that needs to know
 * whom to trust). Other lines are passed over, as the framework wants it. What came out
 * has a subject with a name and a sha256, and a predicate that is an object. NULL: the
 * file holds none, EXIT_INTEGRITY X0690; `what` names it. json_decref it. */
json_t *intoto_read(
	const char *text, gsize size, const char *what, gboolean *sealed, GError **err);

/* Its parts, borrowed. */
const char *intoto_name(const json_t *statement);
const char *intoto_sha256(const json_t *statement);
json_t *intoto_definition(const json_t *statement); /* buildDefinition; or NULL */
json_t *intoto_details(const json_t *statement);    /* runDetails; or NULL */
