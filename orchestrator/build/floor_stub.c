#include "build/floor_stub.h"
#include <string.h>

/* Objects by address, functions by name: aliases come to lie side by side. */
static int by_place(const void *a, const void *b)
{
	const floor_symbol *x = *(floor_symbol *const *)a;
	const floor_symbol *y = *(floor_symbol *const *)b;
	gboolean data_x = x->type == STT_OBJECT || x->type == STT_TLS;
	gboolean data_y = y->type == STT_OBJECT || y->type == STT_TLS;

	if (data_x != data_y)
		return data_x ? 1 : -1;
	if (data_x && x->section != y->section)
		return x->section < y->section ? -1 : 1;
	if (data_x && x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return strcmp(x->name, y->name);
}

static const char *section_of(const floor_symbol *s)
{
	switch (s->type) {
	case STT_OBJECT:
		return "\t.data\n";
	case STT_TLS:
		return "\t.section .tdata,\"awT\",%progbits\n";
	default:
		return "\t.text\n";
	}
}

static const char *type_of(const floor_symbol *s)
{
	switch (s->type) {
	case STT_OBJECT:
		return "%object";
	case STT_TLS:
		return "%tls_object";
	case STT_NOTYPE:
		return "%notype";
	default:
		return "%function";
	}
}

static guint64 size_of(const floor_symbol *s)
{
	gboolean data = s->type == STT_OBJECT || s->type == STT_TLS;

	return data && s->size ? s->size : 4;
}

/* A copy needs the alignment the object has in the library; its address shows
 * what that can be at most. */
static guint64 alignment_of(const floor_symbol *s)
{
	guint64 low = s->address & (~s->address + 1);

	if (s->type != STT_OBJECT && s->type != STT_TLS)
		return 4;
	return low && low < 64 ? low : 64;
}

static void symbol_write(GString *out, const floor_symbol *s, guint i)
{
	g_autofree char *label = s->version ? g_strdup_printf("xorch_stub_%u", i) : NULL;
	const char *bind = s->bind == STB_WEAK ? ".weak" : ".globl";

	/* .symver makes NAME@@VERSION of a symbol and @@@ takes the symbol away;
	 * a local label would not do, so each has a global name of its own. */
	const char *name = label ? label : s->name;
	g_string_append_printf(out,
		"\t%s \"%s\"\n\t.type \"%s\",%s\n\t.size \"%s\",%" G_GUINT64_FORMAT "\n",
		bind, name, name, type_of(s), name, size_of(s));
	if (label)
		g_string_append_printf(
			out, "\t.symver \"%s\",\"%s@@@%s\"\n", name, s->name, s->version);
	g_string_append_printf(out, "\"%s\":\n", name);
}

char *floor_stub_assembly(const floor_library *library)
{
	g_autoptr(GPtrArray) order = g_ptr_array_new();
	GString *out = g_string_new("\t.text\n");

	g_ptr_array_extend(order, library->symbols, NULL, NULL);
	g_ptr_array_sort(order, by_place);
	for (guint i = 0; i < order->len;) {
		const floor_symbol *s = g_ptr_array_index(order, i);
		guint64 space = 0;
		g_string_append(out, section_of(s));
		g_string_append_printf(
			out, "\t.balign %" G_GUINT64_FORMAT "\n", alignment_of(s));
		for (guint first = i; i < order->len; i++) {
			const floor_symbol *alias = g_ptr_array_index(order, i);
			gboolean data = s->type == STT_OBJECT || s->type == STT_TLS;
			if (i > first && !(data && alias->type == s->type &&
						 alias->section == s->section &&
						 alias->address == s->address))
				break;
			symbol_write(out, alias, i);
			space = MAX(space, size_of(alias));
		}
		g_string_append_printf(out, "\t.space %" G_GUINT64_FORMAT "\n", space);
	}
	g_string_append(out, "\t.section .note.GNU-stack,\"\",%progbits\n");
	return g_string_free(out, FALSE);
}

char *floor_stub_version_script(const floor_library *library)
{
	GString *out;

	if (!library->versions->len)
		return NULL;
	out = g_string_new(NULL);
	for (guint i = 0; i < library->versions->len; i++)
		g_string_append_printf(out, "%s { };\n",
			(char *)g_ptr_array_index(library->versions, i));
	return g_string_free(out, FALSE);
}
