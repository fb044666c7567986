#pragma once
#include "build/context.h"
#include "build/item.h"
#include "build/sandbox.h"

/* The sources of a recipe: locked, fetched, unpacked, patched; kind by kind in
 * build/source_kind.h. */

/* Adds to the lock what is missing of the recipe's sources (asks PyPI). Fails
 * with EXIT_LOCK when an entry is there and does not belong to the recipe
 * (X0403: another version's hash; X0406: another sha256): a lock is never
 * changed to fit. Caller holds the source's mutex. */
gboolean source_lock(const build_context *ctx, item_source *s, GError **err);

/* For `xorch lock`: drops entries that do not belong to the recipe as it is: of
 * sources it no longer has (H09), of another version, of another sha256. A recipe of
 * another version loses its build requirements too. TRUE when there were any. */
gboolean source_lock_renew(item_source *s);
/* For --locked: such an entry is an error, X0405. */
gboolean source_lock_complete(const item_source *s, GError **err);

/* Adds what has to be downloaded to `items` (fetch_item *). */
gboolean source_fetch(
	const build_context *ctx, const item *i, GPtrArray *items, GError **err);

/* After the downloads: what comes another way (git). */
gboolean source_obtain(const build_context *ctx, const item *i, GError **err);

/* Digests of everything the recipe brings itself: sources by their lock, patches
 * and scripts by content, `path` folders by their tree. */
gboolean source_add_to_key(const item *i, key *k, GError **err);

/* Fills `dest`, which must not exist, with a private writable copy of the
 * recipe's sources, patched. Patches must apply exactly (GNU patch without fuzz,
 * in the sandbox). X0920 (EXIT_BUILD) names patch and hunk. */
gboolean source_unpack(const build_context *ctx, const item *i, const char *dest,
	sandbox_level level, GError **err);

/* Newest mtime in the sdist, or 0: what SOURCE_DATE_EPOCH is when not set. */
gint64 source_date(const char *dir);
