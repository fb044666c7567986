#include "build/run_root_libraries.h"
#include "build/sysroot.h"
#include "format/elf.h"
#include "plan/floor_range.h"
#include "plan/policy.h"
#include <string.h>

/* What the policies have beyond the C and C++ libraries (PEP 513 and later ones), and the
 * Debian package of it: before and since time_t has 64 bits (trixie). */
static const struct {
	const char *soname, *package, *package_t64;
} rows[] = {
	{"libGL.so.1", "libgl1", "libgl1"},
	{"libICE.so.6", "libice6", "libice6"},
	{"libSM.so.6", "libsm6", "libsm6"},
	{"libX11.so.6", "libx11-6", "libx11-6"},
	{"libXext.so.6", "libxext6", "libxext6"},
	{"libXrender.so.1", "libxrender1", "libxrender1"},
	{"libexpat.so.1", "libexpat1", "libexpat1"},
	{"libglib-2.0.so.0", "libglib2.0-0", "libglib2.0-0t64"},
	{"libgobject-2.0.so.0", "libglib2.0-0", "libglib2.0-0t64"},
	{"libgthread-2.0.so.0", "libglib2.0-0", "libglib2.0-0t64"},
	{"libz.so.1", "zlib1g", "zlib1g"},
};

static void add_once(GPtrArray *list, const char *text)
{
	if (!g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL))
		g_ptr_array_add(list, g_strdup(text));
}

void run_root_needed(const wheel *w, GPtrArray *out)
{
	for (guint i = 0; i < w->zip->n_entries; i++) {
		const zip_entry *e = &w->zip->entries[i];
		g_autofree char *base = g_path_get_basename(e->name);
		if (e->folder || !strstr(base, ".so"))
			continue;
		g_autoptr(GBytes) bytes = zip_read(w->zip, e, NULL);
		g_autoptr(elf_file) f =
			bytes ? elf_file_open(bytes, e->name, 0, NULL) : NULL;
		for (guint n = 0; f && n < f->needed->len; n++)
			add_once(out, g_ptr_array_index(f->needed, n));
	}
}

/* In the root already. */
static gboolean has(const run_root *r, const char *soname)
{
	g_autofree char *path =
		g_build_filename(r->tree, "usr/lib", r->platform->triple, soname, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* Their packages, as the root's suite calls them. */
static GPtrArray *packages_of(const run_root *r, const GPtrArray *sonames)
{
	gboolean t64 = sysroot_def_glibc(r->def) > FLOOR_TIME32;
	const policy_arch *arch =
		policy_arch_find(&policy_manylinux, r->platform->wheel_arch);
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; arch && i < G_N_ELEMENTS(rows); i++) {
		const char *soname = rows[i].soname;
		if (g_ptr_array_find_with_equal_func(
			    (GPtrArray *)sonames, soname, g_str_equal, NULL) &&
			policy_library(&policy_manylinux, arch, soname) != POLICY_NONE &&
			!has(r, soname))
			add_once(out, t64 ? rows[i].package_t64 : rows[i].package);
	}
	return out;
}

gboolean run_root_add(
	const build_context *ctx, run_root *r, const GPtrArray *sonames, GError **err)
{
	g_autoptr(GPtrArray) names = packages_of(r, sonames);

	if (!names->len)
		return TRUE;
	for (guint i = 0; r->more && i < r->more->len; i++)
		add_once(names, g_ptr_array_index(r->more, i));
	g_autoptr(GPtrArray) extra = sysroot_more(ctx, r->def, r->platform, names, err);
	char *tree = extra ? sysroot_prepare(ctx, r->def, r->platform, extra, NULL, err)
			   : NULL;
	if (!tree)
		return FALSE;
	g_free(r->tree);
	r->tree = tree;
	g_clear_pointer(&r->more, g_ptr_array_unref);
	r->more = g_steal_pointer(&names);
	return TRUE;
}
