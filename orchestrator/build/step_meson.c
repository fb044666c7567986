#include "build/step_meson.h"
#include "build/step_files.h"
#include "format/pep508.h"
#include "format/yaml_bind.h"
#include <string.h>

/* Raise when the files say something else for the same item. */
#define VERSION "3"
#define CROSS "meson-cross.ini"
#define NATIVE "meson-native.ini"
#define BUILD_DIR ".mesonpy-build" /* in the project's folder */

/* How the target's C compiler lays out long double, in numpy's words: it would find
 * out by running a program. */
static const struct {
	const char *platform, *format;
} longdoubles[] = {
	{"aarch64", "IEEE_QUAD_LE"},
	{"armv7", "IEEE_DOUBLE_LE"},
	{"x86_64", "INTEL_EXTENDED_16_BYTES_LE"},
};

static const char cross_text[] = "# Made by xorch.\n"
				 "[binaries]\n"
				 "c = '{/xorch/cross/bin/cc}'\n"
				 "cpp = '{/xorch/cross/bin/c++}'\n"
				 "ar = '{/xorch/cross/bin/ar}'\n"
				 "ranlib = '{/xorch/cross/bin/ranlib}'\n"
				 "nm = '{/xorch/cross/bin/nm}'\n"
				 "strip = '{/xorch/cross/bin/strip}'\n"
				 "objcopy = '{/xorch/cross/bin/objcopy}'\n"
				 "readelf = '{/xorch/cross/bin/readelf}'\n"
				 "pkg-config = 'pkg-config'\n"
				 "cmake = 'cmake'\n"
				 "python = '{/xorch/env/bin/python}'\n";

static const char properties_text[] =
	"\n[properties]\n"
	"needs_exe_wrapper = true\n"
	"skip_sanity_check = true\n"
	"sys_root = '{/xorch/sysroot}'\n"
	"pkg_config_libdir = ['{/xorch/sysroot/usr/lib/@TRIPLE@/pkgconfig}', "
	"'{/xorch/sysroot/usr/lib/pkgconfig}', "
	"'{/xorch/sysroot/usr/share/pkgconfig}']\n"
	"cmake_toolchain_file = '{/xorch/files/toolchain.cmake}'\n";

static const char machine_text[] = "\n[host_machine]\n"
				   "system = 'linux'\n"
				   "kernel = 'linux'\n"
				   "cpu_family = '@FAMILY@'\n"
				   "cpu = '@CPU@'\n"
				   "endian = 'little'\n";

static const char native_text[] = "# Made by xorch.\n"
				  "[binaries]\n"
				  "c = '{/xorch/cross/bin/build-cc}'\n"
				  "cpp = '{/xorch/cross/bin/build-c++}'\n"
				  "ar = '{/xorch/cross/bin/build-ar}'\n"
				  "python = '{/xorch/env/bin/python}'\n"
				  "\n[build_machine]\n"
				  "system = 'linux'\n"
				  "kernel = 'linux'\n"
				  "cpu_family = 'x86_64'\n"
				  "cpu = 'x86_64'\n"
				  "endian = 'little'\n";

/* Programs of the build environment that dependencies are asked by: with a cross
 * file meson takes only those that it names. */
static const char *const programs[] = {"cython", "pybind11-config", "numpy-config",
	"f2py", "pythran-config", "pythran", "cffi-gen-src"};

static gboolean uses_meson(const python_project *project)
{
	const char *backend = project->backend;

	if (strcmp(backend, "mesonpy") == 0 || g_str_has_prefix(backend, "mesonpy."))
		return TRUE;
	/* A backend of the project's own around it. */
	for (char **r = project->requires; r && *r; r++) {
		g_autoptr(pep508_requirement) q = pep508_parse(*r, NULL);
		if (q && strcmp(q->normalised, "meson-python") == 0)
			return project->backend_path && *project->backend_path;
	}
	return FALSE;
}

/* Real paths must not get into object files where the sandbox has no constant ones. */
static void add_flags(GString *out, const step_site *site, const char *name)
{
	static const char *const places[] = {SANDBOX_SRC, SANDBOX_ENV_DIR, SANDBOX_PYTHON,
		SANDBOX_SYSROOT, STEP_FILES};
	const GPtrArray *flags = site->item->recipe->toolchain.cflags;

	g_string_append_printf(out, "%s = ['-g0'", name);
	for (guint n = 0; site->level != SANDBOX_BWRAP && n < G_N_ELEMENTS(places); n++) {
		g_autofree char *seen = step_site_path(site, places[n]);
		g_string_append_printf(
			out, ", '-ffile-prefix-map=%s=%s'", seen, places[n]);
	}
	for (guint n = 0; flags && n < flags->len; n++)
		g_string_append_printf(
			out, ", '%s'", (const char *)g_ptr_array_index(flags, n));
	g_string_append(out, "]\n");
}

static char *cross_file(const step_site *site)
{
	const platform *t = site->item->platform;
	GString *out = g_string_new(cross_text);
	gboolean fortran = cross_has_fortran(site->cross);

	if (fortran)
		g_string_append(out, "fortran = '{/xorch/cross/bin/gfortran}'\n");
	for (guint n = 0; n < G_N_ELEMENTS(programs); n++) {
		g_autofree char *path =
			g_build_filename(site->env, "bin", programs[n], NULL);
		if (g_file_test(path, G_FILE_TEST_EXISTS))
			g_string_append_printf(out, "%s = '{/xorch/env/bin/%s}'\n",
				programs[n], programs[n]);
	}
	g_string_append(out, properties_text);
	for (guint n = 0; n < G_N_ELEMENTS(longdoubles); n++)
		if (strcmp(longdoubles[n].platform, t->name) == 0)
			g_string_append_printf(
				out, "longdouble_format = '%s'\n", longdoubles[n].format);
	g_string_append(out, "\n[built-in options]\n");
	if (!bind_pair_has(site->item->recipe->build.env, "CFLAGS"))
		add_flags(out, site, "c_args");
	if (!bind_pair_has(site->item->recipe->build.env, "CXXFLAGS"))
		add_flags(out, site, "cpp_args");
	if (fortran && !bind_pair_has(site->item->recipe->build.env, "FFLAGS"))
		add_flags(out, site, "fortran_args");
	g_string_append(out, machine_text);
	g_string_replace(out, "@TRIPLE@", t->triple, 0);
	g_string_replace(out, "@FAMILY@", t->meson_cpu_family, 0);
	g_string_replace(out, "@CPU@", t->meson_cpu, 0);
	char *text = step_site_expand(site, out->str);
	g_string_free(out, TRUE);
	return text;
}

static gboolean add_to_key(pipeline *p, item *i, key *k, GError **err)
{
	(void)p;
	(void)i;
	(void)err;
	key_add(k, "meson files", VERSION);
	return TRUE;
}

static gboolean prepare(pipeline *p, step_site *site, step_extras *x, GError **err)
{
	const GPtrArray *own = site->item->recipe->build.config_settings;

	(void)p;
	if (!uses_meson(site->project))
		return TRUE;
	g_autofree char *target = cross_file(site);
	g_autofree char *native = step_site_expand(site, native_text);
	if (!step_file_add(site, x, CROSS, target, FALSE, err) ||
		!step_file_add(site, x, NATIVE, native, FALSE, err))
		return FALSE;
	step_extras_setting(x, "setup-args", "--cross-file={" STEP_FILES "/" CROSS "}");
	step_extras_setting(x, "setup-args", "--native-file={" STEP_FILES "/" NATIVE "}");
	/* meson-python's own choice has a random name, and contourpy, for one, writes it
	 * into a module. This is the option's older name; newer versions know it too. */
	if (!bind_pair_has(own, "builddir") && !bind_pair_has(own, "build-dir"))
		step_extras_setting(x, "builddir", BUILD_DIR);
	return TRUE;
}

const step_part step_meson = {
	.name = "meson", .add_to_key = add_to_key, .prepare = prepare};
