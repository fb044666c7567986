#pragma once
#include <glib.h>

/* Every entry below a folder, in the order of names, folders before what is in them.
 * Links are told, not followed. */
typedef enum tree_type { TREE_FILE, TREE_FOLDER, TREE_LINK, TREE_OTHER } tree_type;

typedef struct tree_entry {
	const char *path; /* from the folder, without a leading slash */
	const char *full; /* to open it */
	tree_type type;
	guint64 size;
} tree_entry;

typedef gboolean (*tree_visit)(const tree_entry *e, void *data, GError **err);

/* Stops at the first visit that fails. X0820 when a folder cannot be read. */
gboolean tree_walk(const char *dir, tree_visit visit, void *data, GError **err);
