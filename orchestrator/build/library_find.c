#include "build/library_find.h"
#include "base/fs.h"
#include "base/error.h"
#include "build/debian_repo.h"
#include "build/host_files.h"
#include "build/store.h"
#include "build/sysroot.h"
#include "build/sysroot_parts.h"
#include "format/debian_contents.h"
#include "plan/key.h"
#include <string.h>

/* Raise when another table is made of the same index. */
#define TABLE_VERSION 1
#define TABLE "libraries"
#define TABLE_MAX (256 << 20)

GPtrArray *library_find_own(const build_context *ctx, const sysroot_def *def,
	const platform *target, GError **err)
{
	if (package_def_is_debian(&def->packages)) {
		g_autoptr(GPtrArray) packages =
			sysroot_library_packages(ctx, def, target, err);
		return packages ? host_files_prepare(ctx, packages, target,
					  def->packages.debian.suite, err)
				: NULL;
	}
	return sysroot_parts_prepare(ctx, def, target, err);
}

static char *key_of(const char *contents, const platform *target)
{
	g_autoptr(key) k = key_new("debian-files", TABLE_VERSION);
	g_autofree char *sha256 = g_path_get_basename(contents);

	key_add(k, "contents", sha256);
	key_add(k, "triple", target->triple);
	return g_strdup(key_digest(k));
}

static gboolean fill(
	store_tree *tree, const char *contents, const platform *target, GError **err)
{
	g_autofree char *path = g_build_filename(store_tree_dir(tree), TABLE, NULL);
	g_autofree char *text = debian_contents_libraries(contents, target->triple, err);

	return text && fs_write_atomic(path, text, strlen(text), 0644, err);
}

/* The table is kept as a tree of the store: reading the index takes seconds. */
static GBytes *table(const build_context *ctx, const sysroot_def *def,
	const platform *target, GError **err)
{
	g_autofree char *contents = debian_repo_contents(
		ctx, &def->packages.debian, target->debian_arch, err);
	char *folder = NULL;

	if (!contents)
		return NULL;
	g_autofree char *k = key_of(contents, target);
	store_tree *tree = store_tree_begin(ctx->store, "debian-files", k, &folder, err);
	if (tree)
		folder = store_tree_finish(tree, fill(tree, contents, target, err), err);
	g_autofree char *own = folder;
	g_autofree char *path = own ? g_build_filename(own, TABLE, NULL) : NULL;
	return path ? fs_read(path, TABLE_MAX, err) : NULL;
}

/* The lines are sorted; the first of a name counts. New string, or NULL. */
static char *look_up(const char *text, const char *soname)
{
	g_autofree char *start = g_strdup_printf("%s ", soname);
	gsize n = strlen(start);
	const char *p = text;

	while (*p) {
		const char *end = strchrnul(p, '\n');
		if (strncmp(p, start, n) == 0)
			return g_strndup(p + n, (gsize)(end - p) - n);
		p = *end ? end + 1 : end;
	}
	return NULL;
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *library_find_packages(const build_context *ctx, const sysroot_def *def,
	const platform *target, const GPtrArray *sonames, GPtrArray *unknown,
	GError **err)
{
	if (!package_def_is_debian(&def->packages)) {
		error_set(err, EXIT_INPUT, "X0337",
			"the sysroot %s is not made of Debian packages and has none to "
			"add",
			def->name);
		error_line(err, "wanted: %s", (char *)sonames->pdata[0]);
		error_help(err, "take a sysroot of packages such as debian-11 "
				"(--sysroot), or name a folder of libraries (--lib-dir)");
		return NULL;
	}
	g_autoptr(GBytes) bytes = table(ctx, def, target, err);
	if (!bytes)
		return NULL;
	g_autofree char *text =
		g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	for (guint n = 0; n < sonames->len; n++) {
		const char *soname = g_ptr_array_index(sonames, n);
		g_autofree char *package = look_up(text, soname);
		if (!package)
			g_ptr_array_add(unknown, g_strdup(soname));
		else if (!g_ptr_array_find_with_equal_func(
				 out, package, g_str_equal, NULL))
			g_ptr_array_add(out, g_steal_pointer(&package));
	}
	g_ptr_array_sort(out, by_text);
	return out;
}

GPtrArray *library_find_files(const build_context *ctx, const sysroot_def *def,
	const platform *target, const GPtrArray *packages, GError **err)
{
	return sysroot_more(ctx, def, target, packages, err);
}

GPtrArray *library_find_places(const build_context *ctx, const sysroot_def *def,
	const platform *target, const GPtrArray *files, GError **err)
{
	return host_files_prepare(ctx, files, target, def->packages.debian.suite, err);
}
