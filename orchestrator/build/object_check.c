#include "build/object_check.h"
#include "base/error.h"
#include "format/elf.h"
#include "plan/arm_feature.h"
#include <elf.h>
#include <ftw.h>
#include <string.h>

#define SHOWN 5
#define CPU_V7 10 /* Tag_CPU_arch (Arm's addenda32) */

static __thread GPtrArray *objects;

static int collect(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	if (type == FTW_F && g_str_has_suffix(path, ".o"))
		g_ptr_array_add(objects, g_strdup(path));
	return 0;
}

static void tell_what_helps(GError **err, guint wanted, guint allowed)
{
	g_autofree char *have = arm_features_text(allowed);
	g_autofree char *want = arm_features_text(wanted | allowed);

	error_help(err,
		"-march=armv7-a -mfpu=vfpv3-d16 is the platform's. Where such code runs "
		"only after the processor was asked, or on machines that all have it, "
		"say `wheel: {cpu: [%s]}`%s%s%s",
		want, *have ? " (the recipe says [" : "", have, *have ? "])" : "");
}

gboolean object_check_cpu(
	const char *const *folders, const platform *p, guint allowed, GError **err)
{
	guint found = 0, wanted = 0;
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
		guint more = f && f->machine == EM_ARM
				     ? arm_features_needed(&f->arm, CPU_V7) & ~allowed
				     : 0;
		wanted |= more;
		if (!more || found++ >= SHOWN)
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
	tell_what_helps(&error, wanted, allowed);
	g_propagate_error(err, error);
	return FALSE;
}
