#include "format/http_certificates.h"

const char *http_certificates(void)
{
	static const char *const names[] = {"CURL_CA_BUNDLE", "SSL_CERT_FILE", NULL};
	static const char *const bundles[] = {"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
		"/etc/ssl/cert.pem", NULL};

	for (gsize n = 0; names[n]; n++) {
		const char *set = g_getenv(names[n]);
		if (set && *set)
			return set;
	}
	for (gsize n = 0; bundles[n]; n++)
		if (g_file_test(bundles[n], G_FILE_TEST_EXISTS))
			return bundles[n];
	return NULL;
}
