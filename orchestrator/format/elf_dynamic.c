#include "format/elf_parts.h"

/* Far beyond any real file; keeps what is checked for each library affordable. */
#define MAX_NEEDED 4096

static gboolean find_strings(
	elf_reader *r, Elf_Data *data, elf_dynamic_table *t, GError **err)
{
	guint64 address = 0;
	GElf_Dyn d;

	for (int i = 0; gelf_getdyn(data, i, &d) && d.d_tag != DT_NULL; i++) {
		if (d.d_tag == DT_STRTAB)
			address = d.d_un.d_ptr;
		else if (d.d_tag == DT_STRSZ)
			t->strings_size = d.d_un.d_val;
	}
	if (!address || !t->strings_size) {
		t->strings_size = 0;
		return TRUE;
	}
	if (!elf_file_offset(r->file, address, t->strings_size, &t->strings))
		return elf_damaged(r, err, "the dynamic strings are not in the file");
	if (r->file->data[t->strings + t->strings_size - 1] != 0)
		return elf_damaged(r, err, "the dynamic strings have no end");
	return TRUE;
}

static gboolean text_entry(
	elf_reader *r, const elf_dynamic_table *t, const GElf_Dyn *d, GError **err)
{
	elf_file *f = r->file;
	const char *s = elf_string(f, t->strings, t->strings_size, d->d_un.d_val);

	if (!s)
		return elf_damaged(r, err, "a name in the dynamic table is out of range");
	switch (d->d_tag) {
	case DT_NEEDED:
		if (f->needed->len >= MAX_NEEDED)
			return elf_damaged(
				r, err, "it claims to need %d libraries", MAX_NEEDED);
		g_ptr_array_add(f->needed, (gpointer)(guintptr)s);
		break;
	case DT_SONAME:
		f->soname = s;
		break;
	case DT_RPATH:
		f->rpath = s;
		break;
	default:
		f->runpath = s;
	}
	return TRUE;
}

static gboolean read_entry(
	elf_reader *r, elf_dynamic_table *t, const GElf_Dyn *d, GError **err)
{
	switch (d->d_tag) {
	case DT_NEEDED:
	case DT_SONAME:
	case DT_RPATH:
	case DT_RUNPATH:
		return text_entry(r, t, d, err);
	case DT_SYMTAB:
		t->symbols = d->d_un.d_ptr;
		break;
	case DT_HASH:
		t->hash = d->d_un.d_ptr;
		break;
	case DT_GNU_HASH:
		t->gnu_hash = d->d_un.d_ptr;
		break;
	case DT_VERSYM:
		t->versym = d->d_un.d_ptr;
		break;
	case DT_VERNEED:
		t->verneed = d->d_un.d_ptr;
		break;
	case DT_VERNEEDNUM:
		t->n_verneed = d->d_un.d_val;
		break;
	case DT_VERDEF:
		t->verdef = d->d_un.d_ptr;
		break;
	case DT_VERDEFNUM:
		t->n_verdef = d->d_un.d_val;
		break;
	case DT_TEXTREL:
		r->file->text_relocations = TRUE;
		break;
	case DT_FLAGS:
		if (d->d_un.d_val & DF_TEXTREL)
			r->file->text_relocations = TRUE;
		break;
	case DT_FLAGS_1:
		r->file->pie = (d->d_un.d_val & DF_1_PIE) != 0;
		break;
	case DT_RELR:
		r->file->relr = TRUE;
		break;
	}
	return TRUE;
}

/* Symbols by DT_HASH: its nchain equals the number of symbols. */
static guint64 count_by_hash(const elf_file *f, guint64 address)
{
	guint64 at;

	/* Alpha and 64-bit S/390 have 8-byte words here; their .dynsym has a section. */
	if (!address || (f->machine == EM_S390 && f->elf_class == ELFCLASS64) ||
		!elf_file_offset(f, address, 8, &at))
		return 0;
	return elf_word(f, at + 4);
}

/* The highest index of DT_GNU_HASH plus one: the chain that begins last is
 * followed to its end. */
static guint64 count_by_gnu_hash(const elf_file *f, guint64 address)
{
	guint64 at, buckets, chain, last = 0, word;

	if (!address || !elf_file_offset(f, address, 16, &at))
		return 0;
	guint64 n = elf_word(f, at), first = elf_word(f, at + 4),
		bloom = elf_word(f, at + 8);
	word = f->elf_class == ELFCLASS64 ? 8 : 4;
	if (!elf_file_offset(f, address + 16 + bloom * word, n * 4, &buckets))
		return 0;
	for (guint64 i = 0; i < n; i++)
		last = MAX(last, elf_word(f, buckets + i * 4));
	if (last < first)
		return first;
	for (;; last++) {
		if (!elf_file_offset(f,
			    address + 16 + bloom * word + (n + last - first) * 4, 4,
			    &chain))
			return last;
		if (elf_word(f, chain) & 1)
			return last + 1;
	}
}

static guint64 count_symbols(elf_reader *r, const elf_dynamic_table *t)
{
	gsize entry = gelf_fsize(r->elf, ELF_T_SYM, 1, EV_CURRENT);
	guint64 n = MAX(
		count_by_hash(r->file, t->hash), count_by_gnu_hash(r->file, t->gnu_hash));

	/* Undefined names are in no GNU hash table: the section knows them all. */
	for (guint i = 1; i < r->file->n_sections; i++) {
		const elf_section *s = &r->file->sections[i];
		if (s->type == SHT_DYNSYM && s->address == t->symbols)
			n = MAX(n, s->size / entry);
	}
	return n;
}

static gboolean read_symbols(elf_reader *r, const elf_dynamic_table *t, GError **err)
{
	elf_file *f = r->file;
	gsize entry = gelf_fsize(r->elf, ELF_T_SYM, 1, EV_CURRENT);
	guint64 n = count_symbols(r, t), offset;

	if (!t->symbols || !n)
		return TRUE;
	if (n > f->size / entry || !elf_file_offset(f, t->symbols, n * entry, &offset))
		return elf_damaged(r, err, "the dynamic symbols are not in the file");
	f->symbols = elf_read_symbols(
		r, offset, n, t->strings, t->strings_size, &f->n_symbols, err);
	return f->symbols && elf_read_versions(r, t, err);
}

gboolean elf_read_dynamic(elf_reader *r, GError **err)
{
	elf_dynamic_table t = {0};
	const GElf_Phdr *p = NULL;
	Elf_Data *data;
	GElf_Dyn d;

	for (gsize i = 0; i < r->n_segments && !p; i++)
		if (r->segments[i].p_type == PT_DYNAMIC && r->segments[i].p_filesz)
			p = &r->segments[i];
	if (!p)
		return TRUE;
	r->file->dynamic = TRUE;
	if (!(data = elf_part(r, p->p_offset, p->p_filesz, ELF_T_DYN, err)))
		return FALSE;
	if (!find_strings(r, data, &t, err))
		return FALSE;
	for (int i = 0; gelf_getdyn(data, i, &d) && d.d_tag != DT_NULL; i++)
		if (!read_entry(r, &t, &d, err))
			return FALSE;
	return read_symbols(r, &t, err);
}
