#include "build/host_files.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/package_files.h"
#include "build/store.h"
#include "format/deb.h"
#include "format/purl.h"
#include "plan/key.h"
#include "plan/package_lock.h"
#include <string.h>

#define KIND "host-files"
/* A file beside a package's: the names of its static libraries, one a line. */
#define ARCHIVES "static"

library_place *library_place_new(
	const char *package, const char *folder, const char *licence)
{
	library_place *p = g_new0(library_place, 1);

	p->package = g_strdup(package);
	p->folder = g_strdup(folder);
	p->licence = g_strdup(licence);
	return p;
}

void library_place_free(library_place *p)
{
	if (!p)
		return;
	g_free(p->package);
	g_free(p->folder);
	g_free(p->licence);
	g_free(p->version);
	g_free(p->purl);
	g_free(p->sha256);
	g_free(p->expression);
	g_strfreev(p->archives);
	g_free(p);
}

/* Shared libraries, copyright files, and links to another package's documents; of static
 * libraries only the names. */
static gboolean keep(const char *path, gpointer data)
{
	if (g_str_has_prefix(path, "usr/lib/") && g_str_has_suffix(path, ".a"))
		g_string_append_printf(data, "%s\n", strrchr(path, '/') + 1);
	if (g_str_has_prefix(path, "usr/share/doc/"))
		return g_str_has_suffix(path, "/copyright") ||
		       !strchr(path + strlen("usr/share/doc/"), '/');
	return g_str_has_prefix(path, "usr/lib/") &&
	       (g_str_has_suffix(path, ".so") || strstr(path, ".so."));
}

static gboolean unpack_one(
	const build_context *ctx, const locked_package *p, const char *dir, GError **err)
{
	archive_policy policy = ARCHIVE_DEB_DATA;
	g_autofree char *own = g_build_filename(dir, p->name, NULL);
	g_autofree char *label = NULL;
	g_autofree char *blob = package_files_blob(ctx, p, &label, err);

	g_autoptr(GString) archives = g_string_new(NULL);
	g_autofree char *list = g_strconcat(own, "/" ARCHIVES, NULL);
	policy.keep = keep;
	policy.keep_data = archives;
	return blob && fs_mkdir_p(own, 0755, err) &&
	       deb_unpack(blob, label, own, &policy, NULL, err) &&
	       fs_write_atomic(list, archives->str, archives->len, 0644, err);
}

static key *key_of(const GPtrArray *packages)
{
	key *k = key_new(KIND, 2);

	for (guint n = 0; n < packages->len; n++) {
		const locked_package *p = g_ptr_array_index(packages, n);
		key_add(k, p->name, p->sha256);
	}
	return k;
}

static gboolean fetch(const build_context *ctx, const GPtrArray *packages, GError **err)
{
	g_autoptr(GPtrArray) gone = g_ptr_array_new();
	GError *error = NULL;

	if (package_files_fetch(ctx, packages, gone, &error))
		return TRUE;
	if (!gone->len) {
		g_propagate_error(err, error);
		return FALSE;
	}
	g_error_free(error);
	error_set(err, EXIT_LOCK, "X0431", "the mirror has locked packages no more");
	for (guint n = 0; n < gone->len; n++) {
		const locked_package *p = g_ptr_array_index(gone, n);
		error_line(err, "%s %s", p->name, p->version);
	}
	error_help(err, "name a mirror that keeps old files: XORCH_MIRROR_DEBIAN");
	return FALSE;
}

static char *tree_of(const build_context *ctx, const GPtrArray *packages, GError **err)
{
	g_autoptr(key) k = key_of(packages);
	char *ready = NULL;

	ready = store_tree_find(ctx->store, KIND, key_digest(k));
	if (ready)
		return ready;
	if (!fetch(ctx, packages, err))
		return NULL;
	store_tree *tree = store_tree_begin(ctx->store, KIND, key_digest(k), &ready, err);
	if (!tree)
		return ready;
	gboolean ok = TRUE;
	for (guint n = 0; ok && n < packages->len; n++)
		ok = unpack_one(
			ctx, g_ptr_array_index(packages, n), store_tree_dir(tree), err);
	return store_tree_finish(tree, ok, err);
}

/* usr/share/doc/NAME may be a link to the documents of another package of the same
 * source. New string, or NULL. */
static char *licence_of(const char *tree, const char *package)
{
	g_autofree char *doc =
		g_build_filename(tree, package, "usr/share/doc", package, NULL);
	g_autofree char *link = g_file_read_link(doc, NULL);
	g_autofree char *other = link ? g_path_get_basename(link) : g_strdup(package);
	char *path =
		g_build_filename(tree, other, "usr/share/doc", other, "copyright", NULL);

	if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return path;
	g_free(path);
	return NULL;
}

static library_place *place_of(const locked_package *p, const char *folder,
	const char *licence, const platform *target, const char *suite)
{
	library_place *l = library_place_new(p->name, folder, licence);

	l->version = g_strdup(p->version);
	l->sha256 = g_strdup(p->sha256);
	l->purl = purl_debian(p->name, p->version, target->debian_arch, suite);
	return l;
}

/* NULL: none. */
static char **archives_of(const char *tree, const char *package)
{
	g_autofree char *path = g_build_filename(tree, package, ARCHIVES, NULL);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL) || !*text)
		return NULL;
	return g_strsplit(text, "\n", -1);
}

/* Where a package's shared libraries lie: in the target's folder, or, where it was not
 * made for Debian's multiarch (libdsdp), above it. */
static char *folder_of(const char *tree, const char *package, const platform *target)
{
	g_autofree char *lib = g_build_filename(tree, package, "usr/lib", NULL);
	char *folder = g_build_filename(lib, target->triple, NULL);

	if (g_file_test(folder, G_FILE_TEST_IS_DIR))
		return folder;
	g_free(folder);
	return g_steal_pointer(&lib);
}

static GPtrArray *places_in(const char *tree, const GPtrArray *packages,
	const platform *target, const char *suite)
{
	GPtrArray *out =
		g_ptr_array_new_with_free_func((GDestroyNotify)library_place_free);

	for (guint n = 0; n < packages->len; n++) {
		const locked_package *p = g_ptr_array_index(packages, n);
		g_autofree char *folder = folder_of(tree, p->name, target);
		g_autofree char *licence = licence_of(tree, p->name);
		g_auto(GStrv) archives = archives_of(tree, p->name);
		if (!archives && !g_file_test(folder, G_FILE_TEST_IS_DIR))
			continue;
		library_place *l = place_of(p, folder, licence, target, suite);
		l->archives = g_steal_pointer(&archives);
		g_ptr_array_add(out, l);
	}
	return out;
}

GPtrArray *host_files_prepare(const build_context *ctx, const GPtrArray *packages,
	const platform *target, const char *suite, GError **err)
{
	g_autofree char *tree = tree_of(ctx, packages, err);

	return tree ? places_in(tree, packages, target, suite) : NULL;
}

GPtrArray *host_files_find(const build_context *ctx, const GPtrArray *packages,
	const platform *target, const char *suite)
{
	g_autoptr(key) k = key_of(packages);
	g_autofree char *tree = store_tree_find(ctx->store, KIND, key_digest(k));

	return tree ? places_in(tree, packages, target, suite) : NULL;
}
