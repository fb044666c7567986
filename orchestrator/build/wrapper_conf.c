#include "build/wrapper_conf.h"
#include <elf.h>
#include <string.h>

/* clang's C++ in seven eighths of the time (glibc 2.35's manual, "Memory Allocation
 * Tunables"): memory in huge pages where the kernel gives those to who asks for them,
 * kept in one piece to the end of the process. Names that a C library does not know are
 * nothing to it. */
#define MALLOC                                                                           \
	"glibc.malloc.hugetlb=1:glibc.malloc.top_pad=8388608:"                           \
	"glibc.malloc.mmap_threshold=33554432:glibc.malloc.trim_threshold=268435456"

/* One side of the set: the target's tools or the build machine's. */
typedef struct side {
	const toolchain *chain;
	const platform *platform;
	const char *dir; /* variables: "toolchain", "sysroot" or build's */
	const char *sysroot;
	gboolean is_build;
	const char *gcc_version, *hidden;
	GString *conf;
	GPtrArray *names;
} side;

/* Defined symbols of these are never a module's own. */
#define EXCLUDE                                                                          \
	"-Wl,--exclude-libs,libstdc++_nonshared.a:libstdc++.a:libsupc++.a:"              \
	"libstdc++fs.a:libgcc.a:libgcc_eh.a:libatomic.a"

static void line(side *s, const char *key, const char *fmt, ...) G_GNUC_PRINTF(3, 4);
static void line(side *s, const char *key, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_string_append_printf(s->conf, "%s ", key);
	g_string_append_vprintf(s->conf, fmt, ap);
	g_string_append_c(s->conf, '\n');
	va_end(ap);
}

static void name_add(side *s, const char *folder, const char *name)
{
	char *path = g_build_filename(folder, name, NULL);

	if (g_ptr_array_find_with_equal_func(s->names, path, g_str_equal, NULL)) {
		g_free(path);
		return;
	}
	g_ptr_array_add(s->names, path);
}

/* What each section begins with; `program` is relative to the toolchain. */
static void program_lines(side *s, const char *kind, const char *program)
{
	g_autofree char *tree = g_strdup_printf("${%s}", s->dir);
	g_autofree char *libraries = toolchain_library_path(s->chain, tree);
	const char *cpu = s->platform->elf_machine == EM_ARM	   ? "arm"
			  : s->platform->elf_machine == EM_AARCH64 ? "aarch64"
			  : s->platform->elf_machine == EM_X86_64  ? "x86_64"
								   : "other";

	line(s, "kind", "%s", kind);
	line(s, "cpu", "%s", cpu);
	line(s, "loader", "%s/%s", tree, TOOLCHAIN_LOADER);
	line(s, "library_path", "%s", libraries);
	line(s, "program", "%s/%s", tree, program);
	line(s, "default", "GLIBC_TUNABLES=%s", MALLOC);
}

/* Opens a section for `names` (blanks between), plain and with the triple
 * before them, or with "build-". */
static void tool(side *s, const char *names, const char *kind, const char *program)
{
	g_auto(GStrv) list = g_strsplit(names, " ", -1);

	g_string_append(s->conf, "\ntool");
	for (char **n = list; *n; n++) {
		const char *prefix = s->is_build ? "build" : s->platform->triple;
		g_autofree char *full = g_strdup_printf("%s-%s", prefix, *n);
		g_string_append_printf(s->conf, " %s", full);
		name_add(s, "bin", full);
		if (s->is_build)
			continue;
		g_string_append_printf(s->conf, " %s", *n);
		name_add(s, "bin", *n);
	}
	g_string_append_c(s->conf, '\n');
	program_lines(s, kind, program);
}

static void flags(side *s, const char *key, const char *const *list)
{
	for (; *list; list++)
		line(s, key, "%s", *list);
}

static void clang_driver(side *s, const char *names, const char *mode)
{
	g_autofree char *program =
		g_strdup_printf("usr/lib/llvm-%s/bin/clang", s->chain->version);
	gboolean cxx = g_str_equal(mode, "g++");

	tool(s, names, cxx ? "cxx" : "compiler", program);
	line(s, "before", "--no-default-config");
	line(s, "before", "--driver-mode=%s", mode);
	line(s, "before", "-no-canonical-prefixes");
	line(s, "before", "-resource-dir");
	line(s, "before", "${%s}/usr/lib/llvm-%s/lib/clang/%s", s->dir, s->chain->version,
		s->chain->version);
	line(s, "before", "--target=%s", s->platform->clang_target);
	flags(s, "before", s->platform->clang_flags);
	line(s, "before", "--sysroot=${%s}", s->sysroot);
	/* gcc took no offence at it until 14, and with 32 bits a function that gives a
	 * long is no hashfunc of Python's by its type alone. A project's -Werror= comes
	 * later. */
	if (g_str_equal(mode, "gcc"))
		line(s, "before", "-Wno-error=incompatible-function-pointer-types");
	/* What gcc says nothing of: a name that only libstdc++'s own templates use, and
	 * gcc's warnings, which clang does not know. */
	line(s, "before", "-Wno-error=deprecated-declarations");
	line(s, "before", "-Wno-error=unknown-warning-option");
	/* clang looks at /etc/os-release and changes the linker's defaults by it; lld
	 * minds a version script with a name that nothing defines, GNU ld does not. */
	line(s, "prelink", "-Wl,-z,lazy,-z,relro,--hash-style=gnu,--undefined-version");
	line(s, "link", "--ld-path=${cross}/bin/%s", s->is_build ? "build-ld" : "ld");
	line(s, "link", EXCLUDE);
	if (s->hidden)
		line(s, "link", "-Wl,--exclude-libs,%s", s->hidden);
	line(s, "link", "-Wl,--allow-shlib-undefined");
	if (cxx) {
		line(s, "link", "-Wl,--gc-sections");
		line(s, "link", "-Wl,-z,nostart-stop-gc");
	}
	/* `#pragma comment(lib, …)` is for Windows, and gcc takes no notice of it. */
	line(s, "link", "-Wl,--no-dependent-libraries");
}

static const char *lld_emulation(const platform *p)
{
	return p->elf_machine == EM_ARM	      ? "armelf_linux_eabi"
	       : p->elf_machine == EM_AARCH64 ? "aarch64linux"
					      : "elf_x86_64";
}

static void llvm_tool(side *s, const char *names, const char *kind, const char *program)
{
	g_autofree char *path =
		g_strdup_printf("usr/lib/llvm-%s/bin/%s", s->chain->version, program);

	tool(s, names, kind, path);
}

static void clang_side(side *s)
{
	static const char *const plain[][2] = {{"ar", "llvm-ar"},
		{"ranlib", "llvm-ranlib"}, {"nm", "llvm-nm"}, {"strip", "llvm-strip"},
		{"objcopy", "llvm-objcopy"}, {"objdump", "llvm-objdump"},
		{"readelf", "llvm-readelf"}, {"size", "llvm-size"},
		{"strings", "llvm-strings"}, {"addr2line", "llvm-addr2line"},
		{"c++filt", "llvm-cxxfilt"}};

	clang_driver(s, "cc gcc clang", "gcc");
	clang_driver(s, "c++ g++ clang++", "g++");
	clang_driver(s, "cpp", "cpp");
	clang_driver(s, "as", "gcc");
	flags(s, "before", (const char *const[]){"-c", "-x", "assembler", NULL});
	llvm_tool(s, "ld ld.lld", "linker", "lld");
	line(s, "argv0", "ld.lld");
	line(s, "before", "-m");
	line(s, "before", "%s", lld_emulation(s->platform));
	for (gsize i = 0; i < G_N_ELEMENTS(plain); i++) {
		llvm_tool(s, plain[i][0], "plain", plain[i][1]);
		line(s, "argv0", "%s", plain[i][1]);
	}
}

/* Where Debian keeps gcc's inner programs: a cross compiler's are apart, and since
 * Debian 13 all are in libexec. */
static char *gcc_inner(const side *s)
{
	const char *folder = s->platform->elf_machine == EM_X86_64 ? "gcc" : "gcc-cross";
	g_autofree char *own =
		g_build_filename(folder, s->platform->triple, s->chain->version, NULL);
	g_autofree char *cc1 =
		g_build_filename(s->chain->tree, "usr/libexec", own, "cc1", NULL);

	return g_build_filename(
		g_file_test(cc1, G_FILE_TEST_EXISTS) ? "usr/libexec" : "usr/lib", own,
		NULL);
}

gboolean wrapper_has_fortran(const toolchain *chain, const platform *p)
{
	g_autofree char *name =
		g_strdup_printf("%s-gfortran-%s", p->triple, chain->version);
	g_autofree char *path = g_build_filename(chain->tree, "usr/bin", name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

static gboolean has_fortran(const side *s)
{
	return wrapper_has_fortran(s->chain, s->platform);
}

static void gcc_driver(side *s, const char *names, const char *kind, const char *program)
{
	g_autofree char *path = g_strdup_printf(
		"usr/bin/%s-%s-%s", s->platform->triple, program, s->chain->version);
	const char *triple = s->platform->triple;

	tool(s, names, kind, path);
	/* The name decides where gcc looks for its parts. */
	line(s, "argv0", "${%s}/%s", s->dir, path);
	line(s, "before", "-B${cross}/libexec/");
	flags(s, "before", s->platform->gcc_flags);
	line(s, "before", "--sysroot=${%s}", s->sysroot);
	line(s, "cxx", "-nostdinc++");
	/* Unique symbols would tie modules together and keep them from being
	 * unloaded; clang makes weak ones. */
	line(s, "cxx", "-fno-gnu-unique");
	line(s, "cxx", "-isystem${%s}/usr/include/c++/%s", s->sysroot, s->gcc_version);
	line(s, "cxx", "-isystem${%s}/usr/include/%s/c++/%s", s->sysroot, triple,
		s->gcc_version);
	line(s, "cxx", "-isystem${%s}/usr/include/c++/%s/backward", s->sysroot,
		s->gcc_version);
	if (has_fortran(s))
		line(s, "prelink", "-L${cross}/lib");
	line(s, "link", "-L${%s}/usr/lib/%s", s->sysroot, triple);
	line(s, "link", EXCLUDE);
	if (s->hidden)
		line(s, "link", "-Wl,--exclude-libs,%s", s->hidden);
	line(s, "link", "-Wl,--allow-shlib-undefined");
	if (g_str_equal(kind, "cxx"))
		line(s, "link", "-Wl,--gc-sections");
}

static void gcc_side(side *s)
{
	static const char *const inner[] = {
		"cc1", "cc1plus", "collect2", "lto1", "f951", NULL};
	static const char *const plain[] = {"ar", "as", "nm", "ranlib", "strip",
		"objcopy", "objdump", "readelf", "size", "strings", "addr2line",
		"c++filt", NULL};
	g_autofree char *folder = gcc_inner(s);

	gcc_driver(s, "cc gcc", "compiler", "gcc");
	gcc_driver(s, "c++ g++", "cxx", "g++");
	gcc_driver(s, "cpp", "compiler", "gcc");
	line(s, "before", "-E");
	if (has_fortran(s))
		gcc_driver(s, "gfortran", "compiler", "gfortran");
	for (const char *const *p = plain; *p; p++) {
		g_autofree char *path =
			g_strdup_printf("usr/bin/%s-%s", s->platform->triple, *p);
		tool(s, *p, "plain", path);
		line(s, "argv0", "${%s}/%s", s->dir, path);
	}
	for (const char *const *p = (const char *const[]){"ld.bfd", "ld.gold", NULL}; *p;
		p++) {
		g_autofree char *path =
			g_strdup_printf("usr/bin/%s-%s", s->platform->triple, *p);
		tool(s, g_str_equal(*p, "ld.bfd") ? "ld ld.bfd" : *p, "linker", path);
		line(s, "argv0", "${%s}/%s", s->dir, path);
	}
	for (const char *const *p = inner; *p; p++) {
		g_autofree char *path = g_build_filename(folder, *p, NULL);
		if (g_str_equal(*p, "f951") && !has_fortran(s))
			continue;
		g_string_append_printf(s->conf, "\ntool %s\n", *p);
		program_lines(s, "plain", path);
		line(s, "argv0", "${%s}/%s", s->dir, path);
	}
}

/* gcc looks in its -B folder only for what it starts itself, and there under
 * the plain names. lto-wrapper starts gcc again, by the path it was started. */
static void gcc_libexec(side *s)
{
	static const char *const names[] = {"cc1", "cc1plus", "collect2", "lto1",
		"lto-wrapper", "xgcc", "as", "ld", "ld.bfd", "ld.gold", "nm", "strip",
		NULL};
	g_autofree char *folder = gcc_inner(s);
	g_autofree char *wrapper = g_build_filename(folder, "lto-wrapper", NULL);
	g_autofree char *gcc = g_strdup_printf(
		"usr/bin/%s-gcc-%s", s->platform->triple, s->chain->version);

	g_string_append(s->conf, "\ntool lto-wrapper\n");
	program_lines(s, "plain", wrapper);
	line(s, "argv0", "${%s}/%s", s->dir, wrapper);
	line(s, "env", "COLLECT_GCC=${cross}/libexec/xgcc");
	g_string_append(s->conf, "\ntool xgcc\n");
	program_lines(s, "plain", gcc);
	line(s, "argv0", "${%s}/%s", s->dir, gcc);
	for (const char *const *n = names; *n; n++)
		name_add(s, "libexec", *n);
	if (has_fortran(s))
		name_add(s, "libexec", "f951");
}

/* pkgconf of clang's tree, which sees one sysroot and nothing of the host. The step's
 * environment says the same (plan/environment.c); what a build system adds there, an
 * overlay's folder or its own, counts. */
static void pkg_config(side *s)
{
	const char *multiarch = s->platform->triple;

	tool(s, "pkg-config pkgconf", "plain", "usr/bin/pkgconf");
	line(s, "argv0", "pkg-config");
	line(s, s->is_build ? "env" : "default",
		"PKG_CONFIG_LIBDIR=${%s}/usr/lib/%s/pkgconfig:${%s}/usr/lib/pkgconfig:"
		"${%s}/usr/share/pkgconfig",
		s->sysroot, multiarch, s->sysroot, s->sysroot);
	line(s, s->is_build ? "env" : "default", "PKG_CONFIG_SYSROOT_DIR=${%s}",
		s->sysroot);
	line(s, s->is_build ? "env" : "default", "PKG_CONFIG_PATH=");
	/* The compiler searches these anyway, and in its own order. */
	line(s, "env", "PKG_CONFIG_SYSTEM_INCLUDE_PATH=${%s}/usr/include", s->sysroot);
	line(s, "env", "PKG_CONFIG_SYSTEM_LIBRARY_PATH=${%s}/usr/lib/%s:${%s}/usr/lib",
		s->sysroot, multiarch, s->sysroot);
}

void wrapper_set_make(const wrapper_spec *spec, wrapper_set *out)
{
	side s = {.chain = spec->target,
		.platform = spec->platform,
		.dir = "toolchain",
		.sysroot = "sysroot",
		.gcc_version = spec->gcc_version,
		.hidden = spec->hidden};

	out->names = g_ptr_array_new_with_free_func(g_free);
	s.conf = g_string_new("xorch-wrapper 1\n");
	s.names = out->names;
	line(&s, "dir", "toolchain %s", spec->toolchain_dir);
	line(&s, "dir", "build-toolchain %s", spec->build_toolchain_dir);
	line(&s, "dir", "sysroot %s", spec->sysroot_dir);
	line(&s, "dir", "build-sysroot %s", spec->build_sysroot_dir);
	if (spec->target->family == TOOLCHAIN_CLANG) {
		clang_side(&s);
	} else {
		gcc_side(&s);
		gcc_libexec(&s);
	}
	s.chain = spec->build;
	if (!g_str_equal(spec->build_toolchain_dir, spec->toolchain_dir))
		s.dir = "build-toolchain";
	pkg_config(&s);
	s.platform = spec->build_platform;
	s.sysroot = "build-sysroot";
	s.is_build = TRUE;
	s.hidden = NULL;
	clang_side(&s);
	pkg_config(&s);
	out->conf = g_string_free(s.conf, FALSE);
}

void wrapper_set_clear(wrapper_set *set)
{
	g_clear_pointer(&set->conf, g_free);
	g_clear_pointer(&set->names, g_ptr_array_unref);
}
