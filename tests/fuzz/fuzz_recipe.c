/* The YAML reader, the binder, expressions and conditions, rendering of
 * everything they have to say. The first byte chooses what follows: a recipe,
 * or a condition by itself. */
#include "plan/expression.h"
#include "plan/recipe.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static expression_name lookup(const char *name, const char **value, void *data)
{
	(void)data;
	*value = name[0] == 'p' ? "3.10" : "armv7";
	return name[0] == 'x' ? NAME_UNKNOWN : NAME_KNOWN;
}

static void condition(const char *text)
{
	g_auto(expression_problem) p = {0}, q = {0};
	g_autoptr(expression) e = expression_parse(text, &p);

	g_assert((e == NULL) == (p.text != NULL));
	if (!e)
		return;
	expression_result r = expression_eval(e, lookup, NULL, &q);
	g_assert((r == EXPRESSION_ERROR) == (q.text != NULL));
	g_assert(q.offset + q.len <= strlen(text) + 1);
}

static void whole(const char *text, size_t size)
{
	g_autoptr(diag_list) l = diag_list_new(), later = diag_list_new();
	/* Patches and path sources are looked for in a folder that is not there. */
	g_autoptr(recipe) r = recipe_parse("fuzz.yaml", "/nonexistent", text, size, l);

	g_assert((r == NULL) == (diag_list_errors(l) > 0));
	g_free(diag_list_text(l));
	if (!r)
		return;
	recipe_vars v = {"armv7", "arm-linux-gnueabihf", "3.11", "/s", "/p"};
	g_autoptr(recipe) done = recipe_resolve(r, &v, later);
	g_free(diag_list_text(later));
	if (!done)
		return;
	g_autoptr(key) k = key_new("fuzz", 1);
	recipe_add_to_key(done, k);
	g_assert_cmpuint(strlen(key_digest(k)), ==, 64);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && data[0] == '?') {
		g_autofree char *text = g_strndup((const char *)data + 1, size - 1);
		condition(text);
	} else {
		whole((const char *)data, size);
	}
	return 0;
}
