#include "build/python_symbols.h"
#include "format/elf.h"
#include <string.h>

static void add_exports(GHashTable *names, const elf_file *f)
{
	for (guint i = 0; i < f->n_symbols; i++) {
		const elf_symbol *s = &f->symbols[i];
		/* Others (a static zlib's, say) are this interpreter's own affair. */
		if (s->defined && !s->local &&
			(g_str_has_prefix(s->name, "Py") ||
				g_str_has_prefix(s->name, "_Py")))
			g_hash_table_add(names, g_strdup(s->name));
	}
}

/* The first place where the program would find its libpython. */
static elf_file *open_library(
	const host_python *p, const elf_file *program, const char *name)
{
	g_autofree char *bin = g_path_get_dirname(p->executable);
	g_autoptr(GPtrArray) places = g_ptr_array_new_with_free_func(g_free);
	const char *list = program->runpath ? program->runpath : program->rpath;
	g_auto(GStrv) entries = g_strsplit(list ? list : "", ":", -1);

	for (char **e = entries; *e; e++) {
		const char *rest = g_str_has_prefix(*e, "$ORIGIN") ? *e + 7 : NULL;
		if (**e)
			g_ptr_array_add(places,
				rest ? g_strconcat(bin, rest, NULL) : g_strdup(*e));
	}
	g_ptr_array_add(places, g_build_filename(p->base_prefix, "lib", NULL));
	if (p->multiarch) {
		g_ptr_array_add(places,
			g_build_filename(p->base_prefix, "lib", p->multiarch, NULL));
		g_ptr_array_add(places, g_build_filename("/lib", p->multiarch, NULL));
	}
	for (guint i = 0; i < places->len; i++) {
		g_autofree char *path =
			g_build_filename(g_ptr_array_index(places, i), name, NULL);
		elf_file *f = g_file_test(path, G_FILE_TEST_IS_REGULAR)
				      ? elf_file_open_path(path, 0, NULL)
				      : NULL;
		if (f)
			return f;
	}
	return NULL;
}

GHashTable *host_python_symbols(const host_python *p)
{
	g_autoptr(elf_file) program = elf_file_open_path(p->executable, 0, NULL);
	g_autoptr(GHashTable) names =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	if (!program)
		return NULL;
	add_exports(names, program);
	for (guint i = 0; i < program->needed->len; i++) {
		const char *name = g_ptr_array_index(program->needed, i);
		if (!g_str_has_prefix(name, "libpython"))
			continue;
		g_autoptr(elf_file) library = open_library(p, program, name);
		if (library)
			add_exports(names, library);
	}
	/* In every CPython since 3.0; without it the rest is no interpreter. */
	if (!g_hash_table_contains(names, "PyModule_Create2"))
		return NULL;
	return g_steal_pointer(&names);
}
