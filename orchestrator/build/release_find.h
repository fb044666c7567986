#pragma once
#include "build/context.h"
#include "build/pypi.h"
#include "format/json.h"
#include "plan/recipe.h"
#include "plan/release.h"

/* The releases that the source of a recipe has (plan/release.h judges them): those of a
 * project of the Python package index, the tags of a repository, what a Go module's proxy
 * lists, the source packages of a Debian suite. `update.from` of the recipe may say where
 * else they are. */
typedef struct release_find {
	const recipe_source *source; /* the one that package.version decides; or NULL */
	release_list *list;	     /* NULL: nothing can be known … */
	char *unknown;		     /* … and why */
	const build_context *ctx;    /* private, as the rest */
	char *module;
	pypi_project *project;
} release_find;

void release_find_clear(release_find *f);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(release_find, release_find_clear)

/* Asks the network; ctx and recipe outlive *out, which stays where it is. Errors of
 * build/pypi.h, format/git_tags.h, build/go_proxy.h, build/debian_source.h; EXIT_NETWORK
 * X0501 under --offline. */
gboolean release_find_all(
	const build_context *ctx, const recipe *r, release_find *out, GError **err);

/* What of the Rust toolchain stands against releases: the version that the recipe's
 * builds get, for release_wish.rust; NULL where that is no question: no wheel, no release
 * list of a package index, no such toolchain, or, unless `any`, nothing in the recipe or
 * its lock says that it is written in Rust. With it the list tells what a release wants,
 * which means fetching its sdist. New string. */
char *release_find_rust(const release_find *f, const recipe *r, gboolean any);

/* For who has no recipe yet: `ctx` of *f is set, for tags `source` too (its `git`). *f
 * stays where it is. Tags as for release_list_git. */
void release_find_tags(
	release_find *f, const json_t *tags, const char *prefix, const char *suffix);
gboolean release_find_gomod(release_find *f, const char *module, GError **err);
/* The newest of them that --exclude-newer allows; borrowed from f->list. */
gboolean release_find_newest(const release_find *f, release_choice *out, GError **err);

/* ---- by kind ---- */

/* All releases of a project, those that --exclude-newer hides included: their dates tell.
 */
release_list *release_list_pypi(const pypi_project *p);

/* Of tags ([[name, commit] …], source_git_tags): PREFIX VERSION SUFFIX; NULL: whatever
 * stands before the first digit ("v1.2", "release-1.2"). */
release_list *release_list_git(
	const json_t *tags, const char *prefix, const char *suffix);
/* What stands around the version in a tag: "v" and "" of v1.2.3. FALSE when the tag does
 * not hold the version. New strings. */
gboolean release_tag_parts(
	const char *tag, const char *version, char **prefix, char **suffix);

/* For release_list.ask_rust; `data` is the release_find. A source that cannot be read
 * tells nothing. */
gboolean release_ask_rust(release *r, void *data, GError **err);

/* What the proxies list, retracted ones marked. */
release_list *release_list_gomod(
	const build_context *ctx, const char *module, GError **err);
/* The date that the proxy gives a version: of its commit. */
gboolean release_gomod_date(
	const build_context *ctx, const char *module, release *r, GError **err);

/* <0, 0, >0 of versions by PEP 440; what is none comes first, by Debian's rules. */
int release_compare_pep440(const char *a, const char *b);
