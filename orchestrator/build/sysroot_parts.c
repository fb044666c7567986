#include "build/sysroot_parts.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/package_image.h"
#include "build/store.h"
#include "build/sysroot.h"
#include "build/sysroot_rpmdb.h"
#include "format/debian.h"
#include "format/member_name.h"
#include "format/purl.h"
#include "plan/image_def.h"
#include "plan/key.h"
#include <string.h>

#define KIND "library-parts"
#define PARTS_VERSION 2 /* raise when another tree is made of the same sysroot */

/* A file beside a package's: the names of its static libraries, one a line. */
#define ARCHIVES "static"

#define DPKG_STATUS "var/lib/dpkg/status"
#define DPKG_INFO "var/lib/dpkg/info"
#define DPKG_MAX (64 << 20)
#define OS_RELEASE "usr/lib/os-release"

/* What is asked about. */
typedef struct parts {
	const build_context *ctx;
	const sysroot_def *def;
	const platform *target;
	const package_set *set;
	const package_section *section;
	const char *sysroot;  /* its tree; NULL: not asked for yet */
	GHashTable *archives; /* package -> GString, while the tree is made */
} parts;

static gboolean is_library(const char *path)
{
	return g_str_has_prefix(path, "usr/lib/") &&
	       (g_str_has_suffix(path, ".so") || strstr(path, ".so."));
}

/* ---- static libraries ---- */

static void string_free(void *data)
{
	g_string_free(data, TRUE);
}

static void note_archive(const parts *p, const char *package, const char *placed)
{
	const char *name = strrchr(placed, '/');
	GString *list = g_hash_table_lookup(p->archives, package);

	if (!g_str_has_prefix(placed, "usr/lib/") || !g_str_has_suffix(placed, ".a"))
		return;
	if (!list) {
		list = g_string_new(NULL);
		g_hash_table_insert(p->archives, g_strdup(package), list);
	}
	g_string_append_printf(list, "%s\n", name + 1);
}

static gboolean write_archives(const parts *p, const char *dir, GError **err)
{
	GHashTableIter iter;
	void *package, *value;

	g_hash_table_iter_init(&iter, p->archives);
	while (g_hash_table_iter_next(&iter, &package, &value)) {
		const GString *list = value;
		g_autofree char *own = g_build_filename(dir, package, NULL);
		g_autofree char *path = g_build_filename(own, ARCHIVES, NULL);
		if (!fs_mkdir_p(own, 0755, err) ||
			!fs_write_atomic(path, list->str, list->len, 0644, err))
			return FALSE;
	}
	return TRUE;
}

/* NULL: none. */
static char **read_archives(const char *tree, const char *package)
{
	g_autofree char *path = g_build_filename(tree, package, ARCHIVES, NULL);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	return g_strsplit(text, "\n", -1);
}

/* ---- RPMs ---- */

/* usr/share/licenses/NAME/FILE is where their licences lie. */
static char *place_rpm(const char *path, guint layer, void *data)
{
	const parts *p = data;
	const locked_package *package = p->section->packages->pdata[layer];
	g_autofree char *placed = image_def_place(&p->def->packages, p->target, path);

	if (placed)
		note_archive(p, package->name, placed);
	if (placed && is_library(placed))
		return g_strdup_printf("%s/%s", package->name, placed);
	if (g_str_has_prefix(path, "usr/share/licenses/"))
		return g_strdup_printf("%s/%s", package->name, path);
	return NULL;
}

static gboolean fill_rpm(parts *p, const char *dir, GError **err)
{
	return package_set_fetch(p->ctx, p->set, err) &&
	       package_image_unpack_as(
		       p->ctx, p->set, p->section, dir, place_rpm, p, err);
}

static char *purl_of_rpm(const parts *all, const locked_package *p)
{
	const char *distribution = all->def->packages.rpm.distribution;
	g_autofree char *file = g_path_get_basename(p->path);
	g_autofree char *stem = g_strndup(file, strlen(file) - strlen(".rpm"));
	const char *dot = strrchr(stem, '.');

	return purl_rpm(distribution, p->name, p->version, dot ? dot + 1 : NULL);
}

/* ---- dpkg's lists in an image ---- */

/* "libc6:arm64.list" is of libc6. New string, or NULL. */
static char *package_of_list(const char *file)
{
	if (!g_str_has_suffix(file, ".list"))
		return NULL;
	return g_strndup(file, MIN(strcspn(file, ":"), strlen(file) - strlen(".list")));
}

/* As Debian's policy has names, 5.6.1: so they are names of folders, too. */
static gboolean is_package_name(const char *name)
{
	return g_ascii_isalnum(*name) &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789+-.")];
}

/* One file of the sysroot into its package's folder; what is not there was not kept. */
static gboolean take(const parts *p, const char *package, const char *placed,
	const char *dir, GError **err)
{
	g_autofree char *from = g_build_filename(p->sysroot, placed, NULL);
	g_autofree char *to = g_build_filename(dir, package, placed, NULL);
	g_autofree char *folder = g_path_get_dirname(to);

	if (!g_file_test(from, G_FILE_TEST_IS_REGULAR) ||
		g_file_test(to, G_FILE_TEST_EXISTS))
		return TRUE;
	return fs_mkdir_p(folder, 0755, err) && fs_copy_tree(from, to, FS_HARDLINK, err);
}

static gboolean take_listed(const parts *p, const char *package, const char *text,
	const char *dir, GError **err)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

	for (char **line = lines; *line; line++) {
		const char *reason;
		g_autofree char *path =
			**line == '/' ? member_name_clean(*line + 1, 0, &reason) : NULL;
		g_autofree char *placed =
			path ? image_def_place(&p->def->packages, p->target, path) : NULL;
		g_autofree char *here =
			placed ? g_build_filename(p->sysroot, placed, NULL) : NULL;
		if (here && g_file_test(here, G_FILE_TEST_IS_REGULAR))
			note_archive(p, package, placed);
		if (placed && is_library(placed) && !take(p, package, placed, dir, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean fill_dpkg(parts *p, const char *dir, GError **err)
{
	g_autofree char *info = g_build_filename(p->sysroot, DPKG_INFO, NULL);
	g_autoptr(GDir) d = g_dir_open(info, 0, NULL);
	const char *file;

	while (d && (file = g_dir_read_name(d))) {
		g_autofree char *package = package_of_list(file);
		g_autofree char *path = g_build_filename(info, file, NULL);
		if (!package || !is_package_name(package))
			continue;
		g_autoptr(GBytes) bytes = fs_read(path, DPKG_MAX, err);
		g_autofree char *text = bytes ? g_strndup(g_bytes_get_data(bytes, NULL),
							g_bytes_get_size(bytes))
					      : NULL;
		if (!text || !take_listed(p, package, text, dir, err))
			return FALSE;
	}
	return TRUE;
}

/* name -> deb822 of the packages that the status file has; empty without one. NULL with
 * X0630 when it is damaged. `keep` gets the owner of the paragraphs. */
static GHashTable *dpkg_status(const parts *p, GPtrArray **keep, GError **err)
{
	g_autofree char *path = g_build_filename(p->sysroot, DPKG_STATUS, NULL);
	GHashTable *out = g_hash_table_new(g_str_hash, g_str_equal);
	g_autoptr(GBytes) bytes = NULL;

	if (!g_file_test(path, G_FILE_TEST_IS_REGULAR))
		return out;
	bytes = fs_read(path, DPKG_MAX, err);
	if (bytes)
		*keep = deb822_parse("the image's " DPKG_STATUS,
			g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), err);
	if (!*keep) {
		g_hash_table_unref(out);
		return NULL;
	}
	for (guint n = 0; n < (*keep)->len; n++) {
		deb822 *d = g_ptr_array_index(*keep, n);
		const char *name = deb822_get(d, "Package");
		const char *state = deb822_get(d, "Status");
		if (name && deb822_get(d, "Version") && state &&
			g_str_has_suffix(state, " installed"))
			g_hash_table_insert(out, (void *)name, d);
	}
	return out;
}

/* ---- RPM's database in an image ---- */

/* A file in the package's folder: "VERSION ARCH". */
#define INSTALLED "installed"

static gboolean is_folder_name(const char *name)
{
	return name && *name && *name != '.' && !strchr(name, '/');
}

static gboolean take_rpm(
	const parts *p, const json_t *package, const char *dir, GError **err)
{
	const char *name = json_get_string(package, "name");
	const char *version = json_get_string(package, "version");
	const char *arch = json_get_string(package, "arch");
	gsize n;
	json_t *file;

	if (!is_folder_name(name) || !version || !arch)
		return TRUE;
	json_array_foreach(json_get_array(package, "files"), n, file)
	{
		const char *reason, *text = json_string_value(file);
		g_autofree char *path = text ? member_name_clean(text, 0, &reason) : NULL;
		g_autofree char *placed =
			path ? image_def_place(&p->def->packages, p->target, path) : NULL;
		if (!placed)
			continue;
		g_autofree char *here = g_build_filename(p->sysroot, placed, NULL);
		if (g_file_test(here, G_FILE_TEST_IS_REGULAR))
			note_archive(p, name, placed);
		if (is_library(placed) && !take(p, name, placed, dir, err))
			return FALSE;
	}
	g_autofree char *own = g_build_filename(dir, name, NULL);
	g_autofree char *said = g_build_filename(own, INSTALLED, NULL);
	g_autofree char *line = g_strdup_printf("%s %s", version, arch);
	if (!g_file_test(own, G_FILE_TEST_IS_DIR) &&
		!g_hash_table_contains(p->archives, name))
		return TRUE;
	return fs_mkdir_p(own, 0755, err) &&
	       fs_write_atomic(said, line, strlen(line), 0644, err);
}

static gboolean fill_rpmdb(parts *p, const char *dir, GError **err)
{
	g_autoptr(json_t) list = sysroot_rpmdb_read(p->ctx, p->sysroot, err);
	gsize n;
	json_t *package;

	json_array_foreach(list, n, package)
	{
		if (!take_rpm(p, package, dir, err))
			return FALSE;
	}
	return list != NULL;
}

/* ---- the tree ---- */

static gboolean fill(parts *p, const char *dir, GError **err)
{
	g_autoptr(GHashTable) archives =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, string_free);

	p->archives = archives;
	gboolean ok =
		(package_def_is_rpm(&p->def->packages)	   ? fill_rpm(p, dir, err)
			: sysroot_rpmdb_exists(p->sysroot) ? fill_rpmdb(p, dir, err)
							   : fill_dpkg(p, dir, err)) &&
		write_archives(p, dir, err);
	p->archives = NULL;
	return ok;
}

/* New string. */
static char *tree_of(parts *p, const char *sysroot_key, GError **err)
{
	g_autoptr(key) k = key_new(KIND, PARTS_VERSION);
	char *ready = NULL;

	key_add(k, "sysroot", sysroot_key);
	store_tree *tree =
		store_tree_begin(p->ctx->store, KIND, key_digest(k), &ready, err);
	if (!tree)
		return ready;
	return store_tree_finish(tree, fill(p, store_tree_dir(tree), err), err);
}

/* ---- what is in it ---- */

/* NULL: no libraries are in the package, shared or static. */
static library_place *place_in(const parts *p, const char *tree, const char *package)
{
	g_autofree char *folder =
		g_build_filename(tree, package, "usr/lib", p->target->triple, NULL);
	g_auto(GStrv) archives = read_archives(tree, package);

	if (!archives && !g_file_test(folder, G_FILE_TEST_IS_DIR))
		return NULL;
	library_place *l = library_place_new(package, folder, NULL);
	l->archives = g_steal_pointer(&archives);
	return l;
}

/* The first by name of what lies there; NULL: none. New string. */
static char *first_file(const char *folder)
{
	g_autoptr(GDir) d = g_dir_open(folder, 0, NULL);
	const char *name;
	char *best = NULL;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		if (!g_file_test(path, G_FILE_TEST_IS_REGULAR) ||
			(best && strcmp(best, path) < 0))
			continue;
		g_free(best);
		best = g_steal_pointer(&path);
	}
	return best;
}

static void add_rpms(const parts *p, const char *tree, GPtrArray *out)
{
	for (guint n = 0; n < p->section->packages->len; n++) {
		const locked_package *rpm = p->section->packages->pdata[n];
		library_place *l = place_in(p, tree, rpm->name);
		if (!l)
			continue;
		g_autofree char *licences = g_build_filename(
			tree, rpm->name, "usr/share/licenses", rpm->name, NULL);
		l->licence = first_file(licences);
		l->version = g_strdup(rpm->version);
		l->sha256 = g_strdup(rpm->sha256);
		l->purl = purl_of_rpm(p, rpm);
		g_ptr_array_add(out, l);
	}
}

static int by_package(gconstpointer a, gconstpointer b)
{
	const library_place *x = *(library_place *const *)a,
			    *y = *(library_place *const *)b;

	return strcmp(x->package, y->package);
}

/* A value of the os-release (os-release(5)) of an image, where it is a name or number.
 * New string; NULL: it was not kept. */
static char *os_release(const char *sysroot, const char *name)
{
	g_autofree char *path = g_build_filename(sysroot, OS_RELEASE, NULL);
	g_autofree char *begin = g_strconcat(name, "=", NULL);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		char *id = g_str_has_prefix(*line, begin) ? *line + strlen(begin) : NULL;
		if (id && *id == '"') {
			id++;
			id[strcspn(id, "\"")] = '\0';
		}
		if (id && is_package_name(id))
			return g_strdup(id);
	}
	return NULL;
}

static gboolean add_dpkg(const parts *p, const char *tree, GPtrArray *out, GError **err)
{
	g_autoptr(GPtrArray) paragraphs = NULL;
	g_autoptr(GHashTable) status = dpkg_status(p, &paragraphs, err);
	g_autofree char *vendor = os_release(p->sysroot, "ID");
	GHashTableIter iter;
	void *name, *value;

	if (!status)
		return FALSE;
	g_hash_table_iter_init(&iter, status);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		library_place *l = is_package_name(name) ? place_in(p, tree, name) : NULL;
		if (!l)
			continue;
		g_autofree char *licence = g_build_filename(
			p->sysroot, "usr/share/doc", name, "copyright", NULL);
		if (g_file_test(licence, G_FILE_TEST_IS_REGULAR))
			l->licence = g_steal_pointer(&licence);
		l->version = g_strdup(deb822_get(value, "Version"));
		if (vendor)
			l->purl = purl_deb(vendor, name, l->version,
				deb822_get(value, "Architecture"), NULL);
		g_ptr_array_add(out, l);
	}
	g_ptr_array_sort(out, by_package);
	return TRUE;
}

/* "almalinux-9.4", as package URLs of RPMs have it. New string, or NULL. */
static char *distribution_of(const char *sysroot)
{
	g_autofree char *id = os_release(sysroot, "ID");
	g_autofree char *version = os_release(sysroot, "VERSION_ID");

	return id && version ? g_strconcat(id, "-", version, NULL) : NULL;
}

static void add_installed(const parts *p, const char *tree, GPtrArray *out)
{
	g_autofree char *distribution = distribution_of(p->sysroot);
	g_autoptr(GDir) d = g_dir_open(tree, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(tree, name, INSTALLED, NULL);
		g_autofree char *line = NULL;
		library_place *l = NULL;
		if (g_file_get_contents(path, &line, NULL, NULL))
			l = place_in(p, tree, name);
		if (!l)
			continue;
		char *arch = line + strcspn(line, " ");
		if (*arch)
			*arch++ = '\0';
		l->version = g_strdup(line);
		l->purl = purl_rpm(distribution, name, line, arch);
		g_ptr_array_add(out, l);
	}
	g_ptr_array_sort(out, by_package);
}

/* The whole sysroot, under the name of its image, if it is one. */
static library_place *place_of_rest(const parts *p)
{
	g_autofree char *folder =
		g_build_filename(p->sysroot, "usr/lib", p->target->triple, NULL);
	library_place *l = library_place_new(p->def->name, folder, NULL);

	l->purl = package_image_purl(p->section);
	return l;
}

GPtrArray *sysroot_parts_prepare(const build_context *ctx, const sysroot_def *def,
	const platform *target, GError **err)
{
	package_set set = sysroot_package_set(def, target, NULL);
	parts p = {.ctx = ctx, .def = def, .target = target, .set = &set};
	g_autofree char *own = NULL;
	g_autofree char *sysroot = sysroot_prepare(ctx, def, target, NULL, &own, err);
	g_autoptr(package_section) section =
		sysroot ? package_set_lock(ctx, &set, FALSE, NULL, err) : NULL;
	g_autoptr(GPtrArray) out =
		g_ptr_array_new_with_free_func((GDestroyNotify)library_place_free);

	if (!section)
		return NULL;
	p.sysroot = sysroot;
	p.section = section;
	g_autofree char *tree = tree_of(&p, own, err);
	if (!tree)
		return NULL;
	if (package_def_is_rpm(&def->packages))
		add_rpms(&p, tree, out);
	else if (sysroot_rpmdb_exists(sysroot))
		add_installed(&p, tree, out);
	else if (!add_dpkg(&p, tree, out, err))
		return NULL;
	g_ptr_array_add(out, place_of_rest(&p));
	return g_steal_pointer(&out);
}
