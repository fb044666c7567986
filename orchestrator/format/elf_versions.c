#include "format/elf_parts.h"

/* Symbol versioning (LSB core, 10.7): .gnu.version gives each dynamic symbol an
 * index, which a version need (undefined) or definition (defined) explains. The
 * records are the same in both classes, so they are read as plain words. */

#define NEED_SIZE 16 /* sizeof(Elf64_Verneed), also of Vernaux */
#define DEF_SIZE 20  /* sizeof(Elf64_Verdef) */
#define HIDDEN 0x8000

static gboolean outside(elf_reader *r, GError **err)
{
	return elf_damaged(r, err, "a version record lies outside the file");
}

/* Chains may overlap in a hostile file; no honest one has more records than
 * would fit side by side. */
static gboolean endless(elf_reader *r, const GArray *list, GError **err)
{
	if (list->len <= r->file->size / 8)
		return FALSE;
	elf_damaged(r, err, "its version records form a loop");
	return TRUE;
}

static gboolean read_need(elf_reader *r, const elf_dynamic_table *t, guint64 address,
	guint64 offset, GArray *list, GError **err)
{
	elf_file *f = r->file;
	guint16 count = elf_half(f, offset + 2);
	const char *library =
		elf_string(f, t->strings, t->strings_size, elf_word(f, offset + 4));

	address += elf_word(f, offset + 8);
	for (guint i = 0; i < count; i++) {
		if (!elf_file_offset(f, address, NEED_SIZE, &offset))
			return outside(r, err);
		elf_version_need v = {.library = library,
			.version = elf_string(
				f, t->strings, t->strings_size, elf_word(f, offset + 8)),
			.index = elf_half(f, offset + 6) & ~HIDDEN,
			.weak = (elf_half(f, offset + 4) & VER_FLG_WEAK) != 0};
		if (!v.library || !v.version)
			return elf_damaged(r, err, "a version need has no name");
		g_array_append_val(list, v);
		if (endless(r, list, err))
			return FALSE;
		if (!elf_word(f, offset + 12))
			break;
		address += elf_word(f, offset + 12);
	}
	return TRUE;
}

static gboolean read_needs(
	elf_reader *r, const elf_dynamic_table *t, GArray *list, GError **err)
{
	guint64 at = t->verneed, offset;

	for (guint64 i = 0; i < t->n_verneed; i++) {
		if (!elf_file_offset(r->file, at, NEED_SIZE, &offset))
			return outside(r, err);
		if (!read_need(r, t, at, offset, list, err))
			return FALSE;
		if (!elf_word(r->file, offset + 12))
			break;
		at += elf_word(r->file, offset + 12);
		if (i > r->file->size / NEED_SIZE)
			return outside(r, err);
	}
	return TRUE;
}

static const char *def_name(
	elf_reader *r, const elf_dynamic_table *t, guint64 *address, guint64 *next)
{
	guint64 offset;

	if (!elf_file_offset(r->file, *address, 8, &offset))
		return NULL;
	*next = elf_word(r->file, offset + 4);
	*address += *next;
	return elf_string(
		r->file, t->strings, t->strings_size, elf_word(r->file, offset));
}

static gboolean read_defs(
	elf_reader *r, const elf_dynamic_table *t, GArray *list, GError **err)
{
	guint64 at = t->verdef, offset, next = 0;

	for (guint64 i = 0; i < t->n_verdef; i++) {
		if (!elf_file_offset(r->file, at, DEF_SIZE, &offset))
			return outside(r, err);
		guint64 aux = at + elf_word(r->file, offset + 12);
		elf_version_def v = {.name = def_name(r, t, &aux, &next),
			.index = elf_half(r->file, offset + 4) & ~HIDDEN,
			.base = (elf_half(r->file, offset + 2) & VER_FLG_BASE) != 0};
		if (v.name && elf_half(r->file, offset + 6) > 1 && next)
			v.parent = def_name(r, t, &aux, &next);
		if (!v.name)
			return elf_damaged(r, err, "a version definition has no name");
		g_array_append_val(list, v);
		if (endless(r, list, err))
			return FALSE;
		if (!elf_word(r->file, offset + 16))
			break;
		at += elf_word(r->file, offset + 16);
	}
	return TRUE;
}

/* Indices are small in honest files; a table by index makes the join linear. */
static gboolean join(elf_reader *r, const elf_dynamic_table *t, GError **err)
{
	elf_file *f = r->file;
	guint64 offset, count = f->n_symbols + (guint64)1;
	g_autofree const elf_version_need **needs =
		g_new0(const elf_version_need *, HIDDEN);
	g_autofree const elf_version_def **defs = g_new0(const elf_version_def *, HIDDEN);

	if (!elf_file_offset(f, t->versym, count * 2, &offset))
		return elf_damaged(r, err, "the symbols' versions are not in the file");
	for (guint i = 0; i < f->n_version_needs; i++)
		needs[f->version_needs[i].index] = &f->version_needs[i];
	for (guint i = 0; i < f->n_version_defs; i++)
		defs[f->version_defs[i].index] = &f->version_defs[i];
	for (guint i = 0; i < f->n_symbols; i++) {
		elf_symbol *s = &f->symbols[i];
		guint16 word = elf_half(f, offset + s->index * (guint64)2);
		guint16 index = word & ~HIDDEN;
		if (!s->defined) {
			/* An executable's copy-relocated names keep their need. */
			if (needs[index]) {
				s->version = needs[index]->version;
				s->library = needs[index]->library;
			}
			continue;
		}
		s->hidden = (word & HIDDEN) != 0;
		s->local = s->local || index == VER_NDX_LOCAL;
		if (defs[index] && !defs[index]->base)
			s->version = defs[index]->name;
		else if (!defs[index] && needs[index])
			s->version = needs[index]->version;
	}
	return TRUE;
}

gboolean elf_read_versions(elf_reader *r, const elf_dynamic_table *t, GError **err)
{
	elf_file *f = r->file;
	GArray *needs = g_array_new(FALSE, TRUE, sizeof(elf_version_need));
	GArray *defs = g_array_new(FALSE, TRUE, sizeof(elf_version_def));
	gboolean ok = (!t->verneed || read_needs(r, t, needs, err)) &&
		      (!t->verdef || read_defs(r, t, defs, err));

	f->n_version_needs = needs->len;
	f->version_needs = (elf_version_need *)(void *)g_array_free(needs, FALSE);
	f->n_version_defs = defs->len;
	f->version_defs = (elf_version_def *)(void *)g_array_free(defs, FALSE);
	return ok && (!t->versym || join(r, t, err));
}
