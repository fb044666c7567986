#pragma once
#include <glib.h>

/* What a WWW-Authenticate header asks for (RFC 9110 11.6.1): challenges one after the
 * other, each a scheme with parameters. */
typedef struct http_challenge {
	char *scheme; /* lower case: "bearer", "basic" */
	/* Of Bearer as registries use it; NULL when not said. */
	char *realm, *service, *scope, *error;
} http_challenge;

void http_challenge_free(http_challenge *c);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(http_challenge, http_challenge_free)

/* Elements http_challenge *, in the header's order; what cannot be read ends the list.
 * A parameter said twice keeps its first value. */
GPtrArray *http_challenges_parse(const char *header);
/* The first of that scheme, or NULL. */
const http_challenge *http_challenge_find(
	const GPtrArray *challenges, const char *scheme);
