#pragma once
#include "build/context.h"
#include "build/fetch.h"
#include "build/item.h"

/* One kind of source (plan/recipe.h: source_kind), a file build/source_KIND.c each,
 * and a row in the table of build/source.c. build/source.c does what all kinds
 * share: the lock's rules, patches, where a source lies in the tree. */
typedef struct source_kind_ops {
	const char *name; /* as in recipe and lock: "pypi" */
	/* What its entry in the lock is called (lock_source.file->name): a project, a
	 * module, a file's name. New string. NULL: the kind has no entry (path). */
	char *(*lock_name)(const recipe_source *source);
	/* Finds out what to lock and fills out->file and what else the kind needs;
	 * asks the network. The recipe's sha256 is compared by the caller. */
	gboolean (*lock)(const build_context *ctx, item_source *s,
		const recipe_source *source, lock_source *out, GError **err);
	/* Whether an entry that is there is this source's, beside version and sha256,
	 * which the caller compares; EXIT_LOCK. NULL: nothing more. */
	gboolean (*fits)(const item_source *s, const recipe_source *source,
		const lock_source *l, GError **err);
	/* Adds downloads (fetch_item *) for a locked source. NULL: none. */
	gboolean (*fetch)(const build_context *ctx, const item *i,
		const recipe_source *source, const lock_source *l, GPtrArray *items,
		GError **err);
	/* What cannot go through fetch_blobs (a repository), after it; NULL: nothing. */
	gboolean (*obtain)(const build_context *ctx, const item *i,
		const recipe_source *source, const lock_source *l, GError **err);
	gboolean (*add_to_key)(
		const item *i, const recipe_source *source, key *k, GError **err);
	/* Fills `dest`, which may be there already when an earlier source filled it. */
	gboolean (*unpack)(const build_context *ctx, const item *i,
		const recipe_source *source, const char *dest, GError **err);
} source_kind_ops;

extern const source_kind_ops source_pypi_ops, source_path_ops, source_gomod_ops;
extern const source_kind_ops source_url_ops, source_debsrc_ops, source_git_ops;

/* NULL with X0922 for a kind that this xorch does not build. */
const source_kind_ops *source_ops(const recipe *r, const recipe_source *s, GError **err);
/* The lock's entry for a source: same kind and name; NULL when there is none. */
lock_source *source_locked(const recipe_lock *lock, const recipe_source *s);

/* For kinds whose dates are those of commits: FALSE with EXIT_INPUT X0514 when
 * --exclude-newer does not allow `what`. A commit is never younger than what was
 * published of it, so this refuses too little, but nothing wrongly. */
gboolean source_age_allowed(
	const build_context *ctx, const char *what, gint64 date, GError **err);

/* For kinds that are one locked archive: its sha256 into the key; unpacked as an
 * sdist is, from the store. */
gboolean source_locked_add_to_key(
	const item *i, const recipe_source *source, key *k, GError **err);
/* The download of a locked source, added to `items`; the caller says where from.
 * Borrowed; NULL when the lock's entry is no file. */
fetch_item *source_fetch_item(const item *i, const recipe_source *source,
	const lock_source *l, GPtrArray *items, GError **err);
/* Its file in the store, fetched before. New string; NULL with X0509. */
char *source_blob(const build_context *ctx, const lock_source *l, GError **err);
gboolean source_archive_unpack(const build_context *ctx, const item *i,
	const recipe_source *source, const char *dest, GError **err);
