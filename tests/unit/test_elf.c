#include "format/ar.h"
#include "format/elf.h"
#include "base/error.h"
#include <string.h>

static elf_file *open_fixture(const char *name, int flags)
{
	g_autofree char *path = g_build_filename(FIXTURES, "elf", name, NULL);
	g_autoptr(GError) err = NULL;
	elf_file *f = elf_file_open_path(path, flags, &err);

	g_assert_no_error(err);
	return f;
}

static const elf_symbol *find(const elf_file *f, const char *name, const char *version)
{
	for (guint i = 0; i < f->n_symbols; i++)
		if (g_str_equal(f->symbols[i].name, name) &&
			g_strcmp0(f->symbols[i].version, version) == 0)
			return &f->symbols[i];
	return NULL;
}

static void definitions(gconstpointer name)
{
	g_autoptr(elf_file) f = open_fixture(name, 0);
	static const struct {
		const char *name, *version;
		guint8 type, bind;
		guint64 size;
		gboolean hidden;
	} want[] = {
		{"twice", "V_1.0", STT_FUNC, STB_GLOBAL, 8, TRUE},
		{"twice", "V_2.0", STT_FUNC, STB_GLOBAL, 8, FALSE},
		{"plain", "V_1.0", STT_FUNC, STB_GLOBAL, 8, FALSE},
		{"soft", "V_1.0", STT_FUNC, STB_WEAK, 8, FALSE},
		{"table", "V_1.0", STT_OBJECT, STB_GLOBAL, 32, FALSE},
		{"per_thread", "V_1.0", STT_TLS, STB_GLOBAL, 4, FALSE},
		{"chosen", "V_1.0", STT_GNU_IFUNC, STB_GLOBAL, 0, FALSE},
	};

	g_assert_cmpstr(f->soname, ==, "libver.so.1");
	g_assert_true(f->dynamic && f->stack_note && !f->exec_stack && !f->writable_code);
	for (gsize i = 0; i < G_N_ELEMENTS(want); i++) {
		const elf_symbol *s = find(f, want[i].name, want[i].version);
		g_assert_nonnull(s);
		g_assert_true(s->defined && !s->local);
		g_assert_cmpint(s->type, ==, want[i].type);
		g_assert_cmpint(s->bind, ==, want[i].bind);
		g_assert_cmpint(s->hidden, ==, want[i].hidden);
		if (want[i].size)
			g_assert_cmpuint(s->size, ==, want[i].size);
	}
	const elf_symbol *table = find(f, "table", "V_1.0");
	const elf_symbol *alias = find(f, "alias_of_table", "V_1.0");
	g_assert_cmpuint(table->value, ==, alias->value);
	g_assert_cmpuint(table->section, ==, alias->section);
	g_assert_null(find(f, "old_impl", NULL));

	g_assert_cmpuint(f->n_version_defs, ==, 3);
	g_assert_true(f->version_defs[0].base);
	g_assert_cmpstr(f->version_defs[1].name, ==, "V_1.0");
	g_assert_null(f->version_defs[1].parent);
	g_assert_cmpstr(f->version_defs[2].name, ==, "V_2.0");
}

static void needs(gconstpointer name)
{
	g_autoptr(elf_file) f = open_fixture(name, 0);
	const elf_symbol *twice = find(f, "twice", "V_2.0");
	const elf_symbol *missing = find(f, "missing", NULL);

	g_assert_cmpuint(f->needed->len, ==, 1);
	g_assert_cmpstr(g_ptr_array_index(f->needed, 0), ==, "libver.so.1");
	g_assert_nonnull(twice);
	g_assert_false(twice->defined);
	g_assert_cmpstr(twice->library, ==, "libver.so.1");
	g_assert_nonnull(missing);
	g_assert_cmpint(missing->bind, ==, STB_WEAK);
	g_assert_null(missing->library);
	g_assert_true(find(f, "PyInit_use", NULL)->defined);
	g_assert_cmpuint(f->n_version_needs, ==, 2);
}

static void header_and_runpath(void)
{
	g_autoptr(elf_file) a = open_fixture("use-aarch64.so", 0);
	g_autoptr(elf_file) b = open_fixture("ver-armv7.so", 0);

	g_assert_cmpint(a->machine, ==, EM_AARCH64);
	g_assert_cmpint(a->elf_class, ==, ELFCLASS64);
	g_assert_cmpstr(a->runpath, ==, "$ORIGIN/../use.libs");
	g_assert_null(a->rpath);
	g_assert_cmpint(b->machine, ==, EM_ARM);
	g_assert_cmphex(b->flags, ==, 0x5000400);
	g_assert_true(b->arm.present);
	g_assert_cmpstr(elf_arm_arch_name(b->arm.cpu_arch), ==, "v7");
	g_assert_cmpstr(elf_arm_fp_name(b->arm.fp_arch), ==, "VFPv3-D16");
	g_assert_cmpuint(b->arm.simd_arch, ==, 0);
	g_assert_cmpuint(b->arm.vfp_args, ==, 1);
}

static void archive_members(void)
{
	g_autofree char *path = g_build_filename(FIXTURES, "elf", "objects.a", NULL);
	g_autoptr(GMappedFile) map = g_mapped_file_new(path, FALSE, NULL);
	g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(map);
	g_autoptr(GPtrArray) list = ar_list(g_bytes_get_data(bytes, NULL),
		g_bytes_get_size(bytes), "objects.a", NULL);
	static const struct {
		const char *name;
		guint fp, simd, vfp_args;
	} want[] = {{"d16.o", 4, 0, 1},
		{"an_object_with_neon_and_a_long_name.o", 3, 1, 1}, {"soft.o", 0, 0, 0}};

	g_assert_nonnull(list);
	g_assert_cmpuint(list->len, ==, G_N_ELEMENTS(want));
	for (guint i = 0; i < list->len; i++) {
		const ar_member *m = g_ptr_array_index(list, i);
		g_autoptr(GBytes) part =
			g_bytes_new_from_bytes(bytes, m->offset, m->size);
		g_autoptr(GError) err = NULL;
		g_autoptr(elf_file) f = elf_file_open(part, m->name, ELF_SYMTAB, &err);
		g_assert_no_error(err);
		g_assert_cmpstr(m->name, ==, want[i].name);
		g_assert_cmpuint(f->type, ==, ET_REL);
		g_assert_cmpuint(f->arm.simd_arch, ==, want[i].simd);
		g_assert_cmpuint(f->arm.vfp_args, ==, want[i].vfp_args);
		if (want[i].fp)
			g_assert_cmpuint(f->arm.fp_arch, ==, want[i].fp);
		const elf_symbol *s = NULL;
		for (guint j = 0; j < f->n_symtab && !s; j++)
			if (g_str_equal(f->symtab[j].name, "f"))
				s = &f->symtab[j];
		g_assert_nonnull(s);
		/* The entry really lies where symtab_offset says. */
		Elf32_Sym raw;
		memcpy(&raw, f->data + f->symtab_offset + s->index * f->symtab_entry_size,
			sizeof raw);
		g_assert_cmpuint(raw.st_size, ==, s->size);
		g_assert_cmpuint(raw.st_shndx, ==, s->section);
	}
}

/* Every truncation and every single changed byte of a file either opens or is
 * refused; the sanitizers watch. */
static void damaged(gconstpointer name)
{
	g_autofree char *path = g_build_filename(FIXTURES, "elf", name, NULL);
	g_autofree char *data = NULL;
	gsize size;
	guint refused = 0;

	g_assert_true(g_file_get_contents(path, &data, &size, NULL));
	for (gsize cut = 0; cut < size; cut += 7) {
		g_autoptr(GBytes) part = g_bytes_new(data, cut);
		g_autoptr(GError) err = NULL;
		g_autoptr(elf_file) f = elf_file_open(part, "cut", ELF_SYMTAB, &err);
		g_assert_true((f == NULL) == (err != NULL));
		refused += !f;
	}
	for (gsize i = 0; i < size; i++) {
		static const guint8 values[] = {0x00, 0x7f, 0xff};
		for (gsize k = 0; k < G_N_ELEMENTS(values); k++) {
			g_autofree char *copy = g_memdup2(data, size);
			copy[i] = (char)values[k];
			g_autoptr(GBytes) part = g_bytes_new(copy, size);
			g_autoptr(GError) err = NULL;
			g_autoptr(elf_file) f =
				elf_file_open(part, "edited", ELF_SYMTAB, &err);
			g_assert_true((f == NULL) == (err != NULL));
			if (err)
				g_assert_true(
					g_error_matches(err, XORCH_ERROR, EXIT_AUDIT));
		}
	}
	g_assert_cmpuint(refused, >, 0);
}

static void not_elf(void)
{
	g_autoptr(GBytes) text = g_bytes_new_static("#!/bin/sh\n\033[2J", 14);
	g_autoptr(GError) err = NULL;

	g_assert_null(elf_file_open(text, "a\nb", 0, &err));
	g_assert_cmpstr(err->message, ==, "[X0702] a\\x0ab: not an ELF file");
}

/* This program itself: a linker and a machine we did not choose. */
static void self(void)
{
	g_autoptr(GError) err = NULL;
	g_autoptr(elf_file) f = elf_file_open_path("/proc/self/exe", ELF_SYMTAB, &err);

	g_assert_no_error(err);
	g_assert_nonnull(f->interp);
	g_assert_cmpuint(f->n_symbols, >, 10);
	g_assert_cmpuint(f->n_symtab, >, 10);
	g_assert_nonnull(elf_file_section(f, ".text"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/elf/definitions/aarch64", "ver-aarch64.so", definitions);
	g_test_add_data_func("/elf/definitions/armv7", "ver-armv7.so", definitions);
	g_test_add_data_func("/elf/needs/aarch64", "use-aarch64.so", needs);
	g_test_add_data_func("/elf/needs/armv7", "use-armv7.so", needs);
	g_test_add_func("/elf/header-and-runpath", header_and_runpath);
	g_test_add_func("/elf/archive-members", archive_members);
	g_test_add_data_func("/elf/damaged/aarch64", "use-aarch64.so", damaged);
	g_test_add_data_func("/elf/damaged/armv7", "ver-armv7.so", damaged);
	g_test_add_func("/elf/not-elf", not_elf);
	g_test_add_func("/elf/self", self);
	return g_test_run();
}
