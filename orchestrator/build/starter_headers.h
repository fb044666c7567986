#pragma once
#include "build/debian_repo.h"
#include "format/json.h"

/* Whether a library's headers have what a source uses of it. */

/* The names in the headers of a Debian package and the headers' own
 * ("git2/sys/errors.h"), as a set of char *. NULL, and nothing said, when it cannot be
 * had or is too large to be worth the guess. */
GHashTable *starter_headers_names(
	const build_context *ctx, debian_repo *repo, const char *package);

/* One of `used` (name -> file, facts of build/source_facts.h) that `newer` has and
 * `older` has not, although it has others of the same prefix ("mpc_"); NULL. Borrowed. */
const char *starter_headers_lacking(
	const json_t *used, GHashTable *older, GHashTable *newer);
