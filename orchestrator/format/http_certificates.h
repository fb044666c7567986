#pragma once
#include <glib.h>

/* The file with the certificates of authorities that this machine trusts: what
 * CURL_CA_BUNDLE, else SSL_CERT_FILE names, else where the distributions keep it (one of
 * Red Hat's or SUSE's has none where Debian's libcurl looks). NULL: there is none, as in
 * a new container of Debian or Ubuntu, and nothing can be fetched by https unless
 * SSL_CERT_DIR is set. Borrowed, of the environment or static. */
const char *http_certificates(void);
/* What to say of that. */
#define HTTP_CERTIFICATES_HELP                                                           \
	"apt-get install ca-certificates, or name a file of them: SSL_CERT_FILE"
