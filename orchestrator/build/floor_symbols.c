#include "build/floor_symbols.h"
#include "base/error.h"
#include <string.h>

static void symbol_free(void *data)
{
	floor_symbol *s = data;

	g_free(s->name);
	g_free(s->version);
	g_free(s);
}

void floor_library_free(floor_library *library)
{
	if (!library)
		return;
	g_free(library->soname);
	g_ptr_array_unref(library->symbols);
	g_ptr_array_unref(library->versions);
	g_hash_table_unref(library->lacking);
	g_free(library);
}

int floor_version_compare(const char *a, const char *b)
{
	while (*a && *b) {
		if (g_ascii_isdigit(*a) && g_ascii_isdigit(*b)) {
			char *end_a, *end_b;
			guint64 x = g_ascii_strtoull(a, &end_a, 10);
			guint64 y = g_ascii_strtoull(b, &end_b, 10);
			if (x != y)
				return x < y ? -1 : 1;
			a = end_a;
			b = end_b;
			continue;
		}
		if (*a != *b)
			return (guchar)*a < (guchar)*b ? -1 : 1;
		a++;
		b++;
	}
	return *a ? 1 : *b ? -1 : 0;
}

/* Names the linker itself makes in every library. */
static gboolean linker_made(const char *name)
{
	static const char *const names[] = {"_init", "_fini", "_edata", "edata", "_end",
		"end", "__end__", "__bss_start", "__bss_start__", "__bss_end__",
		"_bss_end__", "_etext", "__data_start", NULL};

	return g_strv_contains(names, name);
}

static gboolean counts(const elf_symbol *s)
{
	if (!s->defined || s->local || !s->name || !*s->name || linker_made(s->name))
		return FALSE;
	/* The marks of the versions themselves. */
	if (s->section == SHN_ABS && s->version && g_str_equal(s->name, s->version))
		return FALSE;
	if (s->section == SHN_ABS && !s->version)
		return FALSE;
	return s->type == STT_FUNC || s->type == STT_OBJECT || s->type == STT_TLS ||
	       s->type == STT_GNU_IFUNC || s->type == STT_NOTYPE;
}

static gboolean plain_text(const char *text)
{
	for (; *text; text++)
		if (!g_ascii_isalnum(*text) && !strchr("_.$", *text))
			return FALSE;
	return TRUE;
}

static floor_symbol *symbol_new(const elf_symbol *s)
{
	floor_symbol *out = g_new0(floor_symbol, 1);

	out->name = g_strdup(s->name);
	out->version = g_strdup(s->version);
	out->size = s->size;
	out->address = s->value;
	out->section = s->section;
	out->type = s->type == STT_GNU_IFUNC ? STT_FUNC : s->type;
	out->bind = s->bind == STB_WEAK ? STB_WEAK : STB_GLOBAL;
	return out;
}

static int by_name(const void *a, const void *b)
{
	const floor_symbol *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static int by_version(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return floor_version_compare(*x, *y);
}

/* Fills `offered` (names with a default version) and `best` (name -> the
 * symbol with its highest allowed version). */
static gboolean choose(const elf_file *file, const char *soname, floor_allows allows,
	const void *data, GHashTable *offered, GHashTable *best, GError **err)
{
	for (guint i = 0; i < file->n_symbols; i++) {
		const elf_symbol *s = &file->symbols[i], *old;
		if (!counts(s))
			continue;
		if (!plain_text(s->name) || (s->version && !plain_text(s->version))) {
			g_autofree char *name = text_escape(s->name, -1);
			return error_set(err, EXIT_INTEGRITY, "X0930",
				"%s has a symbol no assembler takes: %s", soname, name);
		}
		if (s->version && g_str_has_suffix(s->version, "_PRIVATE"))
			continue;
		if (!s->hidden)
			g_hash_table_insert(offered, (void *)s->name, (void *)s);
		if (s->version && !allows(soname, s->name, s->version, data))
			continue;
		old = g_hash_table_lookup(best, s->name);
		if (!old || !s->version ||
			(old->version &&
				floor_version_compare(old->version, s->version) < 0))
			g_hash_table_insert(best, (void *)s->name, (void *)s);
	}
	return TRUE;
}

floor_library *floor_library_select(
	const elf_file *file, floor_allows allows, const void *data, GError **err)
{
	g_autoptr(GHashTable) offered = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) best = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GHashTable) versions = g_hash_table_new(g_str_hash, g_str_equal);
	const char *soname = file->soname ? file->soname : file->name;
	GHashTableIter iter;
	void *name, *value;

	if (!choose(file, soname, allows, data, offered, best, err))
		return NULL;
	floor_library *out = g_new0(floor_library, 1);
	out->soname = g_strdup(soname);
	out->symbols = g_ptr_array_new_with_free_func(symbol_free);
	out->versions = g_ptr_array_new_with_free_func(g_free);
	out->lacking = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_iter_init(&iter, offered);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		const elf_symbol *s = g_hash_table_lookup(best, name), *today = value;
		if (s) {
			g_ptr_array_add(out->symbols, symbol_new(s));
			if (s != today)
				out->lowered = TRUE;
			if (s->version)
				g_hash_table_add(versions, (void *)s->version);
		} else {
			out->lowered = TRUE;
			g_hash_table_insert(
				out->lacking, g_strdup(name), g_strdup(today->version));
		}
	}
	g_ptr_array_sort(out->symbols, by_name);
	g_hash_table_iter_init(&iter, versions);
	while (g_hash_table_iter_next(&iter, &name, NULL))
		g_ptr_array_add(out->versions, g_strdup(name));
	g_ptr_array_sort(out->versions, by_version);
	return out;
}

const floor_symbol *floor_library_find(const floor_library *library, const char *name)
{
	guint low = 0, high = library->symbols->len;

	while (low < high) {
		guint middle = low + (high - low) / 2;
		const floor_symbol *s = g_ptr_array_index(library->symbols, middle);
		int order = strcmp(s->name, name);
		if (!order)
			return s;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}
