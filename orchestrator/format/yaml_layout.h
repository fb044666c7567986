#pragma once
#include "format/yaml.h"

/* How a YAML text lies on its lines, for the formatter alone (format/yaml_format.h).
 * Texts have \n as their only line end, no byte order mark, and parse without error. */
typedef enum yaml_mark {
	MARK_DASH,
	MARK_QUESTION,
	MARK_COLON,
	MARK_COMMA,
	MARK_OPEN,  /* [ { */
	MARK_CLOSE, /* ] } */
	MARK_SCALAR,
	MARK_OTHER /* --- ... and directives */
} yaml_mark;

typedef struct yaml_token {
	yaml_mark mark;
	gsize from, to;	 /* bytes; a block (| or >) ends with its last line, and with the
			  * blank ones below when it keeps them */
	gboolean block;	 /* scalar: | or > */
	gboolean bare;	 /* scalar in quotes that it does not need */
	guint line, end; /* lines it begins on and its last byte is on, from 0 */
} yaml_token;

typedef struct yaml_line {
	gsize from, to;	  /* bytes, without the line end */
	guint first;	  /* the first token that begins here, when it has one */
	gboolean blank;	  /* nothing on it, and not inside a scalar */
	gboolean comment; /* nothing but a comment */
	gboolean code;	  /* its first character begins a token */
	int inside;	  /* the token that goes on here from the line before; -1: none */
	int indent;	  /* blanks it begins with */
	int fresh;	  /* those it shall begin with; -1: as it is */
} yaml_line;

typedef struct yaml_layout {
	const char *text; /* borrowed */
	gsize len;
	yaml_doc *doc;
	GArray *tokens; /* yaml_token */
	GArray *lines;	/* yaml_line */
} yaml_layout;

/* NULL with errors in the list when it does not parse. */
yaml_layout *yaml_layout_new(const char *file, const char *text, gsize len, diag_list *l);
void yaml_layout_free(yaml_layout *y);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(yaml_layout, yaml_layout_free)

yaml_line *yaml_layout_line(const yaml_layout *y, guint n);
yaml_token *yaml_layout_token(const yaml_layout *y, guint n);
/* The token that begins where the node does; NULL for an empty value. */
yaml_token *yaml_layout_token_of(const yaml_layout *y, const yaml_node *n);
/* Is it written on [ ] or { }? */
gboolean yaml_layout_is_flow(const yaml_layout *y, const yaml_node *n);
/* The comments, without blanks around them, in the order of the text: char *. */
GPtrArray *yaml_layout_comments(const yaml_layout *y);
/* Does a block keep the blank lines below it (|+)? */
gboolean yaml_block_keeps(const char *header);
/* The indentation its header names (|2); 0: none. */
int yaml_block_digit(const char *header);

/* Settles `fresh` of all lines and `bare` of all tokens (yaml_indent.c). */
void yaml_layout_indent(yaml_layout *y);
/* The text with the keys of its map in the order of the list, comments with the key they
 * stand above. New string. (yaml_order.c) */
char *yaml_layout_sort(const yaml_layout *y, const char *const *order);
