#include "build/python_host.h"
#include "build/python_select.h"
#include "cli/doctor.h"
#include "plan/recipe.h"

/* What the recipes of this folder want of the machine and it lacks: a CPython of each
 * version that they name. Compilers, sysroots, uv, Rust and the rest come with xorch. */

#define RECIPES "recipes"

static gboolean is_found(const GPtrArray *pythons, const char *tag)
{
	for (guint n = 0; n < pythons->len; n++) {
		const host_python *p = g_ptr_array_index(pythons, n);
		if (g_str_equal(p->tag, tag))
			return TRUE;
	}
	return FALSE;
}

/* tag -> number of recipes, of those that are not here. */
static void count(GHashTable *wanted, const recipe *r, const GPtrArray *pythons)
{
	for (guint n = 0; r->python.versions && n < r->python.versions->len; n++) {
		char *tag =
			python_tag_parse(g_ptr_array_index(r->python.versions, n), NULL);
		if (!tag || is_found(pythons, tag)) {
			g_free(tag);
			continue;
		}
		guint so_far = GPOINTER_TO_UINT(g_hash_table_lookup(wanted, tag));
		g_hash_table_replace(wanted, tag, GUINT_TO_POINTER(so_far + 1));
	}
}

void doctor_recipes(GPtrArray *checks, const GPtrArray *pythons)
{
	const char *const paths[] = {RECIPES, NULL};
	g_autoptr(diag_list) l = diag_list_new(); /* `xorch check` shows it */
	g_autoptr(GHashTable) wanted =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GPtrArray) files =
		g_file_test(RECIPES, G_FILE_TEST_IS_DIR) ? recipe_find(paths, l) : NULL;

	for (guint n = 0; files && n < files->len; n++) {
		g_autoptr(recipe) r = recipe_load(g_ptr_array_index(files, n), l);
		if (r)
			count(wanted, r, pythons);
	}
	g_autoptr(GList) tags =
		g_list_sort(g_hash_table_get_keys(wanted), (GCompareFunc)g_strcmp0);
	for (GList *at = tags; at; at = at->next) {
		guint n = GPOINTER_TO_UINT(g_hash_table_lookup(wanted, at->data));
		doctor_add(checks, "python", DOCTOR_LESS,
			g_strdup_printf("%s is not here; %u recipe%s in " RECIPES
					"/ %s for it",
				(char *)at->data, n, n == 1 ? "" : "s",
				n == 1 ? "is" : "are"),
			"a wheel needs a CPython of its own version on the build "
			"machine: `uv python install`, pyenv, or the system's package");
	}
}
