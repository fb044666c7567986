#pragma once
#include "build/registry_oci.h"

/* Asks the credential helper `name` (`credHelpers` and `credsStore` of Docker's
 * config.json) for a registry, by the protocol of docker-credential-helpers: the program
 * docker-credential-NAME of PATH with the argument `get`, the registry's name on its
 * standard input; on its output {"Username": …, "Secret": …}, of which "<token>" as the
 * user means that the secret is an identity token.
 *
 * `server`: as the client stores it ("quay.io"; docker.io is
 * "https://index.docker.io/v1/"). What it knows goes into `login`; one that is not
 * installed, knows nothing or is silent for XORCH_HTTP_TIMEOUT seconds leaves `login`
 * with helper and helper_said alone, for many images want no login. FALSE: the name is no
 * program's or the answer no credentials (X0566, exit 2), or the run is cancelled. */
gboolean registry_helper_ask(
	const char *name, const char *server, registry_oci_login *login, GError **err);
