#include "build/cross.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/event.h"
#include "build/cross_cmake.h"
#include "build/cross_fortran.h"
#include "build/cross_shims.h"
#include "build/embedded.h"
#include "build/floor.h"
#include "build/store.h"
#include "build/sysroot.h"
#include "plan/key.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

void cross_clear(cross *c)
{
	g_free(c->dir);
	g_free(c->key);
	g_free(c->toolchain_tree);
	g_free(c->sysroot_tree);
	g_free(c->build_toolchain_tree);
	g_free(c->build_sysroot_tree);
	g_free(c->gcc_version);
	g_free(c->sysroot_key);
	g_free(c->build_toolchain_key);
	memset(c, 0, sizeof *c);
}

static gboolean cmake_write(const wrapper_spec *spec, const char *dir, GError **err)
{
	g_autofree char *folder = g_build_filename(dir, "cmake", NULL);
	g_autofree char *path = g_build_filename(folder, "toolchain.cmake", NULL);
	g_autofree char *text = cross_cmake(spec->platform, spec->sysroot_dir);

	return fs_mkdir_p(folder, 0755, err) &&
	       fs_write_atomic(path, text, strlen(text), 0644, err);
}

/* What gcc reads for -fopenmp when it links. Its own names a library beside it, which
 * would be the newer one; the sysroot's goes into the wheel. */
static gboolean openmp_write(const wrapper_spec *spec, const char *libexec, GError **err)
{
	static const char text[] = "*link_gomp: -lgomp\n";
	g_autofree char *path = g_build_filename(libexec, "libgomp.spec", NULL);

	return spec->target->family != TOOLCHAIN_GCC ||
	       fs_write_atomic(path, text, strlen(text), 0644, err);
}

gboolean cross_fill(const wrapper_spec *spec, const char *dir, GError **err)
{
	const embedded_file *program = embedded_file_get("xorch-cc");
	g_autofree char *bin = g_build_filename(dir, "bin", NULL);
	g_autofree char *libexec = g_build_filename(dir, "libexec", NULL);
	g_autofree char *conf = g_build_filename(dir, "wrapper.conf", NULL);
	g_autofree char *first = NULL;
	g_auto(wrapper_set) set = {0};

	wrapper_set_make(spec, &set);
	if (!fs_mkdir_p(bin, 0755, err) || !fs_mkdir_p(libexec, 0755, err) ||
		!fs_write_atomic(conf, set.conf, strlen(set.conf), 0644, err))
		return FALSE;
	if (!cmake_write(spec, dir, err) || !openmp_write(spec, libexec, err))
		return FALSE;
	for (guint i = 0; i < set.names->len; i++) {
		char *path = g_build_filename(dir, set.names->pdata[i], NULL);
		if (!first) {
			first = path;
			if (!fs_write_atomic(
				    path, program->bytes, program->size, 0755, err))
				return FALSE;
			continue;
		}
		g_autofree char *free_path = path;
		/* The wrapper knows its name by /proc/self/exe, so these are names of
		 * one file, not symbolic links. */
		if (link(first, path) != 0)
			return error_set_errno(err, EXIT_HOST, "X0820", errno,
				"cannot make the link %s", path);
	}
	return TRUE;
}

/* Raise when the same inputs give other wrappers. */
#define CROSS_VERSION 16

/* What programs of the build machine may need of its glibc: any system since
 * 2018 runs them. */
#define BUILD_FLOOR "2_28"
#define BUILD_FLOOR_MINOR 28

/* Trees lie side by side in the store, so a cross folder finds its others by
 * relative names, wherever the cache is. */
static char *tree_reference(const build_context *ctx, const char *path)
{
	g_autofree char *trees = g_strconcat(store_dir(ctx->store), "/trees/", NULL);

	return g_str_has_prefix(path, trees)
		       ? g_strconcat("../../", path + strlen(trees), NULL)
		       : g_strdup(path);
}

/* A sysroot at a floor: base tree, then stubs. */
static char *floor_of(const build_context *ctx, const sysroot_def *def,
	const platform *target, const char *floor, const GPtrArray *extra,
	const toolchain *assembler, char **key_out, GError **err)
{
	g_autofree char *base_key = NULL;
	g_autofree char *base = sysroot_prepare(ctx, def, target, extra, &base_key, err);
	floor_spec spec = {base, target, floor, assembler};

	return base ? floor_prepare(ctx, &spec, base_key, key_out, err) : NULL;
}

gboolean cross_has_fortran(const cross *c)
{
	g_autofree char *path = g_build_filename(c->dir, "bin", "gfortran", NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* Is the build machine's sysroot of the same definition? So that mostly nothing more is
 * fetched; but images are large, and the C library may not have BUILD_FLOOR. */
gboolean cross_serves_build(const sysroot_def *def)
{
	return def->packages.debian.suite &&
	       sysroot_def_glibc(def) >= BUILD_FLOOR_MINOR &&
	       sysroot_def_lowest(def) <= BUILD_FLOOR_MINOR &&
	       sysroot_def_has(def, platform_by_name("x86_64"), NULL);
}

/* The sysroot of the build machine's programs. */
static char *build_floor(const build_context *ctx, const sysroot_def *def,
	const toolchain *assembler, char **key_out, GError **err)
{
	const platform *host = platform_by_name("x86_64");
	g_autoptr(sysroot_def) other = NULL;

	if (!cross_serves_build(def)) {
		other = sysroot_def_find(CROSS_BUILD_SYSROOT, err);
		if (!other)
			return NULL;
		def = other;
	}
	return floor_of(ctx, def, host, BUILD_FLOOR, NULL, assembler, key_out, err);
}

static char *wrappers_prepare(const build_context *ctx, const wrapper_spec *spec,
	const cross *c, key *k, GError **err)
{
	const floor_spec floor = {c->sysroot_tree, spec->platform, NULL, spec->build};
	char *ready = NULL;
	store_tree *tree =
		store_tree_begin(ctx->store, "cross", key_digest(k), &ready, err);

	if (!tree)
		return ready;
	g_autofree char *bin = g_build_filename(store_tree_dir(tree), "bin", NULL);
	gboolean ok = cross_fill(spec, store_tree_dir(tree), err) &&
		      cross_fortran(spec->target, &floor, store_tree_dir(tree), err) &&
		      cross_shims_write(bin, c->sysroot_tree, spec->platform, err);
	return store_tree_finish(tree, ok, err);
}

static key *wrappers_key(const platform *p, const char *toolchain_key, const cross *c,
	const char *build_key)
{
	const embedded_file *program = embedded_file_get("xorch-cc");
	key *k = key_new("cross", CROSS_VERSION);

	key_add(k, "toolchain", toolchain_key);
	key_add(k, "build toolchain", c->build_toolchain_key);
	key_add(k, "platform", p->name);
	key_add(k, "sysroot", c->sysroot_key);
	key_add(k, "build sysroot", build_key);
	const embedded_file *shim = embedded_file_get("host-config");
	key_add(k, "wrapper", program->sha256);
	key_add(k, "shims", shim->sha256);
	return k;
}

/* The key floor_of would give. */
static char *floor_key_of(const build_context *ctx, const sysroot_def *def,
	const platform *target, const char *floor, const GPtrArray *extra,
	const char *assembler_key, GError **err)
{
	g_autofree char *base = sysroot_key(ctx, def, target, extra, err);

	return base ? floor_key(target, floor, base, assembler_key) : NULL;
}

gboolean cross_describe(
	const build_context *ctx, const cross_request *request, cross *out, GError **err)
{
	const platform *p = request->platform;
	const platform *host = platform_by_name("x86_64");
	const sysroot_def *build_def = request->sysroot;
	g_autoptr(sysroot_def) other = NULL;
	g_auto(cross) c = {0};
	int minor;

	if (!floor_parse(request->floor, &minor, err) ||
		!sysroot_def_has(request->sysroot, p, err))
		return FALSE;
	g_autofree char *target_key = toolchain_key(ctx, request->toolchain, p, err);
	c.build_toolchain_key =
		target_key ? toolchain_key(ctx, "clang", host, err) : NULL;
	if (!c.build_toolchain_key)
		return FALSE;
	c.sysroot_key = floor_key_of(ctx, request->sysroot, p, request->floor,
		request->extra, c.build_toolchain_key, err);
	if (!c.sysroot_key)
		return FALSE;
	if (!host_overlay_is_empty(&request->overlay)) {
		char *own = host_overlay_key(&request->overlay, c.sysroot_key);
		g_free(c.sysroot_key);
		c.sysroot_key = own;
	}
	if (!cross_serves_build(build_def)) {
		other = sysroot_def_find(CROSS_BUILD_SYSROOT, err);
		if (!other)
			return FALSE;
		build_def = other;
	}
	g_autofree char *build_key = floor_key_of(
		ctx, build_def, host, BUILD_FLOOR, NULL, c.build_toolchain_key, err);
	if (!build_key)
		return FALSE;
	g_autoptr(key) k = wrappers_key(p, target_key, &c, build_key);
	c.key = g_strdup(key_digest(k));
	*out = c;
	memset(&c, 0, sizeof c);
	return TRUE;
}

/* The request's libraries over the sysroot at its floor. */
static gboolean lay_overlay(const build_context *ctx, const cross_request *request,
	cross *c, char **tree_key, GError **err)
{
	char *own = NULL;
	char *tree = host_overlay_prepare(ctx, &request->overlay, request->platform,
		c->sysroot_tree, *tree_key, &own, err);

	g_free(*tree_key);
	g_free(c->sysroot_tree);
	*tree_key = own;
	c->sysroot_tree = tree;
	return tree != NULL;
}

/* Names of archives as --exclude-libs takes them, or NULL. */
static char *archives_of(const char *tree)
{
	g_autofree char *path = g_build_filename(tree, HOST_ARCHIVES, NULL);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL) || !*text)
		return NULL;
	return g_strdelimit(g_steal_pointer(&text), "\n", ':');
}

gboolean cross_prepare(
	const build_context *ctx, const cross_request *request, cross *out, GError **err)
{
	const platform *p = request->platform;
	g_auto(toolchain) target = {0}, clang = {0};
	g_autofree char *floor_key = NULL, *build_key = NULL;
	const toolchain *build = &clang;
	g_auto(cross) c = {0};

	if (!sysroot_def_has(request->sysroot, p, err) ||
		!toolchain_prepare(ctx, request->toolchain, p, &target, err))
		return FALSE;
	if (target.family == TOOLCHAIN_CLANG)
		build = &target;
	else if (!toolchain_prepare(
			 ctx, "clang", platform_by_name("x86_64"), &clang, err))
		return FALSE;
	c.sysroot_tree = floor_of(ctx, request->sysroot, p, request->floor,
		request->extra, build, &floor_key, err);
	if (!c.sysroot_tree)
		return FALSE;
	if (!host_overlay_is_empty(&request->overlay) &&
		!lay_overlay(ctx, request, &c, &floor_key, err))
		return FALSE;
	g_autofree char *hidden = archives_of(c.sysroot_tree);
	c.build_sysroot_tree = build_floor(ctx, request->sysroot, build, &build_key, err);
	if (!c.build_sysroot_tree)
		return FALSE;
	c.toolchain_tree = g_strdup(target.tree);
	c.build_toolchain_tree = g_strdup(build->tree);
	c.family = target.family;
	c.gcc_version = floor_gcc_version(c.sysroot_tree, p);

	g_autofree char *chain_dir = tree_reference(ctx, target.tree);
	g_autofree char *build_dir = tree_reference(ctx, build->tree);
	g_autofree char *sysroot_dir = tree_reference(ctx, c.sysroot_tree);
	g_autofree char *build_sysroot_dir = tree_reference(ctx, c.build_sysroot_tree);
	wrapper_spec spec = {.target = &target,
		.build = build,
		.platform = p,
		.build_platform = platform_by_name("x86_64"),
		.toolchain_dir = chain_dir,
		.build_toolchain_dir = build_dir,
		.sysroot_dir = sysroot_dir,
		.build_sysroot_dir = build_sysroot_dir,
		.gcc_version = c.gcc_version ? c.gcc_version : "0",
		.hidden = hidden};
	c.sysroot_key = g_steal_pointer(&floor_key);
	c.build_toolchain_key = g_strdup(build->key);
	g_autoptr(key) k = wrappers_key(p, target.key, &c, build_key);
	c.key = g_strdup(key_digest(k));
	c.dir = wrappers_prepare(ctx, &spec, &c, k, err);
	if (!c.dir)
		return FALSE;
	*out = c;
	memset(&c, 0, sizeof c);
	return TRUE;
}
