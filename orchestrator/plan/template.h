#pragma once
#include "format/yaml.h"
#include "plan/expression.h"

/* Expressions in a recipe's tree: `${{ name }}` in strings, and list items of
 * the form {if: condition, then: …, else: …}. Works on a copy of the tree, so
 * that binding sees plain strings and lists and knows nothing of this.
 *
 * Names are looked up in `builtin` first, then among the recipe's own `context`
 * values, which may use both and each other. Values are inserted once and not
 * looked at again, so a value cannot bring in an expression. A string may grow
 * to 64 KiB, all together to 4 MiB. */
typedef struct template_name {
	const char *name;
	const char *value; /* NULL: open, stands as `${{ name }}` */
} template_name;

typedef struct template_scope {
	const yaml_doc *doc;
	diag_list *l;
	const template_name *builtin; /* ends with name NULL */
	const yaml_node *context;     /* map, or NULL */
	gboolean lint;		      /* also warn about `{{` without `$` */
	GHashTable *values;	      /* private: context name -> value so far */
	gsize grown;		      /* private */
	int depth;		      /* private */
} template_scope;

void template_scope_init(template_scope *s, const yaml_doc *doc, diag_list *l,
	const template_name *builtin, const yaml_node *context);
void template_scope_clear(template_scope *s);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(template_scope, template_scope_clear)

/* A new tree. Errors go to the list; what cannot be replaced stays. A list item
 * whose condition is open takes both branches. Values of `if`, and everything
 * below the top-level keys in `raw` (blank-separated), are copied as they are. */
yaml_node *template_expand(template_scope *s, const yaml_node *root, const char *raw);

/* A condition that stands in a scalar of the file. */
expression_result template_condition(template_scope *s, const yaml_node *at);
