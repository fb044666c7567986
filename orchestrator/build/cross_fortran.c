#include "build/cross_fortran.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/floor_extras.h"
#include "build/wrapper_conf.h"

gboolean cross_fortran(
	const toolchain *chain, const floor_spec *spec, const char *dir, GError **err)
{
	static const char library[] = "libgfortran.a";
	g_autofree char *folder = g_build_filename(dir, "lib", NULL);
	g_autofree char *to = g_build_filename(folder, library, NULL);
	g_autofree char *from = g_build_filename(chain->tree, "usr/lib/gcc-cross",
		spec->platform->triple, chain->version, library, NULL);

	if (!wrapper_has_fortran(chain, spec->platform))
		return TRUE;
	if (!g_file_test(from, G_FILE_TEST_EXISTS))
		return error_set(err, EXIT_HOST, "X0930",
			"the gfortran of %s has no libgfortran.a", chain->tree);
	return fs_mkdir_p(folder, 0755, err) && floor_extras_copy(spec, from, to, err);
}
