#pragma once
#include "build/part.h"
#include "format/http.h"
#include <glib.h>

/* One thing to fetch: its tries over its mirrors. Used by fetch.c only.
 *
 * An origin that did not answer in any of its tries is not asked again for a
 * minute, by any job of the process: a dead mirror of sixty files is waited for
 * once and not sixty times.
 *
 * A try ends in one of four ways: taken; again (the same mirror, after a pause);
 * next mirror; failed. Bytes go into a part (a file of known sha256) or into
 * memory (a document). */
typedef struct fetch_job fetch_job;

typedef struct fetch_job_spec {
	const char *label, *where;
	const GPtrArray *urls;		 /* char * */
	const GPtrArray *authorizations; /* char *: one a URL, "Authorization: …" or
					    NULL; the whole NULL: none */
	const char *const *headers;
	const char *form;	 /* of a document: POST this */
	gboolean want_challenge; /* a 401 that says how to authenticate is not retried */
	gboolean allow_http, compressed;
	gboolean one_answer; /* the next URL only after a 404 or 410 */
	gint64 size;	     /* -1 not known */
	gint64 limit;	     /* bytes at which a body is too long */
	store *store;	     /* with sha256: into the store */
	const char *sha256;  /* NULL: into memory */
	void (*on_end)(fetch_job *job, void *data); /* once; may free the job */
	void *data;
} fetch_job_spec;

/* The spec's strings are borrowed until the end. */
fetch_job *fetch_job_new(http_session *session, const fetch_job_spec *spec);
void fetch_job_free(fetch_job *j);
void fetch_job_start(fetch_job *j);

/* After the end: NULL error means taken. */
GError *fetch_job_error(fetch_job *j); /* new reference to free, or NULL */
GBytes *fetch_job_body(fetch_job *j);  /* of a document */
/* WWW-Authenticate of a 401, with want_challenge; or NULL. Borrowed. */
const char *fetch_job_challenge(const fetch_job *j);
const http_response *fetch_job_response(const fetch_job *j);

/* "19.3 MB", with an ordinary blank. New string. */
char *fetch_size_text(gint64 bytes);
