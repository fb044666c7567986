#include "build/object_check.h"
#include "base/error.h"
#include "format/elf.h"
#include <elf.h>
#include <ftw.h>
#include <string.h>

#define SHOWN 5
/* Tag_CPU_arch and Tag_FP_arch (Arm's addenda32). */
#define CPU_V7 10
#define FP_V3_D16 4

static __thread GPtrArray *objects;

static int collect(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	if (type == FTW_F && g_str_has_suffix(path, ".o"))
		g_ptr_array_add(objects, g_strdup(path));
	return 0;
}

static gboolean asks_for_more(const elf_file *f, gboolean allow_neon)
{
	const elf_arm *a = &f->arm;

	if (!a->present || f->machine != EM_ARM)
		return FALSE;
	if ((a->cpu_arch > CPU_V7 && a->cpu_arch != 11 && a->cpu_arch != 12) ||
		a->fp_arch > FP_V3_D16)
		return TRUE;
	return !allow_neon && (a->simd_arch > 0 || elf_arm_fp_d32(a->fp_arch));
}

gboolean object_check_cpu(
	const char *const *folders, const platform *p, gboolean allow_neon, GError **err)
{
	guint found = 0;
	GError *error = NULL;

	if (p->elf_machine != EM_ARM)
		return TRUE;
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	objects = list;
	for (; *folders; folders++)
		nftw(*folders, collect, 32, FTW_PHYS);
	objects = NULL;
	for (guint i = 0; i < list->len; i++) {
		const char *path = g_ptr_array_index(list, i);
		/* What is no ELF file for all its name is no concern here. */
		g_autoptr(elf_file) f = elf_file_open_path(path, 0, NULL);
		if (!f || !asks_for_more(f, allow_neon) || found++ >= SHOWN)
			continue;
		if (!error)
			error_set(&error, EXIT_AUDIT, "X0721",
				"object files of this build ask for more than %s has",
				p->name);
		g_autofree char *name = g_path_get_basename(path);
		g_autofree char *shown = text_escape(name, -1);
		error_line(&error, "%s: CPU %s, FP %s, SIMD %s", shown,
			elf_arm_arch_name(f->arm.cpu_arch),
			elf_arm_fp_name(f->arm.fp_arch),
			elf_arm_simd_name(f->arm.simd_arch));
	}
	if (!error)
		return TRUE;
	if (found > SHOWN)
		error_line(&error, "and %u more", found - SHOWN);
	error_help(&error,
		"-mfpu=vfpv3-d16 is the platform's; if NEON is meant and every "
		"machine has it, say `wheel: {cpu: [neon]}`");
	g_propagate_error(err, error);
	return FALSE;
}
