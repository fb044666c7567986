#pragma once
#include <glib.h>

/* Puts a finished artefact under its final name as a whole or not at all, and
 * never other bytes under a name that exists: identical bytes are a no-op,
 * different ones are refused unless `replace` (uv and pip-tools cache by name).
 *
 * Caller: place_begin; write to place_fd; place_commit or place_abort. */
typedef struct place place;

/* Makes the folder if need be. NULL with EXIT_HOST. */
place *place_begin(const char *folder, GError **err);
int place_fd(const place *p);

typedef struct placed {
	char *path, *sha256; /* sha256: 64 hex digits */
	gint64 size;
	gboolean existed; /* the same bytes were there already */
} placed;
void placed_clear(placed *result);

/* A small file that belongs to the artefact, NAME and `suffix`: written, by rename too,
 * just before the artefact gets its name, so that this never stands there without it.
 * A file of that name that holds the same text stays. */
typedef struct place_beside {
	const char *suffix;
	/* The text, when the artefact's sha256 is known. New string. */
	char *(*text)(const char *name, const char *sha256, const void *data);
	const void *data;
} place_beside;
/* NULL: nothing. Borrowed until place_commit. */
void place_with(place *p, const place_beside *beside);

/* `name` is a plain file name. Different bytes there: EXIT_AUDIT/X0723 with both
 * digests. `hint` says what to do then (NULL: only --replace). p is consumed. */
gboolean place_commit(place *p, const char *name, mode_t mode, gboolean replace,
	const char *hint, placed *result, GError **err);
void place_abort(place *p);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(place, place_abort)
