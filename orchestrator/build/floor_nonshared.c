#include "build/floor_nonshared.h"
#include "build/floor_facets.h"
#include "format/ar.h"
#include "format/ar_write.h"
#include <string.h>

/* What becomes of a definition in a member. */
typedef enum role {
	ROLE_ELSEWHERE, /* the shared library has it, or our facet ids */
	ROLE_OURS,	/* newer than the floor, or never exported */
} role;

static role role_of(const floor_library *stub, const char *name)
{
	if (floor_library_find(stub, name))
		return ROLE_ELSEWHERE;
	return floor_facet_id(name) && g_hash_table_contains(stub->lacking, name)
		       ? ROLE_ELSEWHERE
		       : ROLE_OURS;
}

static gboolean is_definition(const elf_symbol *s)
{
	return s->defined && s->bind != STB_LOCAL && *s->name;
}

/* Both layouts in the file's byte order; only bytes and zeros are written, so
 * the order does not matter. */
static void make_undefined(guint8 *entry, gboolean is64, guint8 type)
{
	guint8 info =
		(guint8)((STB_GLOBAL << 4) | (type == STT_TLS ? STT_TLS : STT_NOTYPE));

	if (is64) {
		memset(entry + G_STRUCT_OFFSET(Elf64_Sym, st_info), 0,
			sizeof(Elf64_Sym) - G_STRUCT_OFFSET(Elf64_Sym, st_info));
		entry[G_STRUCT_OFFSET(Elf64_Sym, st_info)] = info;
	} else {
		memset(entry + G_STRUCT_OFFSET(Elf32_Sym, st_value), 0,
			sizeof(Elf32_Sym) - G_STRUCT_OFFSET(Elf32_Sym, st_value));
		entry[G_STRUCT_OFFSET(Elf32_Sym, st_info)] = info;
	}
}

/* GNU_UNIQUE, which would make one of all modules' copies, becomes weak. */
static void make_hidden(guint8 *entry, gboolean is64)
{
	guint8 *info = entry + (is64 ? G_STRUCT_OFFSET(Elf64_Sym, st_info)
				     : G_STRUCT_OFFSET(Elf32_Sym, st_info));
	guint8 *other = entry + (is64 ? G_STRUCT_OFFSET(Elf64_Sym, st_other)
				      : G_STRUCT_OFFSET(Elf32_Sym, st_other));

	if (*info >> 4 == STB_GNU_UNIQUE)
		*info = (guint8)((STB_WEAK << 4) | (*info & 15));
	*other = (guint8)((*other & ~3) | STV_HIDDEN);
}

static gboolean is_wanted(const elf_file *object, const floor_library *stub)
{
	for (guint i = 0; i < object->n_symtab; i++) {
		const elf_symbol *s = &object->symtab[i];
		if (is_definition(s) && role_of(stub, s->name) != ROLE_ELSEWHERE)
			return TRUE;
	}
	return FALSE;
}

static void member_edit(floor_nonshared *out, ar_writer *writer, const char *name,
	const elf_file *object, const floor_library *stub)
{
	gboolean is64 = object->elf_class == ELFCLASS64;
	g_autofree guint8 *data = g_memdup2(object->data, object->size);
	g_autoptr(GPtrArray) symbols = g_ptr_array_new();

	for (guint i = 0; i < object->n_symtab; i++) {
		const elf_symbol *s = &object->symtab[i];
		guint8 *entry = data + object->symtab_offset +
				(gsize)s->index * object->symtab_entry_size;
		if (!is_definition(s))
			continue;
		if (role_of(stub, s->name) == ROLE_ELSEWHERE) {
			make_undefined(entry, is64, s->type);
			out->undefined++;
			continue;
		}
		make_hidden(entry, is64);
		out->hidden++;
		g_ptr_array_add(symbols, (void *)s->name);
	}
	g_ptr_array_add(symbols, NULL);
	g_autoptr(GBytes) content =
		g_bytes_new_take(g_steal_pointer(&data), object->size);
	ar_writer_add(writer, name, content, (const char *const *)symbols->pdata);
	out->members++;
}

void floor_nonshared_free(floor_nonshared *nonshared)
{
	if (!nonshared)
		return;
	g_clear_pointer(&nonshared->archive, g_bytes_unref);
	g_free(nonshared);
}

static gboolean facet_add(
	floor_nonshared *out, ar_writer *writer, GBytes *facet, guint index, GError **err)
{
	g_autofree char *name = g_strdup_printf("xorch_facet%u.o", index);
	g_autoptr(elf_file) object = elf_file_open(facet, name, ELF_SYMTAB, err);
	g_autoptr(GPtrArray) symbols = g_ptr_array_new();

	if (!object)
		return FALSE;
	for (guint i = 0; i < object->n_symtab; i++) {
		const elf_symbol *s = &object->symtab[i];
		if (!is_definition(s))
			continue;
		g_ptr_array_add(symbols, (void *)s->name);
	}
	g_ptr_array_add(symbols, NULL);
	ar_writer_add(writer, name, facet, (const char *const *)symbols->pdata);
	out->members++;
	return TRUE;
}

floor_nonshared *floor_nonshared_make(GBytes *archive, const char *name,
	const floor_library *stub, const GPtrArray *facets, GError **err)
{
	gsize size;
	const guint8 *data = g_bytes_get_data(archive, &size);
	g_autoptr(GPtrArray) members = ar_list(data, size, name, err);
	g_autoptr(ar_writer) writer = ar_writer_new();
	g_autoptr(floor_nonshared) out = g_new0(floor_nonshared, 1);

	if (!members)
		return NULL;
	for (guint i = 0; i < facets->len; i++)
		if (!facet_add(out, writer, facets->pdata[i], i, err))
			return NULL;
	for (guint i = 0; i < members->len; i++) {
		const ar_member *m = g_ptr_array_index(members, i);
		g_autofree char *where = g_strdup_printf("%s(%s)", name, m->name);
		g_autoptr(GBytes) part =
			g_bytes_new_from_bytes(archive, m->offset, m->size);
		g_autoptr(elf_file) object = elf_file_open(part, where, ELF_SYMTAB, err);
		if (!object)
			return NULL;
		if (is_wanted(object, stub))
			member_edit(out, writer, m->name, object, stub);
	}
	out->archive = ar_writer_finish(writer, err);
	return out->archive ? g_steal_pointer(&out) : NULL;
}
