#include "build/starter_private.h"
#include "plan/recipe_fields.h"
#include <string.h>

/* The file that compiles code for processors with that feature; NULL: none. */
static const char *find_code(const json_t *facts, const char *feature)
{
	const json_t *rows = json_get_array(facts, "arm_code");

	for (gsize i = 0; i < json_array_size(rows); i++) {
		const json_t *row = json_array_get(rows, i);
		if (g_strcmp0(json_get_string(row, "name"), feature) == 0)
			return json_get_string(row, "where");
	}
	return NULL;
}

void starter_cpu(GString *out, const json_t *facts)
{
	static const char *const features[] = {"neon", "vfpv4", "armv8"};
	const char *asks = json_get_string(facts, "arm_asks"), *last = NULL;
	g_autoptr(GString) list = g_string_new(NULL);

	/* Without a question at run time it would end on processors that lack it. */
	for (guint n = 0; asks && n < G_N_ELEMENTS(features); n++) {
		const char *where = find_code(facts, features[n]);
		if (!where)
			continue;
		last = where;
		g_string_append_printf(list, "%s%s", list->len ? ", " : "", features[n]);
	}
	if (!last)
		return;
	g_string_append(out, "  # guessed: for armv7 ");
	starter_append_shown(out, last);
	g_string_append(out, " compiles some code so, and ");
	if (g_str_equal(last, asks))
		g_string_append(out, "it");
	else
		starter_append_shown(out, asks);
	g_string_append_printf(
		out, " asks for the processor at run time\n  cpu: [%s]\n", list->str);
}

/* Where a wheel has that file of the source: as upstream's has it, NULL when that has it
 * not; without one as it lies below src/. */
static const char *place_of(const char *rel, const upstream_wheel *up)
{
	for (guint i = 0; up->file && i < up->shared->len; i++) {
		const char *path = g_ptr_array_index(up->shared, i);
		const char *end = g_str_has_suffix(rel, path)
					  ? rel + strlen(rel) - strlen(path)
					  : NULL;
		if (end && (end == rel || end[-1] == '/'))
			return path;
	}
	return up->file ? NULL : rel + (g_str_has_prefix(rel, "src/") ? 4 : 0);
}

void starter_foreign(GString *out, const json_t *facts, const upstream_wheel *up)
{
	const json_t *rows = json_get_array(facts, "prebuilt");
	gboolean begun = FALSE;

	for (gsize i = 0; i < json_array_size(rows); i++) {
		const char *rel = json_string_value(json_array_get(rows, i));
		const char *path = rel ? place_of(rel, up) : NULL;
		if (!path || check_path(path))
			continue;
		if (!begun)
			g_string_append(out,
				"  foreign: # guessed: the source brings them as they "
				"are\n");
		begun = TRUE;
		g_string_append(out, "    - ");
		starter_quote(out, path);
		g_string_append_c(out, '\n');
	}
}
