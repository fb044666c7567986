#pragma once
#include <glib.h>
#include <jansson.h>

/* JSON from outside, by jansson: at most `JSON_DEPTH_MAX` levels, no duplicate
 * keys (readers disagree about which one wins), nothing after the document.
 * Values are reached by the functions below, which never trust a type. */
#define JSON_DEPTH_MAX 64

/* `what` names the document in the message (exit 6, X0604). Free by json_decref. */
json_t *json_parse(const char *data, gsize size, const char *what, GError **err);

const char *json_get_string(const json_t *object, const char *key); /* or NULL */
gint64 json_get_int(const json_t *object, const char *key, gint64 otherwise);
json_t *json_get_array(const json_t *object, const char *key);	/* borrowed or NULL */
json_t *json_get_object(const json_t *object, const char *key); /* borrowed or NULL */

/* ---- to be written ---- */

/* A string of what may be no UTF-8, null for NULL. New reference. */
json_t *json_text(const char *text);
/* The same as a member, which is left out for NULL. */
void json_set_text(json_t *object, const char *key, const char *text);
/* A list of such strings (char *); NULL is the empty one. New reference. */
json_t *json_texts(const GPtrArray *list);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(json_t, json_decref)
