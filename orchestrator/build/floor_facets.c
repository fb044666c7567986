#include "build/floor_facets.h"
#include <string.h>

gboolean floor_facet_id(const char *name)
{
	return g_str_has_prefix(name, "_ZNSt") && g_str_has_suffix(name, "2idE");
}

/* locale::id holds one size_t: 0, or its number plus one (libstdc++'s ABI since
 * GCC 3.4); _M_id() gives the number. dlsym(0, …) looks where the module itself
 * would: RTLD_DEFAULT takes the caller's own scope in. */
static const char head[] =
	"typedef __SIZE_TYPE__ size;\n"
	"extern size number(const size *id) __asm__(\"_ZNKSt6locale2id5_M_idEv\");\n"
	"extern void *dlsym(void *, const char *);\n"
	"#define ID(name) size name __attribute__((visibility(\"hidden\")));\n";

static const char tail[] =
	"#define ID(name) {&name, #name},\n"
	"static const struct { size *own; const char *name; } ids[] = { IDS };\n"
	"__attribute__((constructor(101))) static void take_numbers(void)\n"
	"{\n"
	"	for (size i = 0; i < sizeof ids / sizeof *ids; i++) {\n"
	"		const size *theirs = dlsym(0, ids[i].name);\n"
	"		if (theirs && theirs != ids[i].own)\n"
	"			*ids[i].own = number(theirs) + 1;\n"
	"	}\n"
	"}\n";

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *floor_facets_source(const floor_library *stub)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new();
	GHashTableIter iter;
	void *name;
	GString *out;

	g_hash_table_iter_init(&iter, stub->lacking);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		if (floor_facet_id(name))
			g_ptr_array_add(ids, name);
	if (!ids->len)
		return NULL;
	g_ptr_array_sort(ids, by_text);
	out = g_string_new(head);
	g_string_append(out, "#define IDS");
	for (guint i = 0; i < ids->len; i++)
		g_string_append_printf(out, " ID(%s)", (char *)ids->pdata[i]);
	g_string_append(out, "\nIDS\n#undef ID\n");
	g_string_append(out, tail);
	return g_string_free(out, FALSE);
}
