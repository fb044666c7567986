#include "format/json.h"
#include "base/error.h"

/* jansson's own limit is 2048 levels, which is deep for a parser that recurses;
 * ours is found before it starts. */
static gboolean too_deep(const char *data, gsize size)
{
	gboolean in_string = FALSE;
	int depth = 0;

	for (gsize i = 0; i < size; i++) {
		char c = data[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = FALSE;
		} else if (c == '"') {
			in_string = TRUE;
		} else if ((c == '[' || c == '{') && ++depth > JSON_DEPTH_MAX) {
			return TRUE;
		} else if (c == ']' || c == '}') {
			depth--;
		}
	}
	return FALSE;
}

json_t *json_parse(const char *data, gsize size, const char *what, GError **err)
{
	json_error_t e;
	json_t *root = NULL;

	if (too_deep(data, size)) {
		error_set(err, EXIT_INTEGRITY, "X0604",
			"%s: nested deeper than %d levels", what, JSON_DEPTH_MAX);
		return NULL;
	}
	root = json_loadb(data, size, JSON_REJECT_DUPLICATES, &e);
	if (!root) {
		g_autofree char *text = text_escape(e.text, -1);
		error_set(err, EXIT_INTEGRITY, "X0604", "%s: not JSON (line %d: %s)",
			what, e.line, text);
	}
	return root;
}

const char *json_get_string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

gint64 json_get_int(const json_t *object, const char *key, gint64 otherwise)
{
	const json_t *v = json_object_get(object, key);

	return json_is_integer(v) ? json_integer_value(v) : otherwise;
}

json_t *json_get_array(const json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	return json_is_array(v) ? v : NULL;
}

json_t *json_get_object(const json_t *object, const char *key)
{
	json_t *v = json_object_get(object, key);

	return json_is_object(v) ? v : NULL;
}

json_t *json_text(const char *text)
{
	g_autofree char *valid = text ? g_utf8_make_valid(text, -1) : NULL;

	return valid ? json_string(valid) : json_null();
}

void json_set_text(json_t *object, const char *key, const char *text)
{
	if (text)
		json_object_set_new(object, key, json_text(text));
}

json_t *json_texts(const GPtrArray *list)
{
	json_t *out = json_array();

	for (guint n = 0; list && n < list->len; n++)
		json_array_append_new(out, json_text(g_ptr_array_index(list, n)));
	return out;
}
