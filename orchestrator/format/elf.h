#pragma once
#include <elf.h>
#include <glib.h>

/* ELF files read, never written and never run: what the audit and the link
 * stubs need to know of a shared object, a program or a relocatable object of
 * any class, byte order and machine. Input is hostile: every offset, size and
 * index is checked against the file, names are NUL-terminated inside it.
 *
 * What describes a loaded file is taken the way ld.so takes it, from the
 * program headers and PT_DYNAMIC, not from section headers (which a file may
 * lack or fake). Numbers (type, bind, machine, flags …) are those of <elf.h>;
 * sources: System V gABI, the LSB's symbol versioning, the Arm ABI addenda32.
 *
 * All strings of an elf_file point into its bytes and live as long as it. */

typedef struct elf_symbol {
	const char *name;
	const char *version; /* NULL: none (or the base version) */
	const char *library; /* undefined and versioned: the library of its
			      * version need, e.g. "libc.so.6"; else NULL */
	guint64 value, size;
	guint32 index;	 /* in its table; 0 is never listed */
	guint32 section; /* SHN_UNDEF, SHN_ABS, SHN_COMMON or a real index */
	guint8 type, bind, visibility; /* STT_*, STB_*, STV_* */
	gboolean defined;
	gboolean hidden; /* defined: not the default version (name@VERSION) */
	gboolean local;	 /* STB_LOCAL or version index 0: not offered */
} elf_symbol;

typedef struct elf_version_need {
	const char *library, *version;
	guint16 index; /* as in versym */
	gboolean weak;
} elf_version_need;

typedef struct elf_version_def {
	const char *name;
	const char *parent; /* first predecessor or NULL */
	guint16 index;
	gboolean base; /* names the file itself, not a version */
} elf_version_def;

typedef struct elf_section {
	const char *name;
	guint32 type, link, info;
	guint64 flags, address, offset, size, entry_size;
} elf_section;

/* .ARM.attributes, vendor "aeabi", file scope (Arm's addenda32, 3.3). */
typedef struct elf_arm {
	gboolean present;
	guint cpu_arch;	   /* Tag_CPU_arch: 10 v7, 14 v8-A … */
	guint cpu_profile; /* 'A', 'R', 'M', 'S' or 0 */
	guint fp_arch;	   /* Tag_FP_arch: 1 VFPv1 2 v2 3 v3 4 v3-D16 5 v4 6 v4-D16 7 v8 8
			      v8-D16 */
	guint simd_arch; /* Tag_Advanced_SIMD_arch: 0 none, 1 NEONv1, 2 with FMA, 3 v8 …
			  */
	guint vfp_args;	 /* Tag_ABI_VFP_args: 0 base, 1 VFP registers, 3 both */
	guint fp_hp;	 /* Tag_FP_HP_extension */
	guint div_use;	 /* Tag_DIV_use: 2 means SDIV/UDIV in ARM state allowed */
	const char *cpu_name; /* or NULL */
} elf_arm;

/* A loaded part of the file: its bytes at `offset` appear at `address`. */
typedef struct elf_load {
	guint64 address, size, offset;
} elf_load;

typedef struct elf_file {
	char *name; /* as given, for messages */
	GBytes *bytes;
	const guint8 *data;
	gsize size;

	guint8 elf_class, byte_order, os_abi; /* ELFCLASS*, ELFDATA*, ELFOSABI_* */
	guint16 type, machine;		      /* ET_*, EM_* */
	guint32 flags;			      /* e_flags */

	gboolean dynamic;		 /* has PT_DYNAMIC */
	gboolean stack_note, exec_stack; /* PT_GNU_STACK there; it asks for X */
	gboolean writable_code;		 /* a PT_LOAD both W and X */
	gboolean text_relocations;	 /* DT_TEXTREL or DF_TEXTREL */
	gboolean relr;			 /* DT_RELR */
	gboolean pie;			 /* DF_1_PIE: a program, not a library */
	const char *interp, *soname, *rpath, *runpath; /* NULL: none */
	GPtrArray *needed; /* const char *, DT_NEEDED in order */

	elf_load *loads; /* PT_LOAD */
	guint n_loads;
	elf_symbol *symbols; /* .dynsym */
	guint n_symbols;
	elf_version_need *version_needs;
	guint n_version_needs;
	elf_version_def *version_defs;
	guint n_version_defs;

	elf_section *sections; /* index 0 is the null section */
	guint n_sections;
	elf_symbol *symtab; /* .symtab, only with ELF_SYMTAB */
	guint n_symtab;
	guint64 symtab_offset; /* of the table in the file: entry i lies at
				* symtab_offset + i * symtab_entry_size */
	guint symtab_entry_size;

	elf_arm arm;
	guint32 x86_isa_needed;	  /* GNU_PROPERTY_X86_ISA_1_NEEDED bits, 0 none */
	guint32 aarch64_features; /* GNU_PROPERTY_AARCH64_FEATURE_1_AND: 1 BTI, 2 PAC */
} elf_file;

enum {
	ELF_SYMTAB = 1 << 0, /* read .symtab too */
};

/* Whether the bytes begin as an ELF file. */
gboolean elf_magic(const void *data, gsize size);

/* `bytes` is referenced, `name` copied. NULL with EXIT_AUDIT/X0702 when the
 * file is no ELF or a table of it lies outside it. */
elf_file *elf_file_open(GBytes *bytes, const char *name, int flags, GError **err);
elf_file *elf_file_open_path(const char *path, int flags, GError **err);
void elf_file_free(elf_file *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(elf_file, elf_file_free)

/* File offset of `length` bytes loaded at `address`; FALSE when no segment
 * holds all of them. */
gboolean elf_file_offset(
	const elf_file *file, guint64 address, guint64 length, guint64 *offset);
/* First section of that name, or NULL. */
const elf_section *elf_file_section(const elf_file *file, const char *name);

/* A library for ctypes or cffi's ABI mode, whatever its name: it offers functions or
 * data and names nothing of Python's, neither used nor defined. */
gboolean elf_file_is_plain_library(const elf_file *file);

/* "AArch64", "x86-64", "ARM" …, "machine 4711". Static or per-thread storage. */
const char *elf_machine_name(guint16 machine);
/* "pre-v4", "v7", "v8-A"; "VFPv3-D16"; names of the attribute values. */
const char *elf_arm_arch_name(guint cpu_arch);
const char *elf_arm_fp_name(guint fp_arch);
const char *elf_arm_simd_name(guint simd_arch);
/* FP units with 32 double registers (VFPv3, VFPv4, FP-ARMv8 without -D16). */
gboolean elf_arm_fp_d32(guint fp_arch);
