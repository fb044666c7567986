#include "plan/catalog.h"
#include "plan/project_fields.h"
#include "plan/recipe.h"
#include "plan/recipe_fields.h"

const char **definition_keys(definition_kind kind)
{
	const bind_struct *s = kind == DEFINITION_SYSROOT     ? &sysroot_def_binding
			       : kind == DEFINITION_TOOLCHAIN ? &toolchain_def_binding
			       : kind == DEFINITION_PROJECT   ? &project_binding
							      : &recipe_binding;
	GPtrArray *keys = g_ptr_array_new();

	for (const bind_field *f = s->fields; f->key; f++)
		g_ptr_array_add(keys, (gpointer)f->key);
	g_ptr_array_add(keys, NULL);
	return (const char **)g_ptr_array_free(keys, FALSE);
}
