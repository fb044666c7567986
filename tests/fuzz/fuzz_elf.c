#include "format/ar.h"
#include "format/elf.h"
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void open_elf(GBytes *bytes)
{
	g_autoptr(elf_file) f = elf_file_open(bytes, "fuzz", ELF_SYMTAB, NULL);
	guint64 sum = 0;

	/* Every string has its end inside the file. */
	for (guint i = 0; f && i < f->n_symbols; i++)
		sum += strlen(f->symbols[i].name) +
		       (f->symbols[i].version ? strlen(f->symbols[i].version) : 0) +
		       (f->symbols[i].library ? strlen(f->symbols[i].library) : 0);
	for (guint i = 0; f && i < f->n_symtab; i++)
		sum += strlen(f->symtab[i].name);
	for (guint i = 0; f && i < f->n_sections; i++)
		sum += strlen(f->sections[i].name);
	for (guint i = 0; f && i < f->needed->len; i++)
		sum += strlen(g_ptr_array_index(f->needed, i));
	g_assert_cmpuint(sum, <, G_MAXUINT64);
}

/* An ELF file, or an archive of such. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GBytes) bytes = g_bytes_new(data, size);
	g_autoptr(GPtrArray) members = ar_list(data, size, "fuzz", NULL);

	if (!members) {
		open_elf(bytes);
		return 0;
	}
	for (guint i = 0; i < members->len; i++) {
		const ar_member *m = g_ptr_array_index(members, i);
		g_autoptr(GBytes) part =
			g_bytes_new_from_bytes(bytes, m->offset, m->size);
		open_elf(part);
	}
	return 0;
}
