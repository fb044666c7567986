#pragma once
#include <glib.h>

/* Conditions of a recipe: `target == "armv7" and python < "3.11"`.
 *
 *	condition: and-term ("or" and-term)*
 *	and-term:  factor ("and" factor)*
 *	factor:    "not" factor | "(" condition ")" | value [operator value]
 *	operator:  == != < <= > >=
 *	value:     name | "text" | 'text' | number, also of the form 3.11
 *
 * Values are texts; nothing is a float, so 3.10 is not 3.1. Two dotted numbers
 * (a `t` at the end allowed: 3.13t) are compared part by part, where == also
 * wants the same `t`; other texts can only be equal or not. A value alone must
 * be "true" or "false". At most 500 bytes, 32 levels of brackets. */
typedef struct expression expression;

/* What is wrong and where: byte offset and length within the text. */
typedef struct expression_problem {
	char *text;
	gsize offset, len;
} expression_problem;
void expression_problem_clear(expression_problem *p);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(expression_problem, expression_problem_clear)

/* NULL and *problem set when it is not of the form above. */
expression *expression_parse(const char *text, expression_problem *problem);
void expression_free(expression *e);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(expression, expression_free)

typedef enum expression_name {
	NAME_KNOWN,
	NAME_OPEN,   /* exists, its value is not settled yet */
	NAME_UNKNOWN /* an error */
} expression_name;
/* Sets *value (borrowed) when known. */
typedef expression_name (*expression_lookup)(
	const char *name, const char **value, void *data);

typedef enum expression_result {
	EXPRESSION_FALSE,
	EXPRESSION_TRUE,
	EXPRESSION_OPEN, /* depends on a name that is open */
	EXPRESSION_ERROR /* *problem is set */
} expression_result;

/* Every part is looked at, so that a misspelt name is found whatever the values. */
expression_result expression_eval(const expression *e, expression_lookup lookup,
	void *data, expression_problem *problem);
