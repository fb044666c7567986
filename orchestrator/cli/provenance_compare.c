#include "cli/provenance_compare.h"
#include "format/intoto.h"
#include <string.h>

typedef struct fact {
	char *name, *value; /* value: what is compared */
	char *shown;
} fact;

static void fact_free(void *data)
{
	fact *f = data;

	g_free(f->name);
	g_free(f->value);
	g_free(f->shown);
	g_free(f);
}

static void add(GPtrArray *facts, const char *name, const char *value, const char *shown)
{
	fact *f = g_new0(fact, 1);

	f->name = g_strdup(name);
	f->value = g_strdup(value);
	f->shown = g_strdup(shown);
	g_ptr_array_add(facts, f);
}

/* The file of a tool or package is called by its version: that is its value, not its
 * name. New string. */
static char *name_of(const json_t *row)
{
	const json_t *a = json_get_object(row, "annotations");
	const char *package = json_get_string(a, "package");
	const char *purpose = json_get_string(a, "for");
	const char *name = json_get_string(row, "name");

	if (package)
		return g_strconcat("package ", package, NULL);
	if (purpose && g_str_has_prefix(purpose, "toolchain "))
		return g_strdup(purpose);
	return g_strdup_printf("%s %s", purpose ? purpose : "input", name ? name : "?");
}

static void add_row(GPtrArray *facts, const json_t *row)
{
	const char *hex = json_get_string(json_get_object(row, "digest"), "sha256");
	const char *uri = json_get_string(row, "uri");
	const char *version =
		json_get_string(json_get_object(row, "annotations"), "version");
	g_autofree char *name = name_of(row);
	g_autofree char *shown = version ? g_strdup(version)
				 : hex	 ? g_strdup_printf("sha256 %.12s…", hex)
					 : g_strdup(uri ? uri : "?");

	add(facts, name, hex ? hex : uri ? uri : "", shown);
}

static GPtrArray *facts_of(const json_t *statement)
{
	GPtrArray *facts = g_ptr_array_new_with_free_func(fact_free);
	const json_t *builder = json_get_object(intoto_details(statement), "builder");
	const char *version =
		json_get_string(json_get_object(builder, "version"), "xorch");
	gsize n;
	const json_t *row;

	if (version)
		add(facts, "xorch", version, version);
	json_array_foreach(
		json_get_array(intoto_definition(statement), "resolvedDependencies"), n,
		row)
	{
		add_row(facts, row);
	}
	return facts;
}

static const fact *find(const GPtrArray *facts, const char *name)
{
	for (guint n = 0; n < facts->len; n++) {
		const fact *f = g_ptr_array_index(facts, n);
		if (g_str_equal(f->name, name))
			return f;
	}
	return NULL;
}

GPtrArray *provenance_differences(const json_t *then, const json_t *now)
{
	g_autoptr(GPtrArray) old = facts_of(then), new = facts_of(now);
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);

	for (guint n = 0; n < old->len; n++) {
		const fact *a = g_ptr_array_index(old, n), *b = find(new, a->name);
		if (!b)
			g_ptr_array_add(out, g_strdup_printf("%s: only then", a->name));
		else if (!g_str_equal(a->value, b->value))
			g_ptr_array_add(out, g_strdup_printf("%s: %s -> %s", a->name,
						     a->shown, b->shown));
	}
	for (guint n = 0; n < new->len; n++) {
		const fact *b = g_ptr_array_index(new, n);
		if (!find(old, b->name))
			g_ptr_array_add(out, g_strdup_printf("%s: only now", b->name));
	}
	return out;
}
