#pragma once
#include <glib.h>

/* Names of images in a registry, as the OCI distribution specification and Docker's
 * clients write them: HOST/REPOSITORY[:TAG][@sha256:HEX]. A name whose first part is no
 * host (no dot, no port, not "localhost") is one of docker.io, there a single word is
 * below library/. */
typedef struct oci_reference {
	char *host;	  /* quay.io, 127.0.0.1:5000 */
	char *repository; /* pypa/manylinux2014_aarch64 */
	char *tag;    /* "latest" if neither tag nor digest was said; else may be NULL */
	char *digest; /* 64 hex digits, or NULL; it decides, the tag is for people */
} oci_reference;

/* NULL and a reason (a static sentence part) when it is no such name. */
oci_reference *oci_reference_parse(const char *text, const char **reason);
void oci_reference_free(oci_reference *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(oci_reference, oci_reference_free)
/* The whole name again, with everything said. New string. */
char *oci_reference_text(const oci_reference *r);

/* "sha256:<64 hex digits, lower case>" -> the digits (in `text`); NULL for anything
 * else, such as another algorithm. */
const char *oci_digest_hex(const char *text);
