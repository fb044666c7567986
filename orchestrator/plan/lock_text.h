#pragma once
#include "format/yaml_bind.h"

/* What all locks share: how they are read, with a merge conflict or a newer format
 * told first, and the pieces they are written from. */
typedef enum lock_text_result {
	LOCK_TEXT_ABSENT,
	LOCK_TEXT_READ,
	LOCK_TEXT_BAD
} lock_text_result;

/* A kind of lock file. */
typedef struct lock_text_kind {
	gint64 version; /* the highest lock_version that is read */
	const bind_struct *binding;
	const char *help; /* what to do about any error, a whole sentence without a stop:
			   * "regenerate it with `xorch lock`" */
	/* What the binding cannot say, or NULL; called when that found nothing. */
	void (*check)(const yaml_doc *doc, const void *row, diag_list *l);
} lock_text_kind;

/* Binds the file to `out`, zeroed before, which the caller clears in any case (BIND_NODE
 * fields are of no use afterwards). LOCK_TEXT_BAD: what is wrong has been added to `l`,
 * each with its place and the help. */
lock_text_result lock_text_read(
	const char *path, const lock_text_kind *kind, void *out, diag_list *l);
/* TRUE when `l` has no error; else all of them as one of EXIT_INPUT. */
gboolean lock_text_to_error(diag_list *l, GError **err);

/* "LEADname: value\n", quoted where YAML needs it. */
void lock_text_value(GString *out, const char *lead, const char *name, const char *value);
/* "LEADname: [a, b]\n". */
void lock_text_list(
	GString *out, const char *lead, const char *name, const GPtrArray *list);

/* Checks for fields: 64 lower-case hex digits. */
const char *lock_check_sha256(const char *text);
