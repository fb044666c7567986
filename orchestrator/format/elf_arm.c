#include "format/elf_parts.h"
#include <string.h>

/* Bytes of .ARM.attributes still to read. */
typedef struct cursor {
	const guint8 *at, *end;
} cursor;

static gboolean take_uleb(cursor *c, guint *value)
{
	guint64 v = 0;
	guint shift = 0;

	while (c->at < c->end) {
		guint8 byte = *c->at++;
		if (shift < 32)
			v |= (guint64)(byte & 0x7f) << shift;
		shift += 7;
		if (!(byte & 0x80)) {
			*value = (guint)MIN(v, G_MAXUINT);
			return TRUE;
		}
	}
	return FALSE;
}

static const char *take_string(cursor *c)
{
	const guint8 *nul = memchr(c->at, 0, (gsize)(c->end - c->at));
	const char *s = (const char *)c->at;

	if (!nul)
		return NULL;
	c->at = nul + 1;
	return s;
}

static gboolean take_word(const elf_file *f, cursor *c, guint32 *value)
{
	if (c->end - c->at < 4)
		return FALSE;
	*value = elf_word(f, (guint64)(c->at - f->data));
	c->at += 4;
	return TRUE;
}

static void set_tag(elf_arm *arm, guint tag, guint value)
{
	switch (tag) {
	case 6:
		arm->cpu_arch = value;
		break;
	case 7:
		arm->cpu_profile = value;
		break;
	case 10:
		arm->fp_arch = value;
		break;
	case 12:
		arm->simd_arch = value;
		break;
	case 28:
		arm->vfp_args = value;
		break;
	case 36:
		arm->fp_hp = value;
		break;
	case 44:
		arm->div_use = value;
		break;
	}
}

/* Tag and value pairs of the file scope. Below 32 the kinds are fixed, above
 * an odd tag holds a string, an even one a number. */
static gboolean read_tags(elf_arm *arm, cursor c)
{
	while (c.at < c.end) {
		guint tag, value;
		if (!take_uleb(&c, &tag))
			return FALSE;
		if (tag == 4 || tag == 5 || (tag > 32 && tag % 2 == 1)) {
			const char *s = take_string(&c);
			if (!s)
				return FALSE;
			if (tag == 5)
				arm->cpu_name = s;
			continue;
		}
		if (!take_uleb(&c, &value))
			return FALSE;
		if (tag == 32 && !take_string(&c))
			return FALSE;
		set_tag(arm, tag, value);
	}
	return TRUE;
}

static gboolean read_vendor(elf_file *f, cursor c)
{
	const char *vendor = take_string(&c);

	if (!vendor)
		return FALSE;
	if (!g_str_equal(vendor, "aeabi"))
		return TRUE;
	while (c.at < c.end) {
		const guint8 *start = c.at;
		guint scope;
		guint32 length;
		if (!take_uleb(&c, &scope) || !take_word(f, &c, &length) ||
			length < (gsize)(c.at - start) || length > (gsize)(c.end - start))
			return FALSE;
		cursor tags = {c.at, start + length};
		if (scope == 1) {
			f->arm.present = TRUE;
			if (!read_tags(&f->arm, tags))
				return FALSE;
		}
		c.at = start + length;
	}
	return TRUE;
}

gboolean elf_read_arm(elf_reader *r, GError **err)
{
	elf_file *f = r->file;
	guint64 offset = 0, size = 0;

	if (f->machine != EM_ARM)
		return TRUE;
	for (guint i = 1; i < f->n_sections && !size; i++)
		if (f->sections[i].type == SHT_ARM_ATTRIBUTES) {
			offset = f->sections[i].offset;
			size = f->sections[i].size;
		}
	for (gsize i = 0; i < r->n_segments && !size; i++)
		if (r->segments[i].p_type == SHT_ARM_ATTRIBUTES &&
			elf_range(f, r->segments[i].p_offset, r->segments[i].p_filesz)) {
			offset = r->segments[i].p_offset;
			size = r->segments[i].p_filesz;
		}
	if (!size)
		return TRUE;
	cursor c = {f->data + offset, f->data + offset + size};
	if (*c.at++ != 'A')
		return elf_damaged(r, err, "its ARM attributes have an unknown format");
	while (c.at < c.end) {
		const guint8 *start = c.at;
		guint32 length;
		if (!take_word(f, &c, &length) || length < 4 ||
			length > (gsize)(c.end - start) ||
			!read_vendor(f, (cursor){c.at, start + length}))
			return elf_damaged(r, err, "its ARM attributes are broken");
		c.at = start + length;
	}
	return TRUE;
}

const char *elf_arm_arch_name(guint cpu_arch)
{
	static const char *const names[] = {"pre-v4", "v4", "v4T", "v5T", "v5TE", "v5TEJ",
		"v6", "v6KZ", "v6T2", "v6K", "v7", "v6-M", "v6S-M", "v7E-M", "v8-A",
		"v8-R", "v8-M.baseline", "v8-M.mainline", "v8.1-A", "v8.2-A", "v8.3-A",
		"v8.1-M.mainline", "v9-A"};

	return cpu_arch < G_N_ELEMENTS(names) ? names[cpu_arch] : "unknown";
}

const char *elf_arm_fp_name(guint fp_arch)
{
	static const char *const names[] = {"none", "VFPv1", "VFPv2", "VFPv3",
		"VFPv3-D16", "VFPv4", "VFPv4-D16", "FP-ARMv8", "FP-ARMv8-D16"};

	return fp_arch < G_N_ELEMENTS(names) ? names[fp_arch] : "unknown";
}

const char *elf_arm_simd_name(guint simd_arch)
{
	static const char *const names[] = {
		"none", "NEONv1", "NEONv1 with FMA", "NEON for v8", "NEON for v8.1"};

	return simd_arch < G_N_ELEMENTS(names) ? names[simd_arch] : "unknown";
}

gboolean elf_arm_fp_d32(guint fp_arch)
{
	return fp_arch == 3 || fp_arch == 5 || fp_arch == 7;
}
