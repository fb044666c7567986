#include "build/floor_facets.h"
#include <string.h>

gboolean floor_facet_id(const char *name)
{
	return g_str_has_prefix(name, "_ZNSt") && g_str_has_suffix(name, "2idE");
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *floor_facet_ids(const floor_library *stub)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	void *name;

	g_hash_table_iter_init(&iter, stub->lacking);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		if (floor_facet_id(name))
			g_ptr_array_add(ids, g_strdup(name));
	g_ptr_array_sort(ids, by_text);
	return ids;
}

/* locale::id holds one size_t: 0, or its number plus one. locale is a pointer to
 * an _Impl; the classic one's arrays are static and never freed, so they can be
 * replaced by longer ones as long as the length grows last. dlsym(0, …) looks
 * where the module itself would: RTLD_DEFAULT takes the caller's scope in. */
static const char common[] =
	"typedef __SIZE_TYPE__ size;\n"
	"struct impl { int refs; const void **facets; size n; const void **caches; };\n"
	"extern size number(const size *id) __asm__(\"_ZNKSt6locale2id5_M_idEv\");\n"
	"extern struct impl **classic(void) __asm__(\"_ZNSt6locale7classicEv\");\n"
	"extern void *dlsym(void *, const char *);\n"
	"extern void *calloc(size, size);\n"
	"static const void **longer(const void **old, size n, size wanted)\n"
	"{\n"
	"	const void **out = calloc(wanted, sizeof *out);\n"
	"	for (size i = 0; out && i < n; i++)\n"
	"		out[i] = old[i];\n"
	"	return out;\n"
	"}\n"
	"__attribute__((visibility(\"hidden\")))\n"
	"void xorch_facet(size *own, const char *name, const void *(*make)(void))\n"
	"{\n"
	"	const size *theirs = dlsym(0, name);\n"
	"	struct impl *locale = *classic();\n"
	"	size i;\n"
	"	if (theirs && theirs != own) {\n"
	"		*own = number(theirs) + 1;\n"
	"		return;\n"
	"	}\n"
	"	i = number(own);\n"
	"	if (!make)\n"
	"		return;\n"
	"	if (i < locale->n) {\n"
	"		if (!locale->facets[i])\n"
	"			locale->facets[i] = make();\n"
	"		return;\n"
	"	}\n"
	"	const void **facets = longer(locale->facets, locale->n, i + 1);\n"
	"	const void **caches = longer(locale->caches, locale->n, i + 1);\n"
	"	if (!facets || !caches)\n"
	"		return;\n"
	"	facets[i] = make();\n"
	"	__atomic_store_n(&locale->facets, facets, __ATOMIC_RELEASE);\n"
	"	__atomic_store_n(&locale->caches, caches, __ATOMIC_RELEASE);\n"
	"	__atomic_store_n(&locale->n, i + 1, __ATOMIC_RELEASE);\n"
	"}\n";

const char *floor_facet_common(void)
{
	return common;
}

static void asm_line(GString *out, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
static void asm_line(GString *out, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_string_append(out, "__asm__(\"");
	g_string_append_vprintf(out, fmt, ap);
	g_string_append(out, "\");\n");
	va_end(ap);
}

/* The id lies in a section of its own and the entry of its constructor belongs to
 * that (SHF_LINK_ORDER): where --gc-sections finds the id unused, all goes. */
char *floor_facet_source(const floor_library *stub, const char *id, gboolean is64)
{
	const int word = is64 ? 8 : 4;
	GString *out = g_string_new("typedef __SIZE_TYPE__ size;\n");
	/* Class::Class(size_t refs): …2idE becomes …C1Em, size_t being unsigned long
	 * on 64 bits and unsigned int on 32. */
	g_autofree char *maker = g_strdup_printf(
		"%.*sC1E%c", (int)(strlen(id) - strlen("2idE")), id, is64 ? 'm' : 'j');
	gboolean has_maker = g_hash_table_contains(stub->lacking, maker);

	g_string_append_printf(out,
		"#define HIDDEN __attribute__((visibility(\"hidden\")))\n"
		"HIDDEN extern void xorch_facet(\n"
		"	size *, const char *, const void *(*)(void));\n"
		"HIDDEN extern size %s;\n",
		id);
	/* No facet is larger than this; one reference is ours, it is never freed. */
	if (has_maker)
		g_string_append_printf(out,
			"extern void %s(void *, size);\n"
			"static const void *make(void)\n"
			"{\n"
			"	static void *room[16];\n"
			"	%s(room, 1);\n"
			"	return room;\n"
			"}\n",
			maker, maker);
	g_string_append_printf(out,
		"__attribute__((used)) static void start(void)\n"
		"{\n"
		"	xorch_facet(&%s, \"%s\", %s);\n"
		"}\n",
		id, id, has_maker ? "make" : "0");
	asm_line(out, ".section .bss.xorch_id,\\\"aw\\\",%%nobits");
	asm_line(out, ".globl %s", id);
	asm_line(out, ".hidden %s", id);
	asm_line(out, ".type %s,%%object", id);
	asm_line(out, ".size %s,%d", id, word);
	asm_line(out, ".balign %d", word);
	asm_line(out, "%s: .zero %d", id, word);
	asm_line(out, ".section .init_array.101,\\\"awo\\\",%%init_array,%s", id);
	asm_line(out, ".balign %d", word);
	asm_line(out, "%s start", is64 ? ".quad" : ".long");
	return g_string_free(out, FALSE);
}
