#include "format/elf_parts.h"
#include "base/error.h"
#include <string.h>

gboolean elf_magic(const void *data, gsize size)
{
	return size >= EI_NIDENT && memcmp(data, ELFMAG, SELFMAG) == 0;
}

gboolean elf_damaged(const elf_reader *r, GError **err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	g_autofree char *name = text_escape(r->file->name, -1);
	return error_set(
		err, EXIT_AUDIT, "X0702", "%s: damaged ELF file: %s", name, text);
}

gboolean elf_range(const elf_file *file, guint64 offset, guint64 length)
{
	return offset <= file->size && length <= file->size - offset;
}

Elf_Data *elf_part(
	elf_reader *r, guint64 offset, guint64 length, Elf_Type type, GError **err)
{
	if (!elf_range(r->file, offset, length) || offset > G_MAXINT64) {
		elf_damaged(r, err,
			"a table of %" G_GUINT64_FORMAT
			" bytes at offset %" G_GUINT64_FORMAT " lies outside the file",
			length, offset);
		return NULL;
	}
	Elf_Data *data = elf_getdata_rawchunk(r->elf, (int64_t)offset, length, type);
	if (!data)
		elf_damaged(r, err, "%s", elf_errmsg(-1));
	return data;
}

const char *elf_string(const elf_file *file, guint64 offset, guint64 size, guint64 at)
{
	if (at >= size)
		return NULL;
	return (const char *)file->data + offset + at;
}

guint16 elf_half(const elf_file *f, guint64 offset)
{
	guint16 v;

	memcpy(&v, f->data + offset, sizeof v);
	return f->byte_order == ELFDATA2MSB ? GUINT16_FROM_BE(v) : GUINT16_FROM_LE(v);
}

guint32 elf_word(const elf_file *f, guint64 offset)
{
	guint32 v;

	memcpy(&v, f->data + offset, sizeof v);
	return f->byte_order == ELFDATA2MSB ? GUINT32_FROM_BE(v) : GUINT32_FROM_LE(v);
}

gboolean elf_file_offset(
	const elf_file *file, guint64 address, guint64 length, guint64 *offset)
{
	for (guint i = 0; i < file->n_loads; i++) {
		const elf_load *l = &file->loads[i];
		if (address >= l->address && address - l->address <= l->size &&
			length <= l->size - (address - l->address)) {
			*offset = l->offset + (address - l->address);
			return TRUE;
		}
	}
	return FALSE;
}

const elf_section *elf_file_section(const elf_file *file, const char *name)
{
	for (guint i = 1; i < file->n_sections; i++)
		if (g_str_equal(file->sections[i].name, name))
			return &file->sections[i];
	return NULL;
}

/* A segment's flags and place; tables inside it are read by their own readers. */
static gboolean read_segment(elf_reader *r, const GElf_Phdr *p, GError **err)
{
	elf_file *f = r->file;

	if (p->p_type != PT_LOAD && p->p_type != PT_INTERP && p->p_type != PT_GNU_STACK)
		return TRUE;
	if (!elf_range(f, p->p_offset, p->p_filesz))
		return elf_damaged(r, err, "a segment lies outside the file");
	if (p->p_type == PT_GNU_STACK) {
		f->stack_note = TRUE;
		f->exec_stack = (p->p_flags & PF_X) != 0;
	} else if (p->p_type == PT_INTERP && p->p_filesz) {
		f->interp = (const char *)f->data + p->p_offset;
		if (f->interp[p->p_filesz - 1])
			return elf_damaged(r, err, "the loader's path has no end");
	} else if (p->p_type == PT_LOAD) {
		if ((p->p_flags & (PF_W | PF_X)) == (PF_W | PF_X))
			f->writable_code = TRUE;
		f->loads[f->n_loads++] = (elf_load){p->p_vaddr, p->p_filesz, p->p_offset};
	}
	return TRUE;
}

static gboolean read_segments(elf_reader *r, GError **err)
{
	size_t n;

	if (elf_getphdrnum(r->elf, &n) != 0)
		return elf_damaged(r, err, "program headers: %s", elf_errmsg(-1));
	if (n > r->file->size / 32)
		return elf_damaged(r, err, "it claims %zu program headers", n);
	r->segments = g_new0(GElf_Phdr, n);
	r->file->loads = g_new0(elf_load, n);
	for (size_t i = 0; i < n; i++) {
		if (!gelf_getphdr(r->elf, i, &r->segments[i]))
			return elf_damaged(r, err, "program headers: %s", elf_errmsg(-1));
		if (!read_segment(r, &r->segments[i], err))
			return FALSE;
	}
	r->n_segments = n;
	return TRUE;
}

static gboolean read_header(elf_reader *r, GError **err)
{
	elf_file *f = r->file;
	GElf_Ehdr header;

	if (elf_kind(r->elf) != ELF_K_ELF || !gelf_getehdr(r->elf, &header))
		return elf_damaged(r, err, "%s", elf_errmsg(-1));
	f->elf_class = header.e_ident[EI_CLASS];
	f->byte_order = header.e_ident[EI_DATA];
	f->os_abi = header.e_ident[EI_OSABI];
	f->type = header.e_type;
	f->machine = header.e_machine;
	f->flags = header.e_flags;
	return TRUE;
}

static gboolean read_all(elf_reader *r, int flags, GError **err)
{
	return read_header(r, err) && read_segments(r, err) &&
	       elf_read_sections(r, err) && elf_read_dynamic(r, err) &&
	       elf_read_notes(r, err) && elf_read_arm(r, err) &&
	       (!(flags & ELF_SYMTAB) || elf_read_symtab(r, err));
}

elf_file *elf_file_open(GBytes *bytes, const char *name, int flags, GError **err)
{
	g_autoptr(elf_file) f = g_new0(elf_file, 1);
	elf_reader r = {.file = f};

	f->name = g_strdup(name);
	f->bytes = g_bytes_ref(bytes);
	f->data = g_bytes_get_data(bytes, &f->size);
	f->needed = g_ptr_array_new();
	if (!elf_magic(f->data, f->size)) {
		g_autofree char *shown = text_escape(name, -1);
		error_set(err, EXIT_AUDIT, "X0702", "%s: not an ELF file", shown);
		return NULL;
	}
	elf_version(EV_CURRENT);
	/* libelf takes a char * but only reads what it was given. */
	r.elf = elf_memory((char *)(guintptr)f->data, f->size);
	gboolean ok = r.elf ? read_all(&r, flags, err)
			    : elf_damaged(&r, err, "%s", elf_errmsg(-1));
	g_free(r.segments);
	elf_end(r.elf);
	return ok ? g_steal_pointer(&f) : NULL;
}

elf_file *elf_file_open_path(const char *path, int flags, GError **err)
{
	GError *e = NULL;
	g_autoptr(GMappedFile) map = g_mapped_file_new(path, FALSE, &e);

	if (!map) {
		g_autofree char *shown = text_escape(path, -1);
		error_wrap(err, EXIT_INPUT, NULL, e, "cannot read %s", shown);
		return NULL;
	}
	g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(map);
	return elf_file_open(bytes, path, flags, err);
}

void elf_file_free(elf_file *f)
{
	if (!f)
		return;
	g_free(f->name);
	g_ptr_array_unref(f->needed);
	g_free(f->loads);
	g_free(f->symbols);
	g_free(f->symtab);
	g_free(f->version_needs);
	g_free(f->version_defs);
	g_free(f->sections);
	g_bytes_unref(f->bytes);
	g_free(f);
}

gboolean elf_file_is_plain_library(const elf_file *f)
{
	gboolean offers = FALSE;

	for (guint i = 0; i < f->n_symbols; i++) {
		const elf_symbol *s = &f->symbols[i];
		if (g_str_has_prefix(s->name, "Py") || g_str_has_prefix(s->name, "_Py"))
			return FALSE;
		offers |= s->defined && !s->local &&
			  (s->type == STT_FUNC || s->type == STT_OBJECT) &&
			  !g_str_equal(s->name, "_init") &&
			  !g_str_equal(s->name, "_fini");
	}
	return f->type == ET_DYN && offers;
}

const char *elf_machine_name(guint16 machine)
{
	static const struct {
		guint16 machine;
		const char *name;
	} names[] = {{EM_386, "x86"}, {EM_X86_64, "x86-64"}, {EM_ARM, "ARM"},
		{EM_AARCH64, "AArch64"}, {EM_PPC, "PowerPC"}, {EM_PPC64, "PowerPC64"},
		{EM_S390, "S/390"}, {EM_RISCV, "RISC-V"}, {EM_MIPS, "MIPS"},
		{EM_SPARCV9, "SPARC V9"}, {EM_LOONGARCH, "LoongArch"}};
	static _Thread_local char other[24];

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (names[i].machine == machine)
			return names[i].name;
	g_snprintf(other, sizeof other, "machine %u", machine);
	return other;
}
