#pragma once
#include <glib.h>

/* Names and settings of Go modules, as text. Source: the Go Modules Reference
 * (go.dev/ref/mod: "Module proxies", "Environment variables", "go.sum files"). */

/* A module path or version as it stands in a proxy's URL and on disk: every capital
 * letter becomes '!' and the small one. NULL when it is none: empty, not ASCII, with
 * a '!', an empty or "." or ".." component. New string. */
char *go_module_escape(const char *text);
/* The way back; NULL when `text` is not an escaped name. New string. */
char *go_module_unescape(const char *text);

/* A version as the go command writes it: vMAJOR.MINOR.PATCH with an optional
 * -pre.release and +incompatible. */
gboolean go_version_valid(const char *text);
/* <0, 0, >0 by semantic versioning 2.0; "+…" does not count. Both valid. */
int go_version_compare(const char *a, const char *b);
/* The same for Go's own versions: 1.22rc1 < 1.22 = 1.22.0 < 1.22.5 < 1.26; a leading
 * "go" is ignored. */
int go_release_compare(const char *a, const char *b);

/* One entry of GOPROXY. After a ',' the next one is asked only when this one said
 * "not found" (404, 410), after a '|' on any error. */
typedef struct go_proxy {
	char *url;	    /* without a slash at the end; "direct" or "off" */
	gboolean any_error; /* '|' follows */
} go_proxy;

/* Splits a GOPROXY value; empty parts are left out, and what follows "direct" or
 * "off" is never reached. Element type go_proxy *, freed with the array. */
GPtrArray *go_proxy_list(const char *text);

/* Whether one of the comma-separated patterns of GOPRIVATE, GONOPROXY or GONOSUMDB
 * covers the module: a pattern is compared with as many leading components of the
 * path as it has itself, each by * ? [ ]. */
gboolean go_module_matches(const char *patterns, const char *path);

/* ---- go.sum ---- */

/* "PATH VERSION" and "PATH VERSION/go.mod" -> "h1:…". Other kinds of hashes and
 * empty lines are left out; NULL with EXIT_INTEGRITY/X0661 for a line that is not
 * three words and for two hashes of one module. `name` is for messages. */
GHashTable *go_sum_parse(const char *text, const char *name, GError **err);
/* NULL when there is none. `mod`: of the go.mod file alone. Borrowed. */
const char *go_sum_get(
	GHashTable *sum, const char *path, const char *version, gboolean mod);
