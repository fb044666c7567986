#pragma once
#include "format/elf.h"
#include <gelf.h>
#include <libelf.h>

/* Inside format/elf*.c only: what the readers of the single tables share. */
typedef struct elf_reader {
	elf_file *file;
	Elf *elf; /* libelf's view of the same bytes; only while opening */
	GElf_Phdr *segments;
	gsize n_segments;
} elf_reader;

/* What PT_DYNAMIC says, before the tables it points to are read. */
typedef struct elf_dynamic_table {
	guint64 strings, strings_size; /* file offset of DT_STRTAB */
	guint64 symbols, hash, gnu_hash, versym, verneed, verdef; /* addresses; 0: none */
	guint64 n_verneed, n_verdef;
} elf_dynamic_table;

/* Sets "name: damaged ELF file: text". Returns FALSE. */
gboolean elf_damaged(const elf_reader *r, GError **err, const char *fmt, ...)
	G_GNUC_PRINTF(3, 4);
/* Whether `length` bytes at `offset` lie within the file. */
gboolean elf_range(const elf_file *file, guint64 offset, guint64 length);
/* That part as libelf data of `type`, byte order converted; NULL sets err.
 * Belongs to r->elf. */
Elf_Data *elf_part(
	elf_reader *r, guint64 offset, guint64 length, Elf_Type type, GError **err);
/* The string at `at` of a table [offset, offset+size) whose last byte is NUL. */
const char *elf_string(const elf_file *file, guint64 offset, guint64 size, guint64 at);
/* 16 and 32-bit words in the file's byte order; the caller checked the range. */
guint16 elf_half(const elf_file *file, guint64 offset);
guint32 elf_word(const elf_file *file, guint64 offset);

gboolean elf_read_sections(elf_reader *r, GError **err);
gboolean elf_read_dynamic(elf_reader *r, GError **err);
gboolean elf_read_symtab(elf_reader *r, GError **err);
/* Symbols [1, count) of a table; section indices beyond the file's are refused. */
elf_symbol *elf_read_symbols(elf_reader *r, guint64 offset, guint64 count,
	guint64 strings, guint64 strings_size, guint *n, GError **err);
gboolean elf_read_versions(elf_reader *r, const elf_dynamic_table *t, GError **err);
gboolean elf_read_notes(elf_reader *r, GError **err);
gboolean elf_read_arm(elf_reader *r, GError **err);
