/* `xorch help recipe`: the keys of a recipe, from the very tables that read it. */
#include "base/words.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "plan/recipe_fields.h"

#define DOC_COLUMN 26

static const char *type_name(const bind_field *f)
{
	static const char *const names[] = {"string", "true|false", "number", "size",
		"duration", "", "list", "map", "", "list", "map", "", "", ""};

	return names[f->type];
}

static void fields(GString *out, const bind_struct *s, int depth)
{
	int width = MIN(output_width(), 90);

	for (const bind_field *f = s->fields; f->key; f++) {
		if (!*f->key)
			continue;
		g_autofree char *left = g_strdup_printf("%*s%s%s", depth * 2, "", f->key,
			f->flags & BIND_REQUIRED ? " *" : "");
		const char *type = type_name(f);
		g_autofree char *doc =
			g_strdup_printf("%s%s%s", type, *type ? ": " : "", f->doc);
		g_string_append_printf(out, "%-*s", DOC_COLUMN, left);
		words_fold(out, doc, DOC_COLUMN, DOC_COLUMN, width);
		g_string_append_c(out, '\n');
		if (f->type == BIND_STRUCT || f->type == BIND_STRUCTS)
			fields(out, f->arg, depth + 1);
	}
}

char *help_recipe_text(void)
{
	GString *out = g_string_new("The keys of a recipe (* must be there):\n\n");

	fields(out, &recipe_binding, 0);
	g_string_append(out,
		"\nStrings may hold ${{ name }}: name, version, target, triple, python,\n"
		"host.sysroot, host.pkg_config_wrapper and the names under `context`.\n"
		"A list item {if: CONDITION, then: …, else: …} stands for one of the "
		"two.\n"
		"Conditions: target == \"armv7\" and python < \"3.11\", with or, not, ( "
		").\n"
		"A source has one of pypi, url, git, gomod, path, debsrc.\n");
	return g_string_free(out, FALSE);
}
