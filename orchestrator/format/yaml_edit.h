#pragma once
#include "format/yaml.h"

/* Changes values of a YAML text in place: what is not the changed scalar keeps every
 * byte, comments, blanks and line ends with it. Nothing is written to disk here
 * (fs_rewrite does that).
 *
 *	g_autoptr(yaml_edit) e = yaml_edit_open(path, text, len, err);
 *	yaml_node *n = e ? yaml_path(yaml_edit_doc(e)->root, "package.version") : NULL;
 *	if (n && yaml_edit_set(e, n, "1.3", err))
 *		new_text = yaml_edit_text(e, err);
 *
 * A scalar is written as it was: in the quotes it had, or without any where every YAML
 * reader takes it for the same string; a value that does not fit that form gets double
 * quotes. A missing value (`key:`) is put in.
 *
 * Each change is proven: the text is parsed again, and it must be the same tree but for
 * the new values, else the change is refused (X0230). */
typedef struct yaml_edit yaml_edit;

/* Parses a copy of the text; `file` is the name shown. A text with errors is not edited:
 * NULL, all of them in *err. */
yaml_edit *yaml_edit_open(const char *file, const char *text, gsize len, GError **err);
void yaml_edit_free(yaml_edit *e);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(yaml_edit, yaml_edit_free)

/* The text as it was; nodes of it are what yaml_edit_set takes. Owned by the edit. */
const yaml_doc *yaml_edit_doc(const yaml_edit *e);

/* Gives a scalar of that document, a value or a key, another text; a second call for the
 * same node takes the place of the first. FALSE with X0230 when that cannot be done: a
 * list, a map, a block (| or >), a key that the map has already, a character that no YAML
 * file may hold. The edit is then as before. */
gboolean yaml_edit_set(
	yaml_edit *e, const yaml_node *scalar, const char *value, GError **err);
/* Puts a plain scalar into double quotes; no change for one that has quotes. */
gboolean yaml_edit_quote(yaml_edit *e, const yaml_node *scalar, GError **err);
/* The scalar, key or value, that begins at this place of the document; NULL: none does.
 */
const yaml_node *yaml_edit_at(const yaml_edit *e, int line, int col);
/* Without a change the bytes are those given to yaml_edit_open. New string. */
char *yaml_edit_text(const yaml_edit *e, GError **err);
/* How many scalars have another text. */
guint yaml_edit_count(const yaml_edit *e);

/* One value by its path (yaml_path); no such path is X0230. New string, or NULL. */
char *yaml_edit_value(const char *file, const char *text, gsize len, const char *path,
	const char *value, GError **err);

/* Where a node stands in the text given to yaml_edit_open: bytes from…to. A scalar's are
 * its own, quotes included. FALSE when it has no place there. */
gboolean yaml_edit_span(const yaml_edit *e, const yaml_node *n, gsize *from, gsize *to);
