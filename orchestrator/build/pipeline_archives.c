#include "build/pipeline_archives.h"
#include "build/host_files.h"
#include "build/overlay_choose.h"
#include "build/pipeline_host.h"
#include "build/pipeline_library.h"
#include "build/step_overlay.h"
#include "build/sysroot.h"
#include "build/sysroot_parts.h"
#include "format/project_name.h"
#include "format/purl.h"
#include "plan/package_lock.h"
#include <stdlib.h>
#include <string.h>

#define SITE "/site-packages/"
/* build/floor_nonshared.h: made of the other. */
#define NONSHARED "libstdc++_nonshared.a"
#define LIBSTDCXX "libstdc++.a"

typedef struct finder {
	pipeline *p;
	item *i;
	const cross *c;
	const sysroot_def *sysroot;
	const char *toolchain; /* name of its definition */
	/* library_place *; NULL: not asked for yet. */
	GPtrArray *host, *base, *tools;
	GPtrArray *out;
} finder;

static void finder_clear(finder *f)
{
	g_clear_pointer(&f->host, g_ptr_array_unref);
	g_clear_pointer(&f->base, g_ptr_array_unref);
	g_clear_pointer(&f->tools, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(finder, finder_clear)

static gboolean finder_init(finder *f, pipeline *p, item *i, GError **err)
{
	cross_request request;

	*f = (finder){.p = p, .i = i};
	if (!pipeline_cross_bare(p, i, &request, err))
		return FALSE;
	f->sysroot = request.sysroot;
	f->toolchain = request.toolchain;
	return TRUE;
}

/* ---- packages ---- */

/* libc6-dev, libgcc-10-dev, libgcc-12-dev-arm64-cross. */
static gboolean holds_archives(const char *name)
{
	return g_str_has_prefix(name, "lib") &&
	       (g_str_has_suffix(name, "-dev") || strstr(name, "-dev-"));
}

static GPtrArray *choose(const package_section *section)
{
	GPtrArray *out =
		g_ptr_array_new_with_free_func((GDestroyNotify)locked_package_free);

	for (guint n = 0; n < section->packages->len; n++) {
		const locked_package *p = g_ptr_array_index(section->packages, n);
		if (holds_archives(p->name))
			g_ptr_array_add(out, locked_package_copy(p));
	}
	return out;
}

/* Of the packages of a locked definition. */
static GPtrArray *places_of_set(finder *f, const package_set *set, GError **err)
{
	const build_context *ctx = f->p->ctx;
	g_autoptr(package_section) section = package_set_lock(ctx, set, FALSE, NULL, err);
	g_autoptr(GPtrArray) packages = section ? choose(section) : NULL;
	GPtrArray *out = packages ? host_files_prepare(ctx, packages, f->i->platform,
					    section->suite, err)
				  : NULL;

	for (guint n = 0; out && n < out->len; n++) {
		library_place *l = g_ptr_array_index(out, n);
		g_clear_pointer(&l->licence, g_free);
	}
	return out;
}

static GPtrArray *ask_base(finder *f, GError **err)
{
	package_set set = sysroot_package_set(f->sysroot, f->i->platform, NULL);

	if (!f->base)
		f->base = package_def_is_debian(&f->sysroot->packages)
				  ? places_of_set(f, &set, err)
				  : sysroot_parts_prepare(
					    f->p->ctx, f->sysroot, f->i->platform, err);
	return f->base;
}

/* A cross compiler's libraries are packages for every machine. */
static void say_all(library_place *l, const char *suite)
{
	if (!strstr(l->package, "-cross"))
		return;
	g_free(l->purl);
	l->purl = purl_debian(l->package, l->version, "all", suite);
}

static GPtrArray *ask_tools(finder *f, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;

	if (f->tools)
		return f->tools;
	def = toolchain_def_find(f->toolchain, err);
	if (!def)
		return NULL;
	package_set set = package_set_of_toolchain(def, f->i->platform);
	f->tools = places_of_set(f, &set, err);
	for (guint n = 0; f->tools && n < f->tools->len; n++)
		say_all(g_ptr_array_index(f->tools, n), def->packages.debian.suite);
	return f->tools;
}

/* The recipe's own; empty without any. */
static GPtrArray *ask_host(finder *f, GError **err)
{
	const GPtrArray *packages = host_packages_locked(f->i);

	if (!f->host)
		f->host =
			packages ? host_files_prepare(f->p->ctx, packages, f->i->platform,
					   f->sysroot->packages.debian.suite, err)
				 : g_ptr_array_new();
	return f->host;
}

/* ---- one archive ---- */

static gboolean is_known(const GPtrArray *list, const library_place *l)
{
	for (guint n = 0; n < list->len; n++) {
		const library_place *other = g_ptr_array_index(list, n);
		if (!g_strcmp0(other->package, l->package) &&
			!g_strcmp0(other->version, l->version))
			return TRUE;
	}
	return FALSE;
}

/* Takes l. */
static void add(finder *f, library_place *l)
{
	g_clear_pointer(&l->folder, g_free);
	if (is_known(f->out, l))
		library_place_free(l);
	else
		g_ptr_array_add(f->out, l);
}

static library_place *copy(const library_place *l)
{
	library_place *out = library_place_new(l->package, NULL, l->licence);

	out->version = g_strdup(l->version);
	out->purl = g_strdup(l->purl);
	out->sha256 = g_strdup(l->sha256);
	out->expression = g_strdup(l->expression);
	return out;
}

static gboolean add_owner(finder *f, const GPtrArray *places, const char *archive)
{
	for (guint n = 0; n < places->len; n++) {
		const library_place *l = g_ptr_array_index(places, n);
		if (!l->archives ||
			!g_strv_contains((const char *const *)l->archives, archive))
			continue;
		add(f, copy(l));
		return TRUE;
	}
	return FALSE;
}

static gboolean is_of_a_recipe(const finder *f, const char *archive)
{
	g_autoptr(GPtrArray) libraries = pipeline_library_items(f->i);

	for (guint n = 0; n < libraries->len; n++) {
		const item *other = g_ptr_array_index(libraries, n);
		g_autofree char *tree = store_tree_find(
			f->p->ctx->store, "library", key_digest(other->key));
		g_autofree char *path =
			tree ? g_build_filename(tree, "usr/lib", f->i->platform->triple,
				       archive, NULL)
			     : NULL;
		if (path && g_file_test(path, G_FILE_TEST_EXISTS))
			return TRUE;
	}
	return FALSE;
}

static gboolean of_sysroot(finder *f, const char *name, GError **err)
{
	const char *archive = g_str_equal(name, NONSHARED) ? LIBSTDCXX : name;
	const GPtrArray *host = ask_host(f, err);
	const GPtrArray *base = host ? ask_base(f, err) : NULL;

	if (!base)
		return FALSE;
	if (is_of_a_recipe(f, archive) || add_owner(f, host, archive) ||
		add_owner(f, base, archive) || !base->len)
		return TRUE;
	/* An image of which no list tells whose its files are. */
	const library_place *rest = g_ptr_array_index(base, base->len - 1);
	if (!package_def_is_debian(&f->sysroot->packages) && rest->purl)
		add(f, copy(rest));
	return TRUE;
}

static gboolean of_toolchain(finder *f, const char *archive, GError **err)
{
	const GPtrArray *tools = ask_tools(f, err);

	if (tools)
		add_owner(f, tools, archive);
	return tools != NULL;
}

/* "…/site-packages/numpy/core/lib/libnpymath.a". */
static void of_requirement(finder *f, const char *path)
{
	const char *at = strstr(path, SITE) + strlen(SITE);
	g_autofree char *folder = g_strndup(at, strcspn(at, "/"));
	g_autofree char *name = project_name_normalize(folder);
	const GPtrArray *list = step_overlay_entries(f->i);

	for (guint n = 0; list && n < list->len; n++) {
		const locked_file *l = g_ptr_array_index(list, n);
		g_autofree char *own = project_name_normalize(l->name);
		if (!g_str_equal(own, name))
			continue;
		library_place *place = library_place_new(own, NULL, NULL);
		place->version = g_strdup(l->version);
		place->purl = purl_pypi(own, l->version, NULL);
		if (l->file)
			place->sha256 = g_strdup(l->sha256);
		add(f, place);
		return;
	}
}

/* Whether `path` is below a folder that is seen as `inside` in the sandbox's own tree,
 * else where it is. */
static gboolean is_below(const char *path, const char *inside, const char *tree)
{
	g_autofree char *real = tree ? realpath(tree, NULL) : NULL;
	const char *const roots[] = {inside, tree, real};

	for (gsize n = 0; n < G_N_ELEMENTS(roots); n++)
		if (roots[n] && g_str_has_prefix(path, roots[n]) &&
			path[strlen(roots[n])] == '/')
			return TRUE;
	return FALSE;
}

static gboolean add_archive(finder *f, const char *path, GError **err)
{
	g_autofree char *name = g_path_get_basename(path);

	if (is_below(path, SANDBOX_SYSROOT, f->c->sysroot_tree))
		return of_sysroot(f, name, err);
	if (is_below(path, SANDBOX_TOOLCHAIN, f->c->toolchain_tree))
		return of_toolchain(f, name, err);
	if (strstr(path, SITE))
		of_requirement(f, path);
	return TRUE;
}

gboolean pipeline_archives(pipeline *p, item *i, const cross *c,
	const GPtrArray *archives, GPtrArray *out, GError **err)
{
	g_auto(finder) f = {0};

	if (!archives->len)
		return TRUE;
	if (!finder_init(&f, p, i, err))
		return FALSE;
	f.c = c;
	f.out = out;
	for (guint n = 0; n < archives->len; n++)
		if (!add_archive(&f, g_ptr_array_index(archives, n), err))
			return FALSE;
	return TRUE;
}

gboolean pipeline_archives_fetch(pipeline *p, item *i, GError **err)
{
	g_auto(finder) f = {0};

	return finder_init(&f, p, i, err) && ask_base(&f, err) &&
	       (g_str_equal(f.toolchain, "clang") || ask_tools(&f, err));
}
