#pragma once
#include "build/store.h"
#include <glib.h>

/* Fetching: files into the store through the one verified door (bytes, size,
 * sha256, and only then a name), and small documents into memory.
 *
 * Retries: XORCH_HTTP_RETRIES (3) after the first try of a mirror, XORCH_HTTP_BACKOFF
 * (1) seconds before the first one, doubled each time, ±50 %; Retry-After counts up
 * to 60 s. XORCH_HTTP_PARALLEL (8) transfers of files at once, those of all threads of
 * the program together. More in format/http.h. */

typedef struct fetch_item fetch_item;

/* Adds the item's URLs (fetch_item_add_url) when they turn out to be needed:
 * called only if the file is not in the store and the network may be used. Several
 * items' are called at the same time from threads of their own: an index page each
 * costs a round trip. */
typedef gboolean (*fetch_find_urls)(fetch_item *item, void *data, GError **err);

struct fetch_item {
	char *label;	 /* file name, for people */
	char *where;	 /* "recipes/a.yaml:8:3", who asks; or NULL */
	char *sha256;	 /* lower case */
	gint64 size;	 /* -1 not known */
	gint64 max_size; /* when the size is not known; default 512 MiB */
	gboolean
		allow_http; /* the sha256 comes from a signed chain: plain http will do */
	gboolean one_answer; /* the next mirror only after "not found", as Go wants */
	GPtrArray *urls;     /* char *, mirrors in order */
	GPtrArray *authorizations;  /* one a URL, or NULL: see fetch_item_add_url_as */
	const char *const *headers; /* extra request headers, borrowed; or NULL */
	fetch_find_urls find_urls;
	void *find_urls_data;

	/* After fetch_blobs: */
	char *path;	  /* in the store, NULL if it failed */
	gboolean cached;  /* was there already */
	gboolean fetched; /* private: by this process */
	GError *error;
};

/* NULL with X0602 for a sha256 that is none (63 digits, md5, blanks; upper case is
 * accepted, H03). */
fetch_item *fetch_item_new(
	const char *label, const char *sha256, gint64 size, GError **err);
void fetch_item_free(fetch_item *item);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(fetch_item, fetch_item_free)
void fetch_item_add_url(fetch_item *item, const char *url);
/* A URL that is asked with this header ("Authorization: Bearer …", a secret; NULL
 * none), which no other URL and no redirect to another host gets. */
void fetch_item_add_url_as(fetch_item *item, const char *url, const char *authorization);

typedef struct fetch_options {
	gboolean offline;
	int jobs; /* of those, for this call; 0: all of them */
} fetch_options;

/* Makes all items (fetch_item *) available; TRUE when every one has its path. On
 * failure the others have been fetched all the same, each failed one has its
 * error, and *err tells the first in full and names the rest: exit 6 if anything
 * was wrong with what came, else 5. Offline all that is missing is listed (N21). */
gboolean fetch_blobs(
	store *s, GPtrArray *items, const fetch_options *options, GError **err);

/* A document that has no known digest: an index page, a signed Release. */
typedef struct fetch_document {
	const char *label;	    /* for people */
	const char *const *urls;    /* tried in order, NULL-terminated */
	const char *const *headers; /* extra request headers, or NULL */
	gsize max_size;		    /* bytes after unpacking; more is an error (exit 6) */
	gboolean allow_http, compressed, offline;
	const char *form;	 /* POST this (format/http.h), never to another host */
	gboolean want_challenge; /* see `challenge` */

	/* After fetch_document_get: */
	GBytes *body;
	char *content_type;   /* lower case, without parameters; "" when not said */
	char *content_digest; /* as the registry of an image says it; NULL: it does not */
	char *url;	      /* it came from, after redirects: base of relative links */
	char *challenge;      /* with want_challenge, when it fails by a 401 that says how
				 to authenticate: its WWW-Authenticate */
} fetch_document;

gboolean fetch_document_get(fetch_document *d, GError **err);
void fetch_document_clear(fetch_document *d);
/* The error says that every mirror answered 404 or 410. */
gboolean fetch_not_found(const GError *err);
/* … 401, 403 or 407. */
gboolean fetch_denied(const GError *err);
