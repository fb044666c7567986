#include "format/elf_parts.h"

/* Section headers as data. Names come from the file's own name table; a file
 * without section headers simply has none. */
gboolean elf_read_sections(elf_reader *r, GError **err)
{
	elf_file *f = r->file;
	size_t n, names;
	GElf_Shdr header, table = {0};
	GElf_Ehdr file;

	/* A file cut short usually still has all that ld.so would read. */
	if (gelf_getehdr(r->elf, &file) && file.e_shoff &&
		!elf_range(f, file.e_shoff,
			MAX(file.e_shnum, 1) * (guint64)file.e_shentsize))
		return elf_damaged(r, err, "its section headers lie outside the file");
	if (elf_getshdrnum(r->elf, &n) != 0)
		return elf_damaged(r, err, "section headers: %s", elf_errmsg(-1));
	if (n == 0)
		return TRUE;
	if (n > f->size / 40)
		return elf_damaged(r, err, "it claims %zu sections", n);
	if (elf_getshdrstrndx(r->elf, &names) != 0 || names >= n ||
		!gelf_getshdr(elf_getscn(r->elf, names), &table))
		return elf_damaged(r, err, "the sections' name table is missing");
	if (names != 0 && (table.sh_type != SHT_STRTAB || table.sh_size == 0 ||
				  !elf_range(f, table.sh_offset, table.sh_size) ||
				  f->data[table.sh_offset + table.sh_size - 1] != 0))
		return elf_damaged(r, err, "the sections' name table is broken");

	f->sections = g_new0(elf_section, n);
	f->sections[0].name = "";
	f->n_sections = n;
	for (size_t i = 1; i < n; i++) {
		if (!gelf_getshdr(elf_getscn(r->elf, i), &header))
			return elf_damaged(r, err, "section %zu: %s", i, elf_errmsg(-1));
		const char *name = names ? elf_string(f, table.sh_offset, table.sh_size,
						   header.sh_name)
					 : "";
		if (!name)
			return elf_damaged(r, err, "section %zu has no name", i);
		if (header.sh_type != SHT_NOBITS && header.sh_type != SHT_NULL &&
			!elf_range(f, header.sh_offset, header.sh_size))
			return elf_damaged(
				r, err, "section %zu lies outside the file", i);
		f->sections[i] = (elf_section){.name = name,
			.type = header.sh_type,
			.link = header.sh_link,
			.info = header.sh_info,
			.flags = header.sh_flags,
			.address = header.sh_addr,
			.offset = header.sh_offset,
			.size = header.sh_size,
			.entry_size = header.sh_entsize};
	}
	return TRUE;
}

gboolean elf_read_symtab(elf_reader *r, GError **err)
{
	elf_file *f = r->file;
	const elf_section *table = NULL;

	for (guint i = 1; i < f->n_sections && !table; i++)
		if (f->sections[i].type == SHT_SYMTAB)
			table = &f->sections[i];
	if (!table)
		return TRUE;
	gsize entry = gelf_fsize(r->elf, ELF_T_SYM, 1, EV_CURRENT);
	if (table->link == 0 || table->link >= f->n_sections)
		return elf_damaged(r, err, "the symbol table has no string table");
	const elf_section *strings = &f->sections[table->link];
	if (strings->type != SHT_STRTAB || strings->size == 0 ||
		f->data[strings->offset + strings->size - 1] != 0)
		return elf_damaged(r, err, "the symbol table's strings are broken");
	f->symtab_offset = table->offset;
	f->symtab_entry_size = entry;
	f->symtab = elf_read_symbols(r, table->offset, table->size / entry,
		strings->offset, strings->size, &f->n_symtab, err);
	return f->symtab != NULL;
}
