#pragma once
#include "format/yaml_bind.h"

/* What all locks share: how they are read, with a merge conflict or a newer format
 * told first, and the pieces they are written from. */
typedef enum lock_text_result {
	LOCK_TEXT_ABSENT,
	LOCK_TEXT_READ,
	LOCK_TEXT_BAD
} lock_text_result;

/* Binds the file to `out` as `binding` says; the map must have a lock_version, at most
 * `version`. The caller clears `out` (zeroed before) in any case. `help` is a whole
 * sentence for the error, such as "regenerate it with `xorch lock`". LOCK_TEXT_BAD
 * comes with an error of EXIT_INPUT and position. */
lock_text_result lock_text_load(const char *path, gint64 version,
	const bind_struct *binding, void *out, const char *help, GError **err);

/* "LEADname: value\n", quoted where YAML needs it. */
void lock_text_value(GString *out, const char *lead, const char *name, const char *value);
/* "LEADname: [a, b]\n". */
void lock_text_list(
	GString *out, const char *lead, const char *name, const GPtrArray *list);

/* Checks for fields: 64 lower-case hex digits. */
const char *lock_check_sha256(const char *text);
