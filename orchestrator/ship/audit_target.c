#include "ship/audit_parts.h"
#include "base/error.h"
#include <string.h>

const char *audit_elf_arch(const elf_file *f)
{
	gboolean little = f->byte_order == ELFDATA2LSB, wide = f->elf_class == ELFCLASS64;

	switch (f->machine) {
	case EM_386:
		return little && !wide ? "i686" : NULL;
	case EM_X86_64:
		return little && wide ? "x86_64" : NULL;
	case EM_PPC64:
		return !wide ? NULL : little ? "ppc64le" : "ppc64";
	case EM_RISCV:
		return little && wide ? "riscv64" : NULL;
	case EM_AARCH64:
		return little && wide ? "aarch64" : NULL;
	case EM_S390:
		return !little && wide ? "s390x" : NULL;
	case EM_LOONGARCH:
		return little && wide ? "loongarch64" : NULL;
	case EM_ARM:
		return little && !wide &&
				       (f->flags & EF_ARM_EABIMASK) == EF_ARM_EABI_VER5 &&
				       (f->flags & EF_ARM_ABI_FLOAT_HARD)
			       ? "armv7l"
			       : NULL;
	}
	return NULL;
}

/* The libc an object says it is for by its interpreter or its needs; by its
 * file name when those are silent. NULL: no sign. */
static const policy_family *elf_family(const audit_member *m)
{
	const elf_file *f = m->elf;

	if (f->interp) {
		g_autofree char *base = g_path_get_basename(f->interp);
		return g_str_has_prefix(base, "ld-musl-") ? &policy_musllinux
							  : &policy_manylinux;
	}
	for (guint i = 0; i < f->needed->len; i++) {
		const char *n = g_ptr_array_index(f->needed, i);
		if (g_str_has_prefix(n, "libc.musl-") || g_str_has_prefix(n, "ld-musl-"))
			return &policy_musllinux;
		if (g_str_equal(n, "libc.so.6") || g_str_has_prefix(n, "ld-linux-") ||
			g_str_has_prefix(n, "ld64.so."))
			return &policy_manylinux;
	}
	if (g_str_has_suffix(m->base, "-linux-musl.so") ||
		g_str_has_suffix(m->base, "-arm-linux-musleabihf.so"))
		return &policy_musllinux;
	/* Before 3.11 musl builds said gnu too. */
	const char *abi = strstr(m->base, ".cpython-3");
	if (abi && g_ascii_strtoull(abi + 10, NULL, 10) >= 11 &&
		(g_str_has_suffix(m->base, "-linux-gnu.so") ||
			g_str_has_suffix(m->base, "-arm-linux-gnueabihf.so")))
		return &policy_manylinux;
	return NULL;
}

/* Family and architecture that the file name states. A name with tags of both
 * families (a static program) states none: the objects decide. */
static void read_name(
	const audit_run *run, const policy_family **family, const char **arch)
{
	gboolean many = FALSE, musl = FALSE;

	for (char **p = run->wheel->name->platforms; *p; p++) {
		const policy_family *f = g_str_has_prefix(*p, "musllinux")
						 ? &policy_musllinux
						 : &policy_manylinux;
		int index;
		if (!policy_tag_split(f, *p, &index, arch) || index == POLICY_NONE)
			continue;
		many = many || f == &policy_manylinux;
		musl = musl || f == &policy_musllinux;
	}
	if (many != musl)
		*family = many ? &policy_manylinux : &policy_musllinux;
}

/* "manylinux_2_30_aarch64": a glibc between two policies (PEP 600). The next policy
 * above is what can be judged; -1 when the tag has not that form. */
static int between(const audit_run *run, const char *tag)
{
	const policy_family *f = run->family;
	g_autofree char *tail =
		run->arch ? g_strconcat("_", run->arch->name, NULL) : g_strdup("_");

	if (f != &policy_manylinux || !g_str_has_prefix(tag, "manylinux_") ||
		!g_str_has_suffix(tag, tail))
		return -1;
	g_autofree char *name = g_strndup(tag, strlen(tag) - strlen(tail));
	int below = policy_index(f, name, TRUE);
	return below < 0 ? -1 : MIN(below + 1, f->n_policies - 1);
}

/* What the tags of the family at hand promise together: a wheel with several has
 * to keep the strictest. */
static void read_claim(audit_run *run)
{
	for (char **p = run->wheel->name->platforms; *p; p++) {
		const char *arch;
		int index;
		if (!policy_tag_split(run->family, *p, &index, &arch))
			index = between(run, *p);
		if (index < 0 || (run->claimed >= 0 && index >= run->claimed))
			continue;
		run->claimed = index;
		g_free(run->claim);
		run->claim = g_strdup(*p);
	}
}

void audit_target(audit_run *run)
{
	const policy_family *family = NULL;
	const char *arch = NULL;

	if (run->wheel && run->wheel->name)
		read_name(run, &family, &arch);
	if (run->options->platform && run->options->platform->wheel_arch)
		arch = run->options->platform->wheel_arch;
	for (guint i = 0; i < run->n_members; i++) {
		const audit_member *m = &run->members[i];
		if (!m->elf)
			continue;
		if (!arch)
			arch = audit_elf_arch(m->elf);
		if (!family && arch && g_strcmp0(audit_elf_arch(m->elf), arch) == 0)
			family = elf_family(m);
	}
	run->family = family ? family : &policy_manylinux;
	run->arch = arch ? policy_arch_find(run->family, arch) : NULL;
	run->platform = run->options->platform
				? run->options->platform
				: (arch ? platform_by_wheel_arch(arch) : NULL);
	if (run->wheel && run->wheel->name && !run->options->retag)
		read_claim(run);
	if (run->options->floor && run->arch) {
		int index = policy_index(run->family, run->options->floor, TRUE);
		if (index >= 0) {
			run->claimed = index;
			g_free(run->claim);
			run->claim = policy_tag(run->family, index, run->arch->name);
		}
	}
	for (guint i = 0; i < run->n_members; i++) {
		audit_member *m = &run->members[i];
		if (!m->elf)
			continue;
		const policy_family *own = elf_family(m);
		m->other = !run->arch ||
			   g_strcmp0(audit_elf_arch(m->elf), run->arch->name) != 0 ||
			   (own && own != run->family);
	}
}
