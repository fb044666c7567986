#pragma once
#include "format/yaml.h"

/* The one form in which xorch's YAML files are written:
 *
 *  - lines end with \n, the last one too; no byte order mark, no blanks at their ends,
 *    no tabs in the indentation; one blank line at most, none at either end of the file;
 *  - maps and lists in block form are indented by two more than what holds them, a list
 *    below its key too; lines of one value (a block, brackets over several lines, a long
 *    string) are moved along and keep their shape;
 *  - one blank after `:`, `-` and `,`, none before `:` and `,` nor inside brackets;
 *  - strings have no quotes where every YAML reader takes them for the same string
 * without (yaml_quote); a list keeps those of all its items when one needs them;
 *  - the outermost keys come in a given order, each with the comments above it; comments
 *    on top of the file stay there.
 *
 * Left as they are: which lists and maps are on brackets, the order of all other keys,
 * the texts of comments and the blanks before one that ends a line. Formatting what has
 * been formatted changes nothing. */

/* `order`: the outermost keys, ended by NULL; or NULL, as they are. Others stay behind
 * the key they stood behind. `file` is the name shown.
 *
 * NULL with *err set when the text is no YAML of ours (all errors), or when the result
 * would not be the same tree with the same comments (X0231, a mistake of xorch: it is
 * better not to have touched the file). New string. */
char *yaml_format(const char *file, const char *text, gsize len, const char *const *order,
	GError **err);
/* Are two trees the same? `any_order`: but for the order of the outermost keys. */
gboolean yaml_same(const yaml_node *a, const yaml_node *b, gboolean any_order);
