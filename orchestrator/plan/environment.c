#include "plan/environment.h"
#include <string.h>

/* A variable: templates of its name and value, and who reads it. ${x} stands for
 * a value of the table below; a row with one that is not known is left out. */
typedef struct row {
	const char *name, *value, *reader;
} row;

static const row target_rows[] = {
	/* Single words on purpose: some setup.py split CC, some do not. */
	{"CC", "${bin}/cc", "make, autoconf, CMake, meson, setuptools, cgo"},
	{"CXX", "${bin}/c++", "as CC"},
	{"CPP", "${bin}/cpp", "autoconf, setuptools"},
	{"LD", "${bin}/ld", "make, libtool"},
	{"AR", "${bin}/ar", "make, autoconf, CMake, setuptools"},
	{"AS", "${bin}/as", "make, autoconf"},
	{"NM", "${bin}/nm", "libtool"},
	{"RANLIB", "${bin}/ranlib", "make, autoconf, CMake"},
	{"STRIP", "${bin}/strip", "make install-strip, libtool, setuptools-rust"},
	{"OBJCOPY", "${bin}/objcopy", "make, libtool"},
	{"OBJDUMP", "${bin}/objdump", "libtool"},
	{"READELF", "${bin}/readelf", "autoconf, CMake"},

	/* Optimisation and NDEBUG are said here because setuptools since 75.8 takes
	 * CFLAGS instead of the interpreter's own flags, not in addition. */
	{"CFLAGS", "${cflags}", "make, autoconf, CMake, setuptools"},
	{"CXXFLAGS", "${cflags}", "as CFLAGS"},
	{"FC", "${fortran}", "autoconf, CMake, meson; only with gcc"},
	{"F77", "${fortran}", "autoconf, numpy.distutils"},
	{"F90", "${fortran}", "numpy.distutils"},
	{"FFLAGS", "${fflags}", "make, autoconf, CMake, meson"},
	{"FCFLAGS", "${fflags}", "autoconf"},
	{"LDFLAGS", "${ldflags}", "make, autoconf, CMake, setuptools"},
	/* No LDFLAGS inside: setuptools adds them itself. */
	{"LDSHARED", "${bin}/cc -shared", "setuptools"},
	{"LDCXXSHARED", "${bin}/c++ -shared", "setuptools"},

	/* Programs that run during the build are for the build machine. */
	{"CC_FOR_BUILD", "${bin}/build-cc", "autoconf (AX_PROG_CC_FOR_BUILD), meson"},
	{"CXX_FOR_BUILD", "${bin}/build-c++", "as CC_FOR_BUILD"},
	{"AR_FOR_BUILD", "${bin}/build-ar", "meson"},
	{"BUILD_CC", "${bin}/build-cc", "libffi, gmp, CPython and others"},
	{"BUILD_CXX", "${bin}/build-c++", "as BUILD_CC"},
	{"HOST_CC", "${bin}/build-cc", "the cc crate in build scripts, make"},
	{"HOST_CXX", "${bin}/build-c++", "as HOST_CC"},
	{"HOST_AR", "${bin}/build-ar", "the cc crate"},
	{"HOSTCC", "${bin}/build-cc", "Makefiles in the kernel's style"},
	{"HOSTCXX", "${bin}/build-c++", "as HOSTCC"},
	{"CFLAGS_FOR_BUILD", "-O2", "autoconf; without it CFLAGS would be taken"},

	{"CROSS_COMPILE", "${bin}/${triple}-", "Makefiles: $(CROSS_COMPILE)gcc"},
	{"CHOST", "${triple}", "configure scripts written by hand, such as zlib's"},
	{"CBUILD", "x86_64-linux-gnu", "as CHOST"},
	{"SYSROOT", "${sysroot}", "setup.py and Makefiles that look for headers"},

	{"PLAT", "manylinux_${floor}_${wheel_arch}", "multibuild's scripts, setup.py"},
	{"AUDITWHEEL_PLAT", "manylinux_${floor}_${wheel_arch}", "auditwheel repair"},
	{"AUDITWHEEL_POLICY", "manylinux_${floor}",
		"scripts written for manylinux images"},
	{"AUDITWHEEL_ARCH", "${wheel_arch}", "as AUDITWHEEL_POLICY"},

	/* linux-armv7l where CPython's own configure says linux-arm. Never empty:
	 * get_platform() takes "" for an answer. */
	{"_PYTHON_HOST_PLATFORM", "${python_platform}",
		"sysconfig.get_platform(): setuptools, wheel, meson-python, maturin, "
		"pip"},
	{"_PYTHON_SYSCONFIGDATA_NAME", "${sysconfigdata}",
		"sysconfig: which data module"},
	{"SETUPTOOLS_EXT_SUFFIX", "${ext_suffix}", "setuptools, scikit-build-core"},
	{"PYO3_CROSS", "${pyo3_cross}", "pyo3-build-config"},
	{"PYO3_CROSS_LIB_DIR", "${python_lib}",
		"pyo3-build-config, maturin, setuptools-rust"},
	{"PYO3_CROSS_PYTHON_VERSION", "${python_version}", "pyo3-build-config"},
	{"PYO3_CONFIG_FILE", "${pyo3_config}", "pyo3-build-config: the exact form"},

	/* Never RUSTFLAGS, which would reach build scripts and procedural macros. */
	{"CARGO_BUILD_TARGET", "${rust}", "cargo, maturin, setuptools-rust"},
	{"CARGO_TARGET_${RUST}_LINKER", "${bin}/cc", "cargo"},
	{"CARGO_TARGET_${RUST}_AR", "${bin}/ar", "cargo"},
	{"CARGO_TARGET_${RUST}_RUSTFLAGS", "${rustflags}", "cargo: for the target alone"},
	{"CARGO_TARGET_${BUILD_RUST}_LINKER", "${bin}/build-cc", "cargo: build scripts"},
	{"CC_${rust_}", "${bin}/cc", "the cc crate"},
	{"CXX_${rust_}", "${bin}/c++", "the cc crate"},
	{"AR_${rust_}", "${bin}/ar", "the cc crate"},
	{"RANLIB_${rust_}", "${bin}/ranlib", "openssl-src, the cc crate"},
	{"CFLAGS_${rust_}", "${cflags}", "the cc crate"},
	{"CXXFLAGS_${rust_}", "${cflags}", "the cc crate"},
	{"CC_${build_rust_}", "${bin}/build-cc", "the cc crate in build scripts"},
	{"CXX_${build_rust_}", "${bin}/build-c++", "the cc crate in build scripts"},
	{"AR_${build_rust_}", "${bin}/build-ar", "the cc crate in build scripts"},
	/* Empty, not unset: else the cc crate falls back to CFLAGS, the target's. From
	 * 1.2.15 on it takes both, so build-cc drops what is for the target's processor.
	 */
	{"CFLAGS_${build_rust_}", "", "the cc crate in build scripts"},
	{"CXXFLAGS_${build_rust_}", "", "the cc crate in build scripts"},
	{"TARGET_CC", "${bin}/cc", "the cc crate, ring"},
	{"TARGET_CXX", "${bin}/c++", "the cc crate"},
	{"TARGET_AR", "${bin}/ar", "the cc crate"},
	{"TARGET_SYSROOT", "${sysroot}", "maturin: where to look for libraries"},
	{"BINDGEN_EXTRA_CLANG_ARGS_${rust_}",
		"--target=${clang_target} --sysroot=${sysroot}",
		"bindgen: the target's headers, not the host's"},

	/* Go takes a wrong GOARM or GOAMD64 in silence, so all are said. */
	{"GOOS", "linux", "go"},
	{"GOARCH", "${goarch}", "go"},
	{"GOARM", "${goarm}", "go"},
	{"GOARM64", "${goarm64}", "go"},
	{"GOAMD64", "${goamd64}", "go"},
	{"GO386", "${go386}", "go"},
	{"GORISCV64", "${goriscv64}", "go"},
	{"GOPPC64", "${goppc64}", "go"},
	{"CGO_ENABLED", "${cgo}", "go: 1 where there is a compiler for the target"},
	{"CGO_CFLAGS", "${cflags}", "go"},
	{"CGO_CXXFLAGS", "${cflags}", "go"},
	{"CGO_LDFLAGS", "${ldflags}", "go"},
	{"GOTOOLCHAIN", "local", "go: the Go that is there, no other is fetched"},
	{"GOFLAGS", "-trimpath", "go: no paths of this machine in the binary"},

	{"CMAKE_TOOLCHAIN_FILE", "${cmake_toolchain}", "CMake, scikit-build-core"},
	{"CMAKE_SYSTEM_NAME", "Linux", "the cmake crate, scripts"},
	{"CMAKE_SYSTEM_PROCESSOR", "${cmake_processor}", "as CMAKE_SYSTEM_NAME"},

	{"PKG_CONFIG", "${bin}/pkg-config", "autoconf, meson, CMake, setup.py, crates"},
	/* LIBDIR takes the place of the built-in folders, PATH would add to them. */
	{"PKG_CONFIG_LIBDIR",
		"${sysroot}/usr/lib/${multiarch}/pkgconfig:${sysroot}/usr/lib/pkgconfig:"
		"${sysroot}/usr/share/pkgconfig",
		"pkg-config, meson, CMake, the pkg-config crate"},
	{"PKG_CONFIG_SYSROOT_DIR", "${sysroot}", "pkg-config"},
	{"PKG_CONFIG_PATH", "", "pkg-config: nothing of the host's"},
	{"PKG_CONFIG_ALLOW_CROSS", "1", "the pkg-config crate"},

	/* What a Dockerfile stage would have. */
	{"TARGETPLATFORM", "${docker}", "scripts of Dockerfiles"},
	{"TARGETOS", "linux", "scripts of Dockerfiles"},
	{"TARGETARCH", "${docker_arch}", "scripts of Dockerfiles"},
	{"TARGETVARIANT", "${docker_variant}", "scripts of Dockerfiles"},
};

/* Only within a build step: one answer on every machine and in every year. */
static const row step_rows[] = {
	{"LC_ALL", "C.UTF-8", "everything that sorts, prints or decodes"},
	{"TZ", "UTC", "everything that prints a time"},
	{"SOURCE_DATE_EPOCH", "${epoch}", "compilers, archivers, wheel builders"},
	{"PYTHONHASHSEED", "0", "Python: order of sets"},
	{"PYTHONDONTWRITEBYTECODE", "1", "Python: the env is read-only"},
	{"PYTHONNOUSERSITE", "1", "Python"},
	{"PYTHONUTF8", "1", "Python"},
	{"ZERO_AR_DATE", "1", "ar: no dates in archives"},
	/* A `git clone` in a build fails at once instead of waiting for a network. */
	{"GIT_ALLOW_PROTOCOL", "file", "git"},
	{"GIT_TERMINAL_PROMPT", "0", "git: no questions"},
	{"DEBIAN_FRONTEND", "noninteractive", "tools that would ask"},
	{"PIP_NO_INDEX", "1", "pip, if a backend calls it"},
	{"PIP_NO_INPUT", "1", "pip"},
	{"PIP_DISABLE_PIP_VERSION_CHECK", "1", "pip"},
	{"PIP_CONFIG_FILE", "/dev/null", "pip"},
	{"UV_OFFLINE", "1", "uv, if a backend calls it"},
	{"CARGO_NET_OFFLINE", "true", "cargo"},
	{"MATURIN_NO_INSTALL_RUST", "1", "maturin: asks for no installer of Rust"},
	{"MAKEFLAGS", "-j${jobs}", "make"},
	{"CMAKE_BUILD_PARALLEL_LEVEL", "${jobs}", "cmake --build"},
	{"CMAKE_POLICY_VERSION_MINIMUM", "3.5", "CMake 4: projects that ask for less"},
	{"CARGO_BUILD_JOBS", "${jobs}", "cargo"},
	{"GOMAXPROCS", "${jobs}", "go"},
	{"NPY_NUM_BUILD_JOBS", "${jobs}", "numpy.distutils"},
	{"RAYON_NUM_THREADS", "${jobs}", "rustc, uv"},
};

/* The values templates may name. */
typedef struct values {
	GHashTable *by_name;
} values;

static void set(values *v, const char *name, const char *value)
{
	if (value)
		g_hash_table_replace(v->by_name, (gpointer)name, g_strdup(value));
}

static void set_owned(values *v, const char *name, char *value)
{
	g_hash_table_replace(v->by_name, (gpointer)name, value);
}

/* NULL when a name is not known. */
static char *expand(const values *v, const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text) {
		const char *at = strstr(text, "${");
		if (!at) {
			g_string_append(out, text);
			break;
		}
		const char *end = strchr(at, '}');
		g_autofree char *name = g_strndup(at + 2, (gsize)(end - at - 2));
		const char *value = g_hash_table_lookup(v->by_name, name);
		if (!value) {
			g_string_free(out, TRUE);
			return NULL;
		}
		g_string_append_len(out, text, at - text);
		g_string_append(out, value);
		text = end + 1;
	}
	return g_string_free(out, FALSE);
}

static char *underscored(const char *triple, gboolean upper)
{
	char *s = upper ? g_ascii_strup(triple, -1) : g_strdup(triple);

	return g_strdelimit(s, "-.", '_');
}

static void add_words(GString *out, const GPtrArray *words)
{
	for (guint i = 0; words && i < words->len; i++)
		g_string_append_printf(
			out, " %s", (const char *)g_ptr_array_index(words, i));
}

static void set_flags(values *v, const environment_spec *s)
{
	GString *c = g_string_new("-O2 -DNDEBUG -fPIC -g0");
	GString *rust = g_string_new(NULL);

	for (guint i = 0; s->prefix_maps && s->prefix_maps[i]; i++) {
		g_string_append_printf(c, " -ffile-prefix-map=%s", s->prefix_maps[i]);
		g_string_append_printf(rust, "%s--remap-path-prefix=%s", i ? " " : "",
			s->prefix_maps[i]);
	}
	add_words(c, s->cflags);
	set_owned(v, "cflags", g_string_free(c, FALSE));
	if (rust->len)
		set(v, "rustflags", rust->str);
	g_string_free(rust, TRUE);
	GString *ld = g_string_new("-Wl,--as-needed -Wl,-z,relro");
	if (s->strip)
		g_string_append(ld, " -Wl,-s");
	add_words(ld, s->ldflags);
	set_owned(v, "ldflags", g_string_free(ld, FALSE));
}

static void set_rust(values *v, const platform *p)
{
	const char *build = "x86_64-unknown-linux-gnu";

	set(v, "rust", p->rust_triple);
	if (!p->rust_triple)
		return;
	set_owned(v, "rust_", underscored(p->rust_triple, FALSE));
	set_owned(v, "RUST", underscored(p->rust_triple, TRUE));
	/* One name for both sides: the target's values count. */
	if (strcmp(p->rust_triple, build) == 0)
		return;
	set_owned(v, "build_rust_", underscored(build, FALSE));
	set_owned(v, "BUILD_RUST", underscored(build, TRUE));
}

static void set_python(values *v, const environment_python *py)
{
	if (!py)
		return;
	set(v, "sysconfigdata", py->sysconfigdata);
	set(v, "ext_suffix", py->ext_suffix);
	set(v, "python_lib", py->lib_dir);
	set(v, "python_version", py->version);
	set(v, "pyo3_config", py->pyo3_config);
	set(v, "pyo3_cross", "1");
}

static void set_platform(values *v, const platform *p)
{
	set(v, "triple", p->triple);
	set(v, "multiarch", p->multiarch);
	set(v, "clang_target", p->clang_target);
	set(v, "wheel_arch", p->wheel_arch);
	set(v, "python_platform", p->python_platform);
	set(v, "cmake_processor", p->cmake_processor);
	set(v, "docker", p->docker);
	set(v, "docker_arch", p->docker_arch);
	set(v, "docker_variant", p->docker_variant);
	set(v, "goarch", p->goarch);
	set(v, "goarm", p->goarm);
	set(v, "goarm64", p->goarm64);
	set(v, "goamd64", p->goamd64);
	set(v, "go386", p->go386);
	set(v, "goriscv64", p->goriscv64);
	set(v, "goppc64", p->goppc64);
}

static void variable_free(void *data)
{
	environment_variable *e = data;

	g_free(e->name);
	g_free(e->value);
	g_free(e);
}

static void add_rows(GPtrArray *env, const values *v, const row *rows, guint n)
{
	for (guint i = 0; i < n; i++) {
		g_autofree char *name = expand(v, rows[i].name);
		g_autofree char *value = name ? expand(v, rows[i].value) : NULL;
		if (!value)
			continue;
		environment_variable *e = g_new0(environment_variable, 1);
		e->name = g_steal_pointer(&name);
		e->value = g_steal_pointer(&value);
		e->reader = rows[i].reader;
		g_ptr_array_add(env, e);
	}
}

GPtrArray *environment_make(const environment_spec *s)
{
	GPtrArray *env = g_ptr_array_new_with_free_func(variable_free);
	values v = {g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free)};

	set_platform(&v, s->platform);
	set_rust(&v, s->platform);
	set_flags(&v, s);
	set_python(&v, s->python);
	set(&v, "floor", s->floor);
	set(&v, "bin", s->cross_bin);
	if (s->cross_bin && s->fortran) {
		set_owned(&v, "fortran", g_strconcat(s->cross_bin, "/gfortran", NULL));
		set(&v, "fflags", g_hash_table_lookup(v.by_name, "cflags"));
	}
	set(&v, "cgo", s->cross_bin ? "1" : "0");
	set(&v, "sysroot", s->sysroot);
	set(&v, "cmake_toolchain", s->cmake_toolchain);
	if (s->jobs > 0)
		set_owned(&v, "jobs", g_strdup_printf("%d", s->jobs));
	if (s->source_date_epoch > 0)
		set_owned(&v, "epoch",
			g_strdup_printf("%" G_GINT64_FORMAT, s->source_date_epoch));
	add_rows(env, &v, target_rows, G_N_ELEMENTS(target_rows));
	if (s->step)
		add_rows(env, &v, step_rows, G_N_ELEMENTS(step_rows));
	g_hash_table_unref(v.by_name);
	return env;
}

static environment_variable *find(const GPtrArray *env, const char *name)
{
	for (guint i = 0; i < env->len; i++) {
		environment_variable *e = g_ptr_array_index(env, i);
		if (strcmp(e->name, name) == 0)
			return e;
	}
	return NULL;
}

const char *environment_get(const GPtrArray *env, const char *name)
{
	const environment_variable *e = find(env, name);

	return e ? e->value : NULL;
}

void environment_set(GPtrArray *env, const char *name, const char *value)
{
	environment_variable *e = find(env, name);

	if (e) {
		g_free(e->value);
		e->value = g_strdup(value);
		return;
	}
	e = g_new0(environment_variable, 1);
	e->name = g_strdup(name);
	e->value = g_strdup(value);
	g_ptr_array_add(env, e);
}

char **environment_strv(const GPtrArray *env)
{
	char **out = g_new0(char *, env->len + 1);

	for (guint i = 0; i < env->len; i++) {
		const environment_variable *e = g_ptr_array_index(env, i);
		out[i] = g_strconcat(e->name, "=", e->value, NULL);
	}
	return out;
}
