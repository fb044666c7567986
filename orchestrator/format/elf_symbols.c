#include "format/elf_parts.h"

/* Objects with more than 65,279 sections keep a symbol's real section in a
 * table of their own. */
static Elf_Data *extended_sections(elf_reader *r, guint64 symbols)
{
	elf_file *f = r->file;

	for (guint i = 1; i < f->n_sections; i++) {
		const elf_section *s = &f->sections[i];
		if (s->type == SHT_SYMTAB_SHNDX && s->link < f->n_sections &&
			f->sections[s->link].offset == symbols)
			return elf_part(r, s->offset, s->size, ELF_T_WORD, NULL);
	}
	return NULL;
}

elf_symbol *elf_read_symbols(elf_reader *r, guint64 offset, guint64 count,
	guint64 strings, guint64 strings_size, guint *n, GError **err)
{
	gsize entry = gelf_fsize(r->elf, ELF_T_SYM, 1, EV_CURRENT);

	*n = 0;
	if (count > r->file->size / entry || count > G_MAXINT) {
		elf_damaged(r, err, "it claims %" G_GUINT64_FORMAT " symbols", count);
		return NULL;
	}
	g_autofree elf_symbol *list = g_new0(elf_symbol, count ? count : 1);
	Elf_Data *data = elf_part(r, offset, count * entry, ELF_T_SYM, err);
	if (!data)
		return NULL;
	Elf_Data *extended = extended_sections(r, offset);
	for (guint64 i = 1; i < count; i++) {
		GElf_Sym sym;
		Elf32_Word section = 0;
		if (!gelf_getsymshndx(data, extended, (int)i, &sym, &section)) {
			elf_damaged(r, err, "symbol %" G_GUINT64_FORMAT " is broken", i);
			return NULL;
		}
		const char *name =
			elf_string(r->file, strings, strings_size, sym.st_name);
		if (!name) {
			elf_damaged(
				r, err, "symbol %" G_GUINT64_FORMAT " has no name", i);
			return NULL;
		}
		list[(*n)++] = (elf_symbol){.name = name,
			.value = sym.st_value,
			.size = sym.st_size,
			.index = (guint32)i,
			.section = sym.st_shndx == SHN_XINDEX ? section : sym.st_shndx,
			.type = GELF_ST_TYPE(sym.st_info),
			.bind = GELF_ST_BIND(sym.st_info),
			.visibility = GELF_ST_VISIBILITY(sym.st_other),
			.defined = sym.st_shndx != SHN_UNDEF,
			.local = GELF_ST_BIND(sym.st_info) == STB_LOCAL};
	}
	return g_steal_pointer(&list);
}
