#include "build/closure.h"
#include "build/starter_private.h"
#include "plan/recipe.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte says what the rest is: a requirements.txt, or the facts of a source
 * (the JSON of build/source_facts.h), of which a recipe is written that must be one. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
	if (data[0] % 2 == 0) {
		g_autoptr(GPtrArray) skipped = g_ptr_array_new_with_free_func(g_free);
		g_autoptr(GPtrArray) lines = requirements_parse(text, skipped, NULL);
		for (guint i = 0; lines && i < lines->len; i++)
			g_assert_cmpuint(strlen(lines->pdata[i]), >, 0);
		return 0;
	}
	g_autoptr(json_t) facts = json_parse(text, strlen(text), "facts", NULL);
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GPtrArray) notes = g_ptr_array_new_with_free_func(g_free);
	const upstream_wheel none = {0};
	if (!facts || !json_is_object(facts))
		return 0;
	starter_head(out, "name", "1.0", "wheel", facts);
	g_string_append(out, "source:\n  pypi: name\n");
	starter_wheel_parts(NULL, out, facts, &none, notes);
	starter_about(out, facts);
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(recipe) r = recipe_parse("r.yaml", ".", out->str, out->len, l);
	if (!r) {
		g_autofree char *said = diag_list_text(l);
		g_error("%s\n%s", out->str, said);
	}
	return 0;
}
