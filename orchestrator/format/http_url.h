#pragma once
#include <glib.h>

/* URLs as far as fetching needs them; parsed by libcurl, so what is judged here
 * is what is connected to. */

/* The URL fit to be shown: user and password become "***", the values of a
 * query "…" (presigned links carry their secret there), the rest escaped. */
char *http_url_show(const char *url);

/* NULL when xorch may fetch from it: https, or http to this machine itself
 * (127.0.0.0/8, ::1, localhost), or any http when `allow_http` (what comes is
 * protected by a signature). Else a new string that says why not. */
char *http_url_refusal(const char *url, gboolean allow_http);

/* Why a redirect from one to the other is not followed (https to http, another
 * protocol, http out of this machine); NULL when it is fine. New string. */
char *http_url_redirect_refusal(const char *from, const char *to, gboolean allow_http);

/* scheme, host and port are equal: credentials may go along. */
gboolean http_url_same_origin(const char *a, const char *b);

/* "scheme://host:port", lower case, without credentials; the escaped URL itself if it
 * cannot be parsed. New string. */
char *http_url_origin(const char *url);

/* `relative` as seen from the page `base` (RFC 3986); NULL when it is no URL. */
char *http_url_join(const char *base, const char *relative);

/* Base and path with exactly one slash between. */
char *http_url_below(const char *base, const char *path);

/* Without query and fragment; *fragment (may be NULL) gets a new string or NULL. */
char *http_url_plain(const char *url, char **fragment);
