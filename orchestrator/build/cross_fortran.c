#include "build/cross_fortran.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/floor_extras.h"
#include "build/wrapper_conf.h"

/* A cross compiler's folder, or that of the build machine's own. */
static char *find(const toolchain *chain, const platform *p)
{
	static const char *const folders[] = {"gcc-cross", "gcc"};

	for (guint n = 0; n < G_N_ELEMENTS(folders); n++) {
		char *path = g_build_filename(chain->tree, "usr/lib", folders[n],
			p->triple, chain->version, "libgfortran.a", NULL);
		if (g_file_test(path, G_FILE_TEST_EXISTS))
			return path;
		g_free(path);
	}
	return NULL;
}

gboolean cross_fortran(
	const toolchain *chain, const floor_spec *spec, const char *dir, GError **err)
{
	g_autofree char *folder = g_build_filename(dir, "lib", NULL);
	g_autofree char *to = g_build_filename(folder, "libgfortran.a", NULL);

	if (!wrapper_has_fortran(chain, spec->platform))
		return TRUE;
	g_autofree char *from = find(chain, spec->platform);
	if (!from)
		return error_set(err, EXIT_HOST, "X0930",
			"the gfortran of %s has no libgfortran.a", chain->tree);
	return fs_mkdir_p(folder, 0755, err) &&
	       floor_extras_copy(spec, spec->base, from, to, err);
}
