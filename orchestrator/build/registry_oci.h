#pragma once
#include "format/oci_reference.h"

/* Where the images of a registry are on this machine, and with which credentials.
 *
 * Mirrors (pull-through caches), the first of these that says anything:
 * XORCH_MIRROR_OCI, entries separated by blanks; `mirrors: {oci: […]}` in
 * $XDG_CONFIG_HOME/xorch/config.yaml, then /etc/xorch/config.yaml. An entry is
 * HOST=URL, for images of that registry, or URL, for all; the URL's path comes before
 * the image's name (quay.io=https://harbor.example/quay). With mirrors the registry
 * itself is not asked, unless it is one of them (quay.io=https://quay.io). Without any
 * it is https://HOST, plain http for a host that is this machine.
 *
 * Credentials: an entry's URL may hold them; else what `docker login` or `podman login`
 * has written, the first of these that knows the host: $REGISTRY_AUTH_FILE,
 * $XDG_RUNTIME_DIR/containers/auth.json, $XDG_CONFIG_HOME/containers/auth.json,
 * $DOCKER_CONFIG/config.json, ~/.docker/config.json; and the credential helpers that such
 * a file names (build/registry_helper.h). */

typedef struct registry_oci_login {
	char *user, *password; /* NULL: none known */
	char *identity_token;  /* instead of a password; or NULL */
	char *file;	       /* where it stands, for people; or NULL */
	char *helper;	       /* the credential helper that knew nothing; or NULL */
	char *helper_said;     /* why: "is not in PATH" */
} registry_oci_login;

typedef struct registry_oci {
	char *base;	  /* https://quay.io; no slash at its end */
	char *repository; /* as the registry is asked for it */
	char *host;	  /* with the port, for people */
	registry_oci_login login;
} registry_oci;

void registry_oci_free(registry_oci *r);

/* All to ask for the image, in order: element registry_oci. X0566 (exit 2) when a file
 * with credentials is broken, X0506 for a mirror that is no URL. */
GPtrArray *registry_oci_find(const oci_reference *image, GError **err);

/* Fills `login` for a host (and a repository there) from the files above. */
gboolean registry_oci_login_find(const char *host, const char *repository,
	registry_oci_login *login, GError **err);
void registry_oci_login_clear(registry_oci_login *login);
