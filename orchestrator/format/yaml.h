#pragma once
#include "base/diag.h"

/* The YAML xorch reads: recipes, catalogues, locks, configuration. A subset of
 * YAML 1.1 as libyaml reads it, without the parts on which readers disagree or
 * which hide something: no aliases, anchors, tags, merge keys, duplicate keys,
 * several documents, control characters. No implicit typing either: a scalar
 * is its text, `1.10` is "1.10" and `no` is "no"; whoever wants a number or a
 * bool asks for one (format/yaml_bind.h).
 *
 * Limits: 1 MiB a file, 64 levels. A byte order mark and CRLF are accepted. */
#define YAML_BYTES_MAX (1024 * 1024)
#define YAML_DEPTH_MAX 64

typedef enum yaml_kind { YAML_SCALAR, YAML_SEQ, YAML_MAP } yaml_kind;

typedef struct yaml_node {
	yaml_kind kind;
	int line, col;		  /* where it begins, from 1, columns in code points */
	int end_line, end_col;	  /* just after its last character */
	char *text;		  /* scalar: its value, NUL-terminated, no NUL inside */
	gboolean quoted;	  /* scalar: in quotes or a block (| or >) */
	gboolean broken;	  /* an error has been reported: nobody need look */
	gboolean maybe;		  /* in a list: a condition not decided yet chooses it;
				   * of a list: conditions chose what is in it */
	GPtrArray *items;	  /* sequence: yaml_node */
	GPtrArray *keys, *values; /* map: parallel, keys are scalars */
} yaml_node;

typedef struct yaml_doc {
	diag_source *source;
	yaml_node *root;
} yaml_doc;

/* Parses one file. All that is wrong goes to the list (codes X0202…X0217). NULL
 * when no tree could be built; a tree with
 * errors in the list is there to be checked further, not to be used.
 * `file` is the name shown. Never touches the disk. */
yaml_doc *yaml_parse(const char *file, const char *text, gsize len, diag_list *l);
/* Reads the file (regular, at most 1 MiB; "-" is standard input, shown as
 * "<stdin>") and parses it. */
yaml_doc *yaml_load(const char *path, diag_list *l);
/* Its bytes alone, up to a little more than that size; NULL with X0216 in the list. */
GString *yaml_read(const char *path, diag_list *l);
void yaml_doc_free(yaml_doc *doc);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(yaml_doc, yaml_doc_free)

/* The value of a key, or NULL: not a map, or no such key. */
yaml_node *yaml_map_get(const yaml_node *map, const char *key);
/* The key's own node, for carets under the key. */
yaml_node *yaml_map_key(const yaml_node *map, const char *key);
/* Follows a path such as "build.skip[0].if" from a node; NULL when absent. */
yaml_node *yaml_path(const yaml_node *from, const char *path);

/* Nodes made by hand (expansion of expressions); the place is copied from
 * `like`. yaml_node_free frees the whole tree below. */
yaml_node *yaml_node_new(yaml_kind kind, const yaml_node *like);
void yaml_node_free(yaml_node *n);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(yaml_node, yaml_node_free)

/* Code points to underline for a node: its first line only. */
int yaml_span(const yaml_doc *doc, const yaml_node *n);
/* Adds a diagnostic at a node; more detail by diag_label … */
diag *yaml_error(const yaml_doc *doc, diag_list *l, const yaml_node *at, const char *code,
	const char *fmt, ...) G_GNUC_PRINTF(5, 6);
diag *yaml_warning(const yaml_doc *doc, diag_list *l, const yaml_node *at,
	const char *code, const char *fmt, ...) G_GNUC_PRINTF(5, 6);
/* "a string", "a list", "a map", for messages. */
const char *yaml_kind_name(yaml_kind kind);

/* "true" or "false" for the words that YAML 1.1 takes for a boolean (yes, Off …), NULL
 * for any other text. */
const char *yaml_boolean(const char *text);

/* Would a reader with implicit types take this plain scalar for a boolean, a number or
 * null? */
gboolean yaml_is_typed(const char *text);

/* A scalar as a writer puts it down: plain where every YAML reader takes the
 * plain form for this very string, else in double quotes. New string. */
char *yaml_quote(const char *text);
