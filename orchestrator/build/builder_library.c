#include "build/builder_library.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/step_autotools.h"
#include "format/yaml_bind.h"
#include <elf.h>
#include <string.h>

#define DEST "{" SANDBOX_OUT "/dest}"
#define WORK "{" SANDBOX_OUT "/work}" /* for builds outside the source */

typedef struct run {
	native_step *step;
	const recipe *recipe;
	char *project; /* host folder of the library's source */
	GPtrArray *defaults, *tools;
} run;

static gboolean has(const char *project, const char *name)
{
	g_autofree char *path = g_build_filename(project, name, NULL);

	return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

recipe_backend builder_library_backend(const recipe *r, const char *project)
{
	if (r->build.backend != BACKEND_AUTO)
		return (recipe_backend)r->build.backend;
	if (r->build.script || r->build.script_file)
		return BACKEND_SCRIPT;
	if (has(project, "Configure") && has(project, "Configurations/10-main.conf"))
		return BACKEND_OPENSSL;
	if (has(project, "configure"))
		return BACKEND_AUTOTOOLS;
	if (has(project, "CMakeLists.txt"))
		return BACKEND_CMAKE;
	return has(project, "meson.build") ? BACKEND_MESON : BACKEND_AUTO;
}

static void set(run *b, const char *name, const char *value)
{
	bind_pair *p = g_new0(bind_pair, 1);

	p->name = g_strdup(name);
	p->value = g_strdup(value);
	g_ptr_array_add(b->defaults, p);
}

static void pair_free(void *data)
{
	bind_pair *p = data;

	g_free(p->name);
	g_free(p->value);
	g_free(p);
}

/* A command made of words, those of the recipe last. */
static GPtrArray *words(const char *first, ...) G_GNUC_NULL_TERMINATED;
static GPtrArray *words(const char *first, ...)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	va_list ap;

	va_start(ap, first);
	for (const char *w = first; w; w = va_arg(ap, const char *))
		g_ptr_array_add(out, g_strdup(w));
	va_end(ap);
	return out;
}

static void add(GPtrArray *argv, const char *fmt, ...) G_GNUC_PRINTF(2, 3);
static void add(GPtrArray *argv, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_ptr_array_add(argv, g_strdup_vprintf(fmt, ap));
	va_end(ap);
}

static void add_options(run *b, GPtrArray *argv)
{
	const GPtrArray *own = b->recipe->build.options;

	for (guint n = 0; own && n < own->len; n++)
		add(argv, "%s", (char *)g_ptr_array_index(own, n));
}

static gboolean go(run *b, const char *name, GPtrArray *argv, GError **err)
{
	g_ptr_array_add(argv, NULL);
	gboolean ok =
		native_step_run(b->step, name, (const char *const *)argv->pdata, err);
	g_ptr_array_unref(argv);
	return ok;
}

static gboolean autotools(run *b, GError **err)
{
	const platform *p = b->step->base.platform;
	g_autofree char *site = g_build_filename(b->step->base.out, "config.site", NULL);
	g_autofree char *text = autotools_site(p);
	GPtrArray *c = words("sh", "./configure", "--build=x86_64-linux-gnu",
		"--prefix=/usr", "--sysconfdir=/etc", "--localstatedir=/var",
		"--disable-shared", "--enable-static", "--with-pic", NULL);

	add(c, "--host=%s", p->triple);
	add(c, "--libdir=/usr/lib/%s", p->triple);
	add_options(b, c);
	set(b, "MAKEINFO", "true"); /* manuals stay behind */
	set(b, "CONFIG_SITE", "{" SANDBOX_OUT "/config.site}");
	if (!fs_write_atomic(site, text, strlen(text), 0644, err)) {
		g_ptr_array_unref(c);
		return FALSE;
	}
	return go(b, "configure", c, err) && go(b, "make", words("make", NULL), err) &&
	       go(b, "make install", words("make", "install", "DESTDIR=" DEST, NULL),
		       err);
}

static const char *openssl_target(const platform *p)
{
	return p->elf_machine == EM_AARCH64 ? "linux-aarch64"
	       : p->elf_machine == EM_ARM   ? "linux-armv4"
					    : "linux-x86_64";
}

static gboolean openssl(run *b, GError **err)
{
	const platform *p = b->step->base.platform;
	GPtrArray *c = words("perl", "./Configure", openssl_target(p), "no-shared",
		"no-tests", "--prefix=/usr", "--openssldir=/etc/ssl", NULL);

	add(c, "--libdir=lib/%s", p->triple);
	add_options(b, c);
	/* It would put this before CC, which is a whole path already. */
	set(b, "CROSS_COMPILE", "");
	return go(b, "Configure", c, err) &&
	       go(b, "make", words("make", "build_libs", NULL), err) &&
	       go(b, "make install", words("make", "install_dev", "DESTDIR=" DEST, NULL),
		       err);
}

static gboolean cmake(run *b, GError **err)
{
	GPtrArray *c = words("cmake", "-S", ".", "-B", WORK, "-G", "Unix Makefiles",
		"-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_INSTALL_PREFIX=/usr",
		"-DBUILD_SHARED_LIBS=OFF", "-DCMAKE_POSITION_INDEPENDENT_CODE=ON",
		"-DCMAKE_FIND_USE_PACKAGE_REGISTRY=OFF", NULL);

	add(c, "-DCMAKE_INSTALL_LIBDIR=lib/%s", b->step->base.platform->triple);
	add_options(b, c);
	set(b, "DESTDIR", DEST);
	return go(b, "cmake", c, err) &&
	       go(b, "cmake --build", words("cmake", "--build", WORK, NULL), err) &&
	       go(b, "cmake --install", words("cmake", "--install", WORK, NULL), err);
}

/* What a cross file says of the machines; meson reads nothing else of a target. */
static gboolean meson_file(run *b, GError **err)
{
	const platform *p = b->step->base.platform;
	g_autofree char *path = g_build_filename(b->step->base.out, "cross.ini", NULL);
	g_autoptr(GString) t = g_string_new("[binaries]\n");
	static const char *const programs[][2] = {{"c", "cc"}, {"cpp", "c++"},
		{"ar", "ar"}, {"strip", "strip"}, {"nm", "nm"}, {"ranlib", "ranlib"},
		{"pkg-config", "pkg-config"}};
	const char *cpu = p->elf_machine == EM_ARM ? "arm" : p->wheel_arch;

	for (gsize n = 0; n < G_N_ELEMENTS(programs); n++)
		g_string_append_printf(
			t, "%s = '%s-%s'\n", programs[n][0], p->triple, programs[n][1]);
	g_string_append_printf(t,
		"[properties]\nneeds_exe_wrapper = true\n[host_machine]\n"
		"system = 'linux'\ncpu_family = '%s'\ncpu = '%s'\nendian = 'little'\n",
		cpu, p->wheel_arch);
	return fs_write_atomic(path, t->str, t->len, 0644, err);
}

static gboolean meson(run *b, GError **err)
{
	GPtrArray *c = words("meson", "setup", WORK, "--cross-file",
		"{" SANDBOX_OUT "/cross.ini}", "--prefix=/usr", "--buildtype=plain",
		"-Ddefault_library=static", "-Db_staticpic=true",
		"--wrap-mode=nofallback", NULL);

	add(c, "--libdir=lib/%s", b->step->base.platform->triple);
	add_options(b, c);
	set(b, "DESTDIR", DEST);
	return meson_file(b, err) && go(b, "meson", c, err) &&
	       go(b, "meson compile", words("ninja", "-C", WORK, NULL), err) &&
	       go(b, "meson install",
		       words("meson", "install", "--no-rebuild", "-C", WORK, NULL), err);
}

/* XORCH_* variables are what a script may count on (HACKING: a library). */
static gboolean script(run *b, GError **err)
{
	set(b, "XORCH_PREFIX", "/usr");
	set(b, "XORCH_DESTDIR", DEST);
	set(b, "XORCH_TRIPLE", b->step->base.platform->triple);
	set(b, "XORCH_TARGET", b->step->base.platform->name);
	set(b, "XORCH_SOURCE", "{" SANDBOX_SRC "}");
	return native_step_script(b->step, b->recipe, err);
}

static gboolean nothing_to_do(run *b, GError **err)
{
	error_set(err, EXIT_INPUT, "X0970", "%s: the source shows no build system",
		b->step->base.item);
	error_line(err, "--> %s", b->step->base.where);
	error_note(err, "looked for Configure (OpenSSL), configure, CMakeLists.txt, "
			"meson.build");
	error_help(err, "set source.subdirectory, build.backend or build.script");
	return FALSE;
}

static gboolean build(run *b, GError **err)
{
	switch (builder_library_backend(b->recipe, b->project)) {
	case BACKEND_OPENSSL:
		return openssl(b, err);
	case BACKEND_AUTOTOOLS:
		return autotools(b, err);
	case BACKEND_CMAKE:
		return cmake(b, err);
	case BACKEND_MESON:
		return meson(b, err);
	case BACKEND_SCRIPT:
		return script(b, err);
	default:
		return nothing_to_do(b, err);
	}
}

gboolean builder_library_run(native_step *step, const recipe *r, GError **err)
{
	const recipe_source *first = g_ptr_array_index(r->sources, 0);
	const GPtrArray *named = r->requirements.tools;
	const GPtrArray *given = step->defaults;
	g_autofree char *cwd = g_build_filename(SANDBOX_SRC, first->subdirectory, NULL);
	g_autofree char *dest = g_build_filename(step->base.out, "dest", NULL);
	run b = {.step = step,
		.recipe = r,
		.project = g_build_filename(step->base.source, first->subdirectory, NULL),
		.defaults = g_ptr_array_new_with_free_func(pair_free),
		.tools = g_ptr_array_new()};

	/* Runs meson, and what configure scripts and makefiles have in it. */
	g_ptr_array_add(b.tools, (gpointer) "python3");
	for (guint n = 0; named && n < named->len; n++)
		g_ptr_array_add(b.tools, g_ptr_array_index(named, n));
	g_ptr_array_add(b.tools, NULL);
	for (guint n = 0; given && n < given->len; n++) {
		const bind_pair *pair = g_ptr_array_index(given, n);
		set(&b, pair->name, pair->value);
	}
	step->cwd = cwd;
	step->defaults = b.defaults;
	step->base.tools = (const char *const *)b.tools->pdata;
	gboolean ok = fs_mkdir_p(dest, 0755, err) && build(&b, err);
	g_free(b.project);
	g_ptr_array_unref(b.defaults);
	g_ptr_array_unref(b.tools);
	step->cwd = NULL;
	step->defaults = given;
	step->base.tools = NULL;
	return ok;
}
