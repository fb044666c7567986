#pragma once
#include <glib.h>

/* What a package index attests of one of its files: the provenance object of PEP 740,
 * version 1. The index has verified the signatures against the publisher it names; here
 * they are not looked at. */
typedef struct attestation_bundle {
	char *kind;	  /* of publisher: "GitHub", "GitLab", "Google" … */
	char *repository; /* or NULL, as the others */
	char *workflow;	  /* its file: of GitHub a name, of GitLab a path */
	char *email;
	/* attested_file *, at least one: what its statements speak of */
	GPtrArray *files;
} attestation_bundle;

typedef struct attested_file {
	char *name;
	char *sha256; /* 64 hex digits, lower case */
} attested_file;

/* attestation_bundle *, freed with the array; may be empty. `what` names it in messages.
 * Each statement is one of in-toto with one subject (PEP 740). EXIT_INTEGRITY X0604. */
GPtrArray *attestations_parse(
	const char *data, gsize size, const char *what, GError **err);
