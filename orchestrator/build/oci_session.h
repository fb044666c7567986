#pragma once
#include "build/registry_oci.h"
#include "format/digest.h"

/* One registry (or mirror of it) and one repository there, by the OCI distribution
 * protocol 1.1 and Docker's token authentication: what it takes to be let in is found
 * out from the registry's own answers and kept for the session. Secrets stay in it. */
typedef struct oci_session oci_session;

oci_session *oci_session_new(const registry_oci *where); /* borrowed */
void oci_session_free(oci_session *s);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(oci_session, oci_session_free)

/* BASE/v2/REPOSITORY/PATH. New string. */
char *oci_session_url(const oci_session *s, const char *path);
/* "Authorization: …" for requests to it, as it stands; NULL none. */
const char *oci_session_authorization(const oci_session *s);
/* What there is has run out: the next request asks for a new one. */
void oci_session_forget(oci_session *s);

/* A manifest or a small blob below the repository (path "manifests/…", "blobs/…").
 * With `sha256` its bytes are held against it before anybody sees them (X0601, exit 6);
 * without it against what the registry says of them (Docker-Content-Digest), if it does.
 * *content_type (may be NULL) as the registry said it, "" if not. Errors: those of
 * build/fetch.h, fetch_not_found() and fetch_denied() tell; X0564 (exit 6) for a demand
 * or a token that is refused. */
GBytes *oci_session_get(oci_session *s, const char *path, const char *sha256,
	gsize max_size, char **content_type, GError **err);
