#pragma once
#include <glib.h>

/* The key of a step: sha256 over all its inputs. Every value is framed (kind,
 * name and lengths are hashed, NULL differs from "", lists carry their count),
 * and the whole starts with the step's name and format version, so no two
 * different inputs give the same bytes. The inputs stay readable beside the
 * digest: a list of "name" -> short digest or value, by which `--explain`
 * says what changed. */
typedef struct key key;

/* Raise `version` whenever the meaning of the step's output changes. */
key *key_new(const char *step, unsigned version);
void key_free(key *k);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(key, key_free)

void key_add(key *k, const char *name, const char *value); /* value may be NULL */
void key_add_int(key *k, const char *name, gint64 value);
void key_add_bytes(key *k, const char *name, const void *data, gsize size);
/* NULL-terminated list, order counts; NULL is an empty list. */
void key_add_list(key *k, const char *name, const char *const *values);

/* 64 hex digits, owned by the key; after this nothing may be added. */
const char *key_digest(key *k);
/* name -> value as added, long values as "sha256:<16 hex>"; in order of
 * addition. Owned by the key; element type key_input. */
typedef struct key_input {
	char *name, *value;
} key_input;
const GPtrArray *key_inputs(const key *k);
