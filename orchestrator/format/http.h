#pragma once
#include <glib.h>

/* HTTP transfers, many at a time, on libcurl's multi interface in a GMainContext
 * of their own: http_session_run blocks its caller and nobody else's sources run
 * meanwhile. A transfer is one attempt with its redirects; retries, mirrors,
 * resuming and hashes are build/fetch's.
 *
 * What is always so: https only (http_url.h says when http is let through) also
 * after each of at most 5 redirects; credentials of a URL and an Authorization header
 * stay with its origin;
 * certificates are checked, against SSL_CERT_FILE, SSL_CERT_DIR or CURL_CA_BUNDLE
 * when set; proxies come from the environment as curl takes them; netrc only if
 * NETRC names one; nothing is decompressed unless asked. */
typedef struct http_session http_session;

typedef struct http_response {
	long status;
	char *url; /* the last one asked, after redirects; may hold credentials */
	char *content_type, *etag, *last_modified, *content_encoding; /* or NULL */
	char *content_digest;  /* Docker-Content-Digest, "sha256:…"; or NULL */
	char *authenticate;    /* WWW-Authenticate, several joined by ", "; or NULL */
	gint64 content_length; /* -1 not said */
	gint64 range_start, range_total; /* of Content-Range; -1 */
	double retry_after;		 /* seconds, -1 */
} http_response;

typedef enum http_outcome {
	HTTP_DONE,    /* answered in full; look at status */
	HTTP_BROKEN,  /* no answer, connection lost, body cut: a retry may help */
	HTTP_STALLED, /* too slow, or silent */
	HTTP_REFUSED, /* a rule of ours or a certificate: a retry does not help */
	HTTP_STOPPED, /* a callback said so */
} http_outcome;

typedef struct http_request {
	const char *url;
	const char *const *headers; /* "Name: value", NULL-terminated; or NULL */
	gboolean allow_http;
	gboolean compressed; /* the server may compress, on_body gets it unpacked */
	const char *form;    /* POST this, application/x-www-form-urlencoded; NULL: GET */

	/* Before the first body byte of a 2xx answer; FALSE stops the transfer. */
	gboolean (*on_headers)(const http_response *r, void *data);
	/* Bytes of a 2xx answer; FALSE stops the transfer. */
	gboolean (*on_body)(const void *bytes, gsize size, void *data);
	/* The end, exactly once. `why` is for people, NULL with HTTP_DONE. New
	 * transfers may be started from here. */
	void (*on_done)(http_outcome outcome, const http_response *r, const char *why,
		void *data);
	void *data;
} http_request;

/* Settings from the environment: XORCH_HTTP_TIMEOUT (seconds to connect, at most
 * 10, and to the first byte; 30), XORCH_HTTP_STALL (seconds during which at
 * least 1 KiB/s must come; 30). Fractions are allowed. */
http_session *http_session_new(void);
void http_session_free(http_session *s); /* open transfers are dropped, no on_done */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(http_session, http_session_free)

/* The request's strings are copied. */
void http_session_start(http_session *s, const http_request *r);
/* Calls fn once, `seconds` from now, out of http_session_run. */
void http_session_after(
	http_session *s, double seconds, void (*fn)(void *data), void *data);
/* Until no transfer and no timer is left. */
void http_session_run(http_session *s);

/* The seconds of an environment setting, or `otherwise`. */
double http_setting(const char *name, double otherwise);
