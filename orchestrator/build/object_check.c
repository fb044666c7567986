#include "build/object_check.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/host_library.h"
#include "build/tree_walk.h"
#include "format/ar.h"
#include "format/elf.h"
#include "plan/arm_feature.h"
#include <elf.h>
#include <ftw.h>
#include <string.h>

#define SHOWN 5
#define CPU_V7 10 /* Tag_CPU_arch (Arm's addenda32) */
#define LIST_MAX (1 << 20)

typedef struct checking {
	const char *what; /* "object files of this build" */
	const char *key;  /* of the recipe, which would allow it */
	const char *note; /* or NULL */
	const platform *target;
	guint allowed;
	guint wanted, found;
	gboolean shared; /* a shared library was among what was looked at */
	GError *error;	 /* what was found; NULL: nothing */
} checking;

static __thread GPtrArray *objects;

static int collect(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)at;
	if (type == FTW_F && g_str_has_suffix(path, ".o"))
		g_ptr_array_add(objects, g_strdup(path));
	return 0;
}

/* `f` may be NULL: what is no ELF file for all its name is no concern here. */
static void look(checking *c, const elf_file *f, const char *file, const char *member)
{
	guint more = f && f->machine == EM_ARM
			     ? arm_features_needed(&f->arm, CPU_V7) & ~c->allowed
			     : 0;

	c->wanted |= more;
	if (!more || c->found++ >= SHOWN)
		return;
	if (!c->error)
		error_set(&c->error, EXIT_AUDIT, "X0721", "%s ask for more than %s has",
			c->what, c->target->name);
	g_autofree char *name = g_path_get_basename(file);
	g_autofree char *full =
		member ? g_strdup_printf("%s(%s)", name, member) : g_strdup(name);
	g_autofree char *shown = text_escape(full, -1);
	error_line(&c->error, "%s: CPU %s, FP %s, SIMD %s", shown,
		elf_arm_arch_name(f->arm.cpu_arch), elf_arm_fp_name(f->arm.fp_arch),
		elf_arm_simd_name(f->arm.simd_arch));
}

static gboolean look_at_file(checking *c, const char *path, GError **err)
{
	GMappedFile *map = g_mapped_file_new(path, FALSE, NULL);

	if (!map)
		return TRUE;
	g_autoptr(GBytes) bytes = g_mapped_file_get_bytes(map);
	g_mapped_file_unref(map);
	gsize size;
	const void *data = g_bytes_get_data(bytes, &size);
	if (elf_magic(data, size)) {
		g_autoptr(elf_file) f = elf_file_open(bytes, path, 0, NULL);
		c->shared |= f && f->type == ET_DYN;
		look(c, f, path, NULL);
		return TRUE;
	}
	if (!ar_magic(data, size))
		return TRUE;
	g_autoptr(GPtrArray) members = ar_list(data, size, path, err);
	for (guint n = 0; members && n < members->len; n++) {
		const ar_member *m = g_ptr_array_index(members, n);
		g_autoptr(GBytes) part =
			g_bytes_new_from_bytes(bytes, m->offset, m->size);
		g_autoptr(elf_file) f = elf_file_open(part, m->name, 0, NULL);
		look(c, f, path, m->name);
	}
	return members != NULL;
}

/* The verdict, with what helps. */
static gboolean judge(checking *c, GError **err)
{
	if (!c->error)
		return TRUE;
	g_autofree char *have = arm_features_text(c->allowed);
	g_autofree char *want = arm_features_text(c->wanted | c->allowed);
	if (c->found > SHOWN)
		error_line(&c->error, "and %u more", c->found - SHOWN);
	if (c->note)
		error_note(&c->error, "%s", c->note);
	error_help(&c->error,
		"-march=armv7-a -mfpu=vfpv3-d16 is the platform's. Where such code runs "
		"only after the processor was asked, or on machines that all have it, "
		"say `%s: {cpu: [%s]}`%s%s%s",
		c->key, want, *have ? " (the recipe says [" : "", have,
		*have ? "])" : "");
	g_propagate_error(err, c->error);
	return FALSE;
}

static void look_below(checking *c, const char *const *folders)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
	objects = list;
	for (; *folders; folders++)
		nftw(*folders, collect, 32, FTW_PHYS);
	objects = NULL;
	for (guint i = 0; i < list->len; i++) {
		const char *path = g_ptr_array_index(list, i);
		g_autoptr(elf_file) f = elf_file_open_path(path, 0, NULL);
		look(c, f, path, NULL);
	}
}

gboolean object_check_cpu(
	const char *const *folders, const platform *p, guint allowed, GError **err)
{
	checking c = {.what = "object files of this build",
		.key = "wheel",
		.target = p,
		.allowed = allowed};

	if (p->elf_machine != EM_ARM)
		return TRUE;
	look_below(&c, folders);
	return judge(&c, err);
}

static gboolean installed(const tree_entry *e, void *data, GError **err)
{
	return e->type != TREE_FILE || look_at_file(data, e->full, err);
}

gboolean object_check_library(const char *tree, const char *name,
	const char *const *folders, const platform *p, guint allowed, GError **err)
{
	g_autofree char *what = g_strdup_printf("object files of the library %s", name);
	checking c = {.what = what,
		.key = "library",
		.note = "a recipe whose wheel is linked with it has to allow the same in "
			"wheel.cpu",
		.target = p,
		.allowed = allowed};

	if (p->elf_machine != EM_ARM)
		return TRUE;
	if (!tree_walk(tree, installed, &c, err)) {
		g_clear_error(&c.error);
		return FALSE;
	}
	if (c.shared && !c.error)
		look_below(&c, folders);
	return judge(&c, err);
}

static gboolean look_at_archive(
	checking *c, const char *sysroot, const char *name, GError **err)
{
	const char *const folders[] = {c->target->triple, "."};

	for (gsize n = 0; n < G_N_ELEMENTS(folders); n++) {
		g_autofree char *path =
			g_build_filename(sysroot, "usr/lib", folders[n], name, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			return look_at_file(c, path, err);
	}
	return TRUE;
}

gboolean object_check_linked(
	const char *sysroot, const platform *p, guint allowed, GError **err)
{
	checking c = {.what = "libraries that are linked into this wheel",
		.key = "wheel",
		.target = p,
		.allowed = allowed};
	g_autofree char *path = g_build_filename(sysroot, HOST_ARCHIVES, NULL);

	if (p->elf_machine != EM_ARM || !g_file_test(path, G_FILE_TEST_EXISTS))
		return TRUE;
	g_autoptr(GBytes) bytes = fs_read(path, LIST_MAX, err);
	if (!bytes)
		return FALSE;
	gsize size;
	const char *data = g_bytes_get_data(bytes, &size);
	g_autofree char *text = g_strndup(data ? data : "", size);
	g_auto(GStrv) names = g_strsplit(text, "\n", -1);
	for (char **name = names; *name; name++)
		if (**name && !look_at_archive(&c, sysroot, *name, err)) {
			g_clear_error(&c.error);
			return FALSE;
		}
	return judge(&c, err);
}
