#include "format/elf_parts.h"
#include <string.h>

#define PROPERTY_X86_ISA_1_NEEDED 0xc0008002
#define PROPERTY_AARCH64_FEATURE_1_AND 0xc0000000

/* The properties of one NT_GNU_PROPERTY_TYPE_0 note (Linux extensions to the
 * gABI): type, size, data padded to the class's word. */
static void read_properties(elf_file *f, guint64 at, guint64 size)
{
	guint64 pad = f->elf_class == ELFCLASS64 ? 8 : 4;

	while (size >= 8) {
		guint32 type = elf_word(f, at), length = elf_word(f, at + 4);
		guint64 step = 8 + ((length + pad - 1) & ~(pad - 1));
		if (length > size - 8)
			return;
		if (type == PROPERTY_X86_ISA_1_NEEDED && length == 4)
			f->x86_isa_needed |= elf_word(f, at + 8);
		if (type == PROPERTY_AARCH64_FEATURE_1_AND && length == 4)
			f->aarch64_features |= elf_word(f, at + 8);
		if (step >= size)
			return;
		at += step;
		size -= step;
	}
}

static void read_note_segment(elf_file *f, guint64 at, guint64 size, guint64 align)
{
	guint64 pad = align == 8 ? 8 : 4;

	while (size >= 12) {
		guint64 name = elf_word(f, at), desc = elf_word(f, at + 4);
		guint32 type = elf_word(f, at + 8);
		guint64 start = (12 + name + pad - 1) & ~(pad - 1);
		guint64 step = (start + desc + pad - 1) & ~(pad - 1);
		if (start > size || desc > size - start)
			return;
		if (type == NT_GNU_PROPERTY_TYPE_0 && name == 4 &&
			memcmp(f->data + at + 12, "GNU", 4) == 0)
			read_properties(f, at + start, desc);
		if (step >= size)
			return;
		at += step;
		size -= step;
	}
}

/* Notes are advice: a broken one is skipped, only its place is checked. */
gboolean elf_read_notes(elf_reader *r, GError **err)
{
	elf_file *f = r->file;

	for (gsize i = 0; i < r->n_segments; i++) {
		const GElf_Phdr *p = &r->segments[i];
		if (p->p_type != PT_NOTE)
			continue;
		if (!elf_range(f, p->p_offset, p->p_filesz))
			return elf_damaged(r, err, "a note lies outside the file");
		read_note_segment(f, p->p_offset, p->p_filesz, p->p_align);
	}
	/* A relocatable object has no segments. */
	for (guint i = 1; i < f->n_sections && !r->n_segments; i++)
		if (f->sections[i].type == SHT_NOTE)
			read_note_segment(f, f->sections[i].offset, f->sections[i].size,
				f->elf_class == ELFCLASS64 ? 8 : 4);
	return TRUE;
}
