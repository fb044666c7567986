#include "plan/catalog.h"
#include "base/error.h"
#include "format/digest.h"
#include "format/pep440.h"
#include "plan/image_def.h"
#include "plan/rpm_def.h"
#include <string.h>
#include <unistd.h>

static const char *const folders[] = {"sysroots", "toolchains"};
static const char *const kind_names[] = {"sysroot", "toolchain"};

static gboolean is_catalog(const char *root)
{
	for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *folder = g_build_filename(root, folders[i], NULL);
		if (g_file_test(folder, G_FILE_TEST_IS_DIR))
			return TRUE;
	}
	return FALSE;
}

/* The git top level above the working directory, else that itself; NULL if it has no
 * catalogue. */
static char *project_root(void)
{
	g_autofree char *cwd = g_get_current_dir();
	g_autofree char *at = g_strdup(cwd);

	for (;;) {
		g_autofree char *git = g_build_filename(at, ".git", NULL);
		if (g_file_test(git, G_FILE_TEST_EXISTS))
			break;
		char *parent = g_path_get_dirname(at);
		gboolean top = !strcmp(parent, at);
		g_free(at);
		at = parent;
		if (top) {
			g_free(at);
			at = g_strdup(cwd);
			break;
		}
	}
	return is_catalog(at) ? g_steal_pointer(&at) : NULL;
}

/* What came with this program, wherever it was put: share/xorch beside its bin, or the
 * sources above the folder it was built in (build/debug/tests at most). NULL if neither.
 */
static char *own_root(void)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *at = self ? g_path_get_dirname(self) : NULL;
	g_autofree char *share =
		at ? g_build_filename(at, "..", "share", "xorch", NULL) : NULL;

	if (share && is_catalog(share))
		return g_canonicalize_filename(share, NULL);
	for (int levels = 0; at && levels < 3; levels++) {
		char *parent = g_path_get_dirname(at);
		g_free(at);
		at = parent;
		if (is_catalog(at))
			return g_steal_pointer(&at);
	}
	return NULL;
}

static GPtrArray *search_path(void)
{
	GPtrArray *roots = g_ptr_array_new_with_free_func(g_free);
	const char *named = g_getenv("XORCH_CATALOG");
	char *project = project_root(), *own = own_root();

	if (named && *named) {
		g_auto(GStrv) parts = g_strsplit(named, ":", -1);
		for (char **p = parts; *p; p++)
			if (**p)
				g_ptr_array_add(roots, g_strdup(*p));
	}
	if (project)
		g_ptr_array_add(roots, project);
	if (own)
		g_ptr_array_add(roots, own);
	g_ptr_array_add(roots, g_strdup(XORCH_DATADIR));
	return roots;
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

GPtrArray *catalog_names(catalog_kind kind)
{
	g_autoptr(GPtrArray) roots = search_path();
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < roots->len; i++) {
		g_autofree char *folder = g_build_filename(
			g_ptr_array_index(roots, i), folders[kind], NULL);
		g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
		const char *entry;
		while (dir && (entry = g_dir_read_name(dir))) {
			if (*entry == '.' || !g_str_has_suffix(entry, ".yaml"))
				continue;
			char *name = g_strndup(entry, strlen(entry) - strlen(".yaml"));
			if (g_ptr_array_find_with_equal_func(
				    names, name, g_str_equal, NULL))
				g_free(name);
			else
				g_ptr_array_add(names, name);
		}
	}
	g_ptr_array_sort(names, by_name);
	return names;
}

static gboolean is_name(const char *name)
{
	gsize n = strspn(name,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-");

	return n && !name[n] && name[0] != '.';
}

char *catalog_find(catalog_kind kind, const char *name, GError **err)
{
	g_autoptr(GPtrArray) roots = search_path();

	for (guint i = 0; is_name(name) && i < roots->len; i++) {
		g_autofree char *file = g_strconcat(name, ".yaml", NULL);
		char *path = g_build_filename(
			g_ptr_array_index(roots, i), folders[kind], file, NULL);
		if (g_file_test(path, G_FILE_TEST_IS_REGULAR))
			return path;
		g_free(path);
	}
	g_autoptr(GPtrArray) names = catalog_names(kind);
	g_autofree char *shown = text_escape(name, -1);
	error_set(err, EXIT_INPUT, "X0301", "no %s is called \"%s\"", kind_names[kind],
		shown);
	g_ptr_array_add(names, NULL);
	g_autofree char *list = g_strjoinv(", ", (char **)names->pdata);
	error_line(err, "there are: %s", *list ? list : "none at all");
	const char *near = text_nearest(name, (const char *const *)names->pdata);
	if (near)
		error_help(err, "did you mean %s?", near);
	error_note(err,
		"looked for %s/%s.yaml in XORCH_CATALOG, this project and xorch's own",
		folders[kind], shown);
	return NULL;
}

/* The path tells definitions of one name apart. */
static char *lock_in_state(const char *path)
{
	g_autofree char *whole = g_canonicalize_filename(path, NULL);
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *hash = digest_bytes(whole, strlen(whole));
	gsize n = strlen(base) - (g_str_has_suffix(base, ".yaml") ? strlen(".yaml") : 0);

	return g_strdup_printf("%s/xorch/locks/%.*s-%.12s.lock", g_get_user_state_dir(),
		(int)n, base, hash);
}

char *catalog_lock_path(const char *path)
{
	gsize n = strlen(path) - (g_str_has_suffix(path, ".yaml") ? strlen(".yaml") : 0);
	g_autofree char *beside = g_strdup_printf("%.*s.lock", (int)n, path);
	g_autofree char *folder = g_path_get_dirname(path);

	if (access(folder, W_OK) == 0 || g_file_test(beside, G_FILE_TEST_EXISTS) ||
		!g_file_test(path, G_FILE_TEST_EXISTS))
		return g_steal_pointer(&beside);
	return lock_in_state(path);
}

static const char *check_target(const char *text)
{
	return platform_by_name(text) ? NULL : "no such target";
}

static const char *check_version(const char *text)
{
	gsize n = strspn(text, "0123456789.");

	return n && !text[n] ? NULL : "wants a version such as \"2.31\"";
}

static const char *check_name(const char *text)
{
	return is_name(text) ? NULL : "wants letters, digits, dots and dashes";
}

/* What both kinds have. */
#define COMMON_FIELDS(type)                                                              \
	{"schema_version", BIND_INT, offsetof(type, schema_version), BIND_REQUIRED,      \
		.min = 1, .max = 1, .doc = "1"},                                         \
		{"name", BIND_STRING, offsetof(type, name), BIND_REQUIRED,               \
			.check = check_name, .doc = "the file's stem"},                  \
	{                                                                                \
		"summary", BIND_STRING, offsetof(type, summary), 0,                      \
			.doc = "one line for people"                                     \
	}
#define DEBIAN_FIELD(type)                                                               \
	{                                                                                \
		"debian", BIND_STRUCT, offsetof(type, packages.debian), 0,               \
			&package_source_binding, .doc = "suite and who signs it"         \
	}
#define PACKAGE_FIELDS(type)                                                             \
	{"packages", BIND_CUSTOM, offsetof(type, packages.roots), 0,                     \
		&package_roots_binding, .doc = "packages to begin with"},                \
		{"without", BIND_STRLIST, offsetof(type, packages.without), BIND_UNIQUE, \
			.doc = "packages left out"},                                     \
	{                                                                                \
		"exact", BIND_STRLIST, offsetof(type, packages.exact), BIND_UNIQUE,      \
			.doc = "packages whose very files count; default all"            \
	}
#define PRUNE_FIELD(type)                                                                \
	{                                                                                \
		"prune", BIND_STRLIST, offsetof(type, packages.prune), BIND_UNIQUE,      \
			.doc = "paths not unpacked"                                      \
	}

/* In the order in which they are formatted. */
static const bind_field sysroot_fields[] = {COMMON_FIELDS(sysroot_def),
	{"glibc", BIND_STRING, offsetof(sysroot_def, glibc), BIND_REQUIRED,
		.check = check_version, .doc = "version of its C library"},
	{"gcc", BIND_STRING, offsetof(sysroot_def, gcc), BIND_REQUIRED,
		.check = check_version, .doc = "folder of its compiler's files"},
	{"python", BIND_STRING, offsetof(sysroot_def, python), 0, .check = check_version,
		.doc = "its Python: a root to run in, not to link against"},
	{"targets", BIND_STRLIST, offsetof(sysroot_def, targets),
		BIND_REQUIRED | BIND_UNIQUE, .check = check_target,
		.doc = "targets it exists for"},
	DEBIAN_FIELD(sysroot_def),
	{"rpm", BIND_STRUCT, offsetof(sysroot_def, packages.rpm), 0, &rpm_source_binding,
		.doc = "RPM repositories and who signs them"},
	{"oci", BIND_CUSTOM, offsetof(sysroot_def, packages.images), 0,
		&image_roots_binding, .doc = "image of a registry it is made of"},
	PACKAGE_FIELDS(sysroot_def),
	{"keep", BIND_STRLIST, offsetof(sysroot_def, packages.keep), BIND_UNIQUE,
		.doc = "paths of the image or the RPMs that are taken"},
	PRUNE_FIELD(sysroot_def),
	{"place", BIND_STRMAP, offsetof(sysroot_def, packages.place), 0,
		.check = image_def_check_to, .name_check = image_def_check_from,
		.doc = "folders of the image or the RPMs that go elsewhere"},
	{0}};
const bind_struct sysroot_def_binding = {
	"a sysroot", sizeof(sysroot_def), sysroot_fields, NULL};

static const bind_field toolchain_fields[] = {COMMON_FIELDS(toolchain_def),
	{"pypi", BIND_STRING, offsetof(toolchain_def, project), 0, .check = check_name,
		.doc = "project of the Python index whose wheel it is"},
	{"version", BIND_STRING, offsetof(toolchain_def, version), 0,
		.check = check_version, .doc = "as its programs' names end"},
	DEBIAN_FIELD(toolchain_def), PACKAGE_FIELDS(toolchain_def),
	PRUNE_FIELD(toolchain_def), {0}};
const bind_struct toolchain_def_binding = {
	"a toolchain", sizeof(toolchain_def), toolchain_fields, NULL};

/* Loads and binds; *out is to be cleared by the caller when this fails. The file's
 * stem must be its name: a lock is found by it. */
static gboolean load(const char *path, const bind_struct *binding, char **name, void *out,
	diag_list *l)
{
	unsigned before = diag_list_errors(l);
	g_autoptr(yaml_doc) doc = yaml_load(path, l);

	if (doc && diag_list_errors(l) == before) {
		binder b = {.doc = doc, .l = l};
		g_autofree char *base = g_path_get_basename(path);
		g_autofree char *file = NULL;
		if (yaml_bind(&b, doc->root, binding, out) &&
			strcmp(base, file = g_strconcat(*name, ".yaml", NULL)))
			yaml_error(doc, l, yaml_map_get(doc->root, "name"), "X0303",
				"the name is not that of the file (%s)", base);
	}
	return diag_list_errors(l) == before;
}

static gboolean contradicts(diag_list *l, const char *fmt, ...) G_GNUC_PRINTF(2, 3);

/* Returns FALSE. */
static gboolean contradicts(diag_list *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	g_autofree char *text = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	diag_add(l, DIAG_ERROR, "X0303", NULL, 0, 0, 0, "%s", text);
	return FALSE;
}

/* Of Debian packages, of RPMs or of an image, with the keys that belong to it. */
static gboolean check_provider(const sysroot_def *def, diag_list *l)
{
	const package_def *p = &def->packages;
	gboolean rpm = package_def_is_rpm(p);
	const char *stray = NULL, *fault;

	if ((p->images != NULL) + rpm + package_def_is_debian(p) != 1 ||
		!p->images != (p->roots != NULL))
		return contradicts(l,
			"%s wants either `debian` and `packages`, `rpm` and `packages`, "
			"or `oci`",
			def->path);
	if (p->images)
		stray = p->without ? "without" : p->exact ? "exact" : NULL;
	else if (!rpm)
		stray = p->keep ? "keep" : p->place ? "place" : NULL;
	if (!package_def_is_debian(p) && def->python)
		stray = "python";
	if (stray)
		return contradicts(l, "%s has `%s`, which is not for a sysroot of %s",
			def->path, stray,
			p->images ? "an image"
			: rpm	  ? "RPMs"
				  : "packages");
	fault = rpm ? rpm_def_fault(&p->rpm) : NULL;
	return !fault || contradicts(l, "%s: `rpm`: %s", def->path, fault);
}

sysroot_def *sysroot_def_read(const char *path, diag_list *l)
{
	g_autoptr(sysroot_def) def = g_new0(sysroot_def, 1);

	if (!load(path, &sysroot_def_binding, &def->name, def, l))
		return NULL;
	def->path = g_strdup(path);
	if (!check_provider(def, l))
		return NULL;
	for (guint i = 0; i < def->targets->len; i++) {
		const char *target = g_ptr_array_index(def->targets, i);
		if (!package_def_serves(&def->packages, target)) {
			contradicts(l, "%s lists the target %s but no %s for it", path,
				target, def->packages.images ? "image" : "packages");
			return NULL;
		}
	}
	return g_steal_pointer(&def);
}

sysroot_def *sysroot_def_load(const char *path, GError **err)
{
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(sysroot_def) def = sysroot_def_read(path, l);

	return diag_list_to_error(l, err) ? g_steal_pointer(&def) : NULL;
}

sysroot_def *sysroot_def_find(const char *name, GError **err)
{
	g_autofree char *path = catalog_find(CATALOG_SYSROOT, name, err);

	return path ? sysroot_def_load(path, err) : NULL;
}

static int by_glibc(gconstpointer a, gconstpointer b)
{
	const sysroot_def *x = *(sysroot_def *const *)a, *y = *(sysroot_def *const *)b;
	g_autoptr(pep440_version) v = pep440_version_parse(x->glibc);
	g_autoptr(pep440_version) w = pep440_version_parse(y->glibc);

	return v && w ? pep440_version_compare(v, w) : 0;
}

GPtrArray *sysroot_defs_to_run(GError **err)
{
	g_autoptr(GPtrArray) names = catalog_names(CATALOG_SYSROOT);
	g_autoptr(GPtrArray) found =
		g_ptr_array_new_with_free_func((GDestroyNotify)sysroot_def_free);

	for (guint i = 0; i < names->len; i++) {
		g_autoptr(sysroot_def) def = sysroot_def_find(names->pdata[i], err);
		if (!def)
			return NULL;
		if (def->python)
			g_ptr_array_add(found, g_steal_pointer(&def));
	}
	g_ptr_array_sort(found, by_glibc);
	return g_steal_pointer(&found);
}

void sysroot_def_free(sysroot_def *def)
{
	if (!def)
		return;
	yaml_bind_clear(&sysroot_def_binding, def);
	g_free(def->path);
	g_free(def);
}

gboolean sysroot_def_has(const sysroot_def *def, const platform *target, GError **err)
{
	if (g_ptr_array_find_with_equal_func(
		    def->targets, target->name, g_str_equal, NULL))
		return TRUE;
	error_set(err, EXIT_INPUT, "X0302", "sysroot %s does not exist for %s", def->name,
		target->name);
	g_ptr_array_add(def->targets, NULL);
	g_autofree char *list = g_strjoinv(", ", (char **)def->targets->pdata);
	g_ptr_array_remove_index(def->targets, def->targets->len - 1);
	error_line(err, "it exists for: %s", list);
	return FALSE;
}

toolchain_def *toolchain_def_read(const char *path, diag_list *l)
{
	g_autoptr(toolchain_def) def = g_new0(toolchain_def, 1);

	if (!load(path, &toolchain_def_binding, &def->name, def, l))
		return NULL;
	def->path = g_strdup(path);
	def->source = def->project ? TOOLCHAIN_PYPI : TOOLCHAIN_DEBIAN;
	if (!def->project != (def->packages.roots && def->packages.debian.suite)) {
		contradicts(
			l, "%s wants either `debian` and `packages`, or `pypi`", path);
		return NULL;
	}
	return g_steal_pointer(&def);
}

toolchain_def *toolchain_def_load(const char *path, GError **err)
{
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(toolchain_def) def = toolchain_def_read(path, l);

	return diag_list_to_error(l, err) ? g_steal_pointer(&def) : NULL;
}

toolchain_def *toolchain_def_find(const char *name, GError **err)
{
	g_autofree char *path = catalog_find(CATALOG_TOOLCHAIN, name, err);

	return path ? toolchain_def_load(path, err) : NULL;
}

void toolchain_def_free(toolchain_def *def)
{
	if (!def)
		return;
	yaml_bind_clear(&toolchain_def_binding, def);
	g_free(def->path);
	g_free(def);
}
