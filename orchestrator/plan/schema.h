#pragma once
#include "format/yaml_bind.h"
#include <jansson.h>

/* JSON schemas (draft 07) for editors, made from the tables that read the files: a key
 * that is added to a table is in the schema. What a schema cannot say is left to `xorch
 * check`: whether names in expressions exist, whether files do, what two numbers are to
 * each other. Where YAML readers would see a number or a boolean in an unquoted value
 * that xorch takes as text, the schema takes both. Numbers want to be unquoted. */
json_t *schema_of_recipe(void);	 /* recipe-1.schema.json */
json_t *schema_of_project(void); /* xorch.yaml */

/* What a check of plan/recipe_fields.h accepts, as definition: its name, and new JSON.
 * NULL for none and for one that has no row. */
const char *schema_check_name(bind_check check);
json_t *schema_check_json(const char *name);
/* All names, NULL-terminated. */
extern const char *const schema_check_names[];
