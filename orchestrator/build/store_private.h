#pragma once
#include "build/store.h"

/* Shared by the store_*.c files only. */
struct store {
	char *root, *dir;
	char *lower; /* v1 of a read-only cache below this one, or NULL */
	gboolean verify_on_use;
	GMutex mutex;	     /* guards what follows */
	lockfile *users;     /* shared while this process uses anything */
	lockfile *temp_lock; /* tells the others that tmp/NAME is alive */
	char *temp;	     /* tmp/NAME, made when first needed */
	unsigned temp_count;
	GHashTable *in_use;   /* "kind/key" -> shared lockfile of a tree */
	GHashTable *verified; /* sha256 -> fingerprint of a blob hashed by us */
};

/* FALSE with an error unless the name can be part of a path of the store. */
gboolean store_name_check(const char *name, GError **err);
/* dir/PART/…: new string. */
#define store_path(s, ...) g_build_filename((s)->dir, __VA_ARGS__, NULL)
/* Holds off `cache clean` from now on. */
gboolean store_mark_used(store *s, GError **err);
/* Removes temporary folders whose process is gone. */
void store_sweep_temp(const char *dir);
/* Below the v1 given. */
char *store_blob_path(const char *dir, const char *sha256);
