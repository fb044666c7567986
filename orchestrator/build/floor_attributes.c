#include "build/floor_attributes.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/floor_link.h"
#include "format/elf.h"
#include <glib/gstdio.h>

#define SECTION ".ARM.attributes"

/* TRUE when the object says nothing of its calling convention. */
static gboolean is_silent(const char *path, gboolean *silent, GError **err)
{
	g_autoptr(elf_file) f = elf_file_open_path(path, 0, err);

	*silent = f && f->arm.present && f->arm.vfp_args == 0;
	return f != NULL;
}

gboolean floor_attributes_set(
	const floor_spec *spec, const char *tree, const char *work, GError **err)
{
	g_autofree char *crti =
		g_build_filename(tree, "usr/lib", spec->platform->triple, "crti.o", NULL);
	g_autofree char *object = g_build_filename(work, "attributes.o", NULL);
	g_autofree char *section = g_build_filename(work, "attributes", NULL);
	g_autofree char *made = g_build_filename(work, "crti.o", NULL);
	gboolean silent;

	if (spec->platform->float_abi != FLOAT_HARD ||
		!g_file_test(crti, G_FILE_TEST_IS_REGULAR))
		return TRUE;
	if (!is_silent(crti, &silent, err))
		return FALSE;
	if (!silent)
		return TRUE;
	g_autoptr(GBytes) compiled = floor_compile(spec, "", "attributes", work, err);
	if (!compiled)
		return FALSE;
	g_autofree char *take = g_strdup_printf("--dump-section=" SECTION "=%s", section);
	g_autofree char *give =
		g_strdup_printf("--update-section=" SECTION "=%s", section);
	if (!floor_objcopy(spec, (const char *const[]){take, object, NULL}, err) ||
		!floor_objcopy(spec, (const char *const[]){give, crti, made, NULL}, err))
		return FALSE;
	/* The name goes first: the file may be shared with the base tree. */
	if (g_chmod(made, 0644) != 0 || g_rename(made, crti) != 0)
		return error_set(err, EXIT_HOST, "X0820", "cannot write %s", crti);
	return TRUE;
}
