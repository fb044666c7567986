#pragma once
#include "build/store.h"
#include "plan/key.h"

/* What a build left behind, kept in the store twice: by key ("these inputs make
 * this wheel") so that the same inputs never build again, and by the item's id
 * ("this is what it was made from last time") for --explain. Text, one value a
 * line. */
typedef struct item_record {
	char *key;	   /* 64 hex digits */
	char *file;	   /* file name of the artefact; its bytes are a blob */
	char *sha256;	   /* of the artefact */
	gint64 size;	   /* bytes */
	char *tags;	   /* platform tags, joined by '.', as in the file name */
	char *sandbox;	   /* level it was built at: bwrap, landlock, env */
	char *statement;   /* sha256 of its provenance's line, a blob; or NULL */
	double seconds;	   /* the build took */
	GPtrArray *inputs; /* key_input * */
} item_record;

item_record *item_record_new(void);
void item_record_free(item_record *r);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(item_record, item_record_free)

/* By key, or by id (last build); NULL when there is none or it is damaged. */
item_record *item_record_find(store *s, const char *key_hex);
item_record *item_record_last(store *s, const char *id);
/* Writes both. */
gboolean item_record_put(store *s, const char *id, const item_record *r, GError **err);

/* Remembers an input, or those of a key. */
void item_record_add_input(item_record *r, const char *name, const char *value);
void item_record_take_inputs(item_record *r, const key *k);

/* What differs between the record's inputs and the key's, as sentences:
 * "floor: 2_17 -> 2_28", "recipe build.env: added". Element char *; empty when
 * nothing differs. */
GPtrArray *item_record_differences(const item_record *r, const key *k);
