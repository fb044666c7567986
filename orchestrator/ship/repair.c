#include "ship/repair.h"
#include "base/error.h"
#include "base/fs.h"
#include "format/digest.h"
#include "format/elf.h"
#include "plan/policy.h"
#include "ship/repair_elf.h"
#include "ship/wheel_rewrite.h"
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LIBRARY_MAX (512 << 20)
#define LICENCE_MAX (4 << 20)

repair_owner *repair_owner_new(
	const char *package, const char *folder, const char *licence)
{
	repair_owner *o = g_new0(repair_owner, 1);

	o->package = g_strdup(package);
	o->folder = g_strdup(folder);
	o->licence = g_strdup(licence);
	return o;
}

void repair_owner_free(repair_owner *o)
{
	if (!o)
		return;
	g_free(o->package);
	g_free(o->folder);
	g_free(o->licence);
	g_free(o);
}

void repair_graft_free(repair_graft *g)
{
	if (!g)
		return;
	g_free(g->soname);
	g_free(g->file);
	g_free(g->package);
	g_free(g);
}

/* A library to be grafted. */
typedef struct foreign {
	char *soname, *file;
	const repair_owner *owner;
	GBytes *bytes;
	GPtrArray *needed; /* char *: of its needs those that are grafted too */
} foreign;

static void foreign_free(void *data)
{
	foreign *f = data;

	g_free(f->soname);
	g_free(f->file);
	g_bytes_unref(f->bytes);
	g_ptr_array_unref(f->needed);
	g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(foreign, foreign_free)

/* A member of the wheel that needs some of them. */
typedef struct user {
	const zip_entry *entry;
	GBytes *bytes;
	GPtrArray *needed;
} user;

static void user_free(void *data)
{
	user *u = data;

	g_bytes_unref(u->bytes);
	g_ptr_array_unref(u->needed);
	g_free(u);
}

typedef struct repairing {
	const repair_options *o;
	wheel *wheel;
	const policy_arch *arch;
	int claimed;
	GHashTable *own;      /* base names of the wheel's members: a set */
	GPtrArray *grafts;    /* foreign *, in the order found */
	GPtrArray *users;     /* user * */
	GHashTable *contents; /* name -> GBytes: new and changed members */
	char *folder;	      /* "psycopg2.libs" */
} repairing;

static gboolean is_excluded(const repair_options *o, const char *soname)
{
	for (guint n = 0; o->exclude && n < o->exclude->len; n++)
		if (fnmatch(g_ptr_array_index(o->exclude, n), soname, 0) == 0)
			return TRUE;
	return FALSE;
}

/* Whether the library is neither the system's, nor the wheel's, nor excluded. */
static gboolean is_foreign(const repairing *r, const char *soname)
{
	return policy_library(&policy_manylinux, r->arch, soname) > r->claimed &&
	       !g_hash_table_contains(r->own, soname) && !is_excluded(r->o, soname) &&
	       !strchr(soname, '/');
}

static foreign *find_graft(const repairing *r, const char *soname)
{
	for (guint n = 0; n < r->grafts->len; n++) {
		foreign *f = g_ptr_array_index(r->grafts, n);
		if (g_str_equal(f->soname, soname))
			return f;
	}
	return NULL;
}

/* The file of that name in the owner's folder, when it is an ELF file; *real its path. */
static GBytes *read_of(const repair_owner *owner, const char *soname, char **real)
{
	g_autofree char *path = fs_resolve_beneath(owner->folder, soname, NULL);
	g_autoptr(GBytes) bytes = path ? fs_read(path, LIBRARY_MAX, NULL) : NULL;
	gsize size = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	if (!data || !elf_magic(data, size))
		return NULL;
	*real = g_steal_pointer(&path);
	return g_steal_pointer(&bytes);
}

/* The linker chose one of them by an order that nothing here knows. */
static gboolean two_of_one_name(
	const char *soname, const foreign *f, const repair_owner *other, GError **err)
{
	error_set(err, EXIT_AUDIT, "X0744",
		"two different libraries are called %s: of %s and of %s", soname,
		f->owner->package, other->package);
	error_help(err,
		"a wheel gets one of them, and which one the module was linked with "
		"cannot be told: take one out of requirements.host, or link it "
		"statically "
		"(wheel.link_static)");
	return FALSE;
}

/* *out NULL when no owner has it. */
static gboolean read_foreign(
	const repairing *r, const char *soname, foreign **out, GError **err)
{
	g_autoptr(foreign) f = NULL;

	for (guint n = 0; n < r->o->owners->len; n++) {
		const repair_owner *owner = g_ptr_array_index(r->o->owners, n);
		g_autofree char *real = NULL;
		g_autoptr(GBytes) bytes = read_of(owner, soname, &real);
		if (!bytes)
			continue;
		if (f && !g_bytes_equal(f->bytes, bytes))
			return two_of_one_name(soname, f, owner, err);
		if (f)
			continue;
		g_autofree char *base = g_path_get_basename(real);
		gsize size = 0;
		const void *data = g_bytes_get_data(bytes, &size);
		g_autofree char *hash = digest_bytes(data, size);
		const char *so = strstr(base, ".so");
		gsize stem = so ? (gsize)(so - base) : strlen(base);
		f = g_new0(foreign, 1);
		f->soname = g_strdup(soname);
		f->file = g_strdup_printf(
			"%.*s-%.8s%s", (int)stem, base, hash, base + stem);
		f->owner = owner;
		f->bytes = g_steal_pointer(&bytes);
		f->needed = g_ptr_array_new_with_free_func(g_free);
	}
	*out = g_steal_pointer(&f);
	return TRUE;
}

/* Adds to `needed` what of the object's needs is grafted, and those themselves. */
static gboolean look_at(
	repairing *r, GBytes *bytes, const char *name, GPtrArray *needed, GError **err)
{
	g_autoptr(elf_file) f = elf_file_open(bytes, name, 0, err);

	if (!f)
		return FALSE;
	for (guint n = 0; n < f->needed->len; n++) {
		const char *soname = g_ptr_array_index(f->needed, n);
		if (!is_foreign(r, soname))
			continue;
		foreign *graft = find_graft(r, soname);
		if (!graft) {
			if (!read_foreign(r, soname, &graft, err))
				return FALSE;
			if (!graft)
				continue;
			g_ptr_array_add(r->grafts, graft);
		}
		g_ptr_array_add(needed, g_strdup(soname));
	}
	return TRUE;
}

static gboolean is_ours(const repairing *r, const guint8 *data, gsize size)
{
	return size > 64 && elf_magic(data, size) &&
	       (data[18] | data[19] << 8) == r->o->platform->elf_machine &&
	       data[EI_CLASS] == r->o->platform->elf_class;
}

static gboolean collect(repairing *r, GError **err)
{
	const zip_file *zip = r->wheel->zip;

	for (guint n = 0; n < zip->n_entries; n++) {
		const zip_entry *e = &zip->entries[n];
		if (e->folder)
			continue;
		g_autoptr(GBytes) bytes = zip_read(zip, e, err);
		gsize size = 0;
		const guint8 *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
		if (!bytes)
			return FALSE;
		if (!is_ours(r, data, size))
			continue;
		user *u = g_new0(user, 1);
		u->entry = e;
		u->bytes = g_steal_pointer(&bytes);
		u->needed = g_ptr_array_new_with_free_func(g_free);
		g_ptr_array_add(r->users, u);
		if (!look_at(r, u->bytes, e->name, u->needed, err))
			return FALSE;
	}
	/* the list grows while it is gone through: the closure */
	for (guint n = 0; n < r->grafts->len; n++) {
		foreign *f = g_ptr_array_index(r->grafts, n);
		if (!look_at(r, f->bytes, f->soname, f->needed, err))
			return FALSE;
	}
	return TRUE;
}

static void add_renames(const repairing *r, const GPtrArray *needed, repair_edit *edit)
{
	for (guint n = 0; n < needed->len; n++) {
		const foreign *f = find_graft(r, g_ptr_array_index(needed, n));
		repair_edit_rename(edit, f->soname, f->file);
	}
}

static gboolean edit_grafts(repairing *r, GError **err)
{
	for (guint n = 0; n < r->grafts->len; n++) {
		const foreign *f = g_ptr_array_index(r->grafts, n);
		g_auto(repair_edit) edit = {
			.soname = f->file, .rpath = f->needed->len ? "$ORIGIN" : NULL};
		repair_edit_init(&edit);
		add_renames(r, f->needed, &edit);
		GBytes *out = repair_edit_run(
			&edit, r->o->patchelf, r->o->work, f->file, f->bytes, err);
		if (!out)
			return FALSE;
		g_hash_table_insert(
			r->contents, g_strdup_printf("%s/%s", r->folder, f->file), out);
	}
	return TRUE;
}

/* From the member's folder up to the top and down into ours. New string. */
static char *rpath_from(const repairing *r, const char *name)
{
	GString *out = g_string_new("$ORIGIN");

	for (const char *p = name; *p; p++)
		if (*p == '/')
			g_string_append(out, "/..");
	g_string_append_printf(out, "/%s", r->folder);
	return g_string_free(out, FALSE);
}

static gboolean edit_users(repairing *r, GError **err)
{
	for (guint n = 0; n < r->users->len; n++) {
		const user *u = g_ptr_array_index(r->users, n);
		if (!u->needed->len)
			continue;
		g_autofree char *rpath = rpath_from(r, u->entry->name);
		g_autofree char *base = g_path_get_basename(u->entry->name);
		g_auto(repair_edit) edit = {.rpath = rpath};
		repair_edit_init(&edit);
		add_renames(r, u->needed, &edit);
		GBytes *out = repair_edit_run(
			&edit, r->o->patchelf, r->o->work, base, u->bytes, err);
		if (!out)
			return FALSE;
		g_hash_table_insert(r->contents, g_strdup(u->entry->name), out);
	}
	return TRUE;
}

/* One licence as .dist-info/licenses/PACKAGE/FILE. */
static gboolean add_licence(
	repairing *r, const char *package, const char *path, GError **err)
{
	g_autoptr(GBytes) bytes = fs_read(path, LICENCE_MAX, err);
	g_autofree char *base = g_path_get_basename(path);

	if (!bytes)
		return FALSE;
	g_hash_table_insert(r->contents,
		g_strdup_printf("%slicenses/%s/%s", r->wheel->dist_info, package, base),
		g_steal_pointer(&bytes));
	return TRUE;
}

static gboolean add_folder_licences(repairing *r, const char *name, GError **err)
{
	g_autofree char *folder = g_build_filename(r->o->licences, name, NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *file;

	while (dir && (file = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, file, NULL);
		if (!add_licence(r, name, path, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean add_licences(repairing *r, GError **err)
{
	g_autoptr(GDir) dir = r->o->licences ? g_dir_open(r->o->licences, 0, NULL) : NULL;
	const char *name;

	for (guint n = 0; n < r->grafts->len; n++) {
		const foreign *f = g_ptr_array_index(r->grafts, n);
		if (f->owner->licence &&
			!add_licence(r, f->owner->package, f->owner->licence, err))
			return FALSE;
	}
	while (dir && (name = g_dir_read_name(dir)))
		if (!add_folder_licences(r, name, err))
			return FALSE;
	return TRUE;
}

/* The wheel with the new contents, in memory. */
static GBytes *rewrite(const repairing *r, GError **err)
{
	wheel_rewrite how = {.platforms = r->wheel->name->platforms,
		.build = r->wheel->name->build,
		.mtime = r->o->mtime,
		.contents = r->contents};
	int fd = memfd_create("repaired", MFD_CLOEXEC);
	GBytes *out = NULL;

	if (fd < 0) {
		fs_fail(err, errno, "make", "a file in memory", 0);
		return NULL;
	}
	if (wheel_rewrite_to(r->wheel, &how, fd, err)) {
		g_autoptr(GMappedFile) map = g_mapped_file_new_from_fd(fd, FALSE, NULL);
		if (map)
			out = g_mapped_file_get_bytes(map);
		else
			fs_fail(err, EIO, "read", "a file in memory", 0);
	}
	close(fd);
	return out;
}

static void tell(const repairing *r, GPtrArray *grafts)
{
	for (guint n = 0; n < r->grafts->len; n++) {
		const foreign *f = g_ptr_array_index(r->grafts, n);
		repair_graft *g = g_new0(repair_graft, 1);
		g->soname = g_strdup(f->soname);
		g->file = g_strdup(f->file);
		g->package = g_strdup(f->owner->package);
		g_ptr_array_add(grafts, g);
	}
}

static gboolean open_wheel(repairing *r, GBytes *bytes, const char *file, GError **err)
{
	zip_file *zip = zip_open_bytes(bytes, file, err);

	r->wheel = zip ? wheel_open_zip(zip, file, TRUE, err) : NULL;
	if (!r->wheel)
		return FALSE;
	r->arch = policy_arch_find(&policy_manylinux, r->o->platform->wheel_arch);
	r->claimed = policy_index(&policy_manylinux, r->o->floor, TRUE);
	r->folder = g_strconcat(r->wheel->name->name, ".libs", NULL);
	for (guint n = 0; n < r->wheel->zip->n_entries; n++)
		g_hash_table_add(
			r->own, g_path_get_basename(r->wheel->zip->entries[n].name));
	return TRUE;
}

GBytes *wheel_repair(GBytes *bytes, const char *file, const repair_options *o,
	GPtrArray *grafts, GError **err)
{
	repairing r = {.o = o,
		.own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.grafts = g_ptr_array_new_with_free_func(foreign_free),
		.users = g_ptr_array_new_with_free_func(user_free),
		.contents = g_hash_table_new_full(
			g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref)};
	GBytes *out = NULL;

	if (open_wheel(&r, bytes, file, err) && (!r.arch || collect(&r, err)) &&
		edit_grafts(&r, err) && edit_users(&r, err) && add_licences(&r, err)) {
		out = g_hash_table_size(r.contents) ? rewrite(&r, err)
						    : g_bytes_ref(bytes);
		tell(&r, grafts);
	}
	wheel_close(r.wheel);
	g_free(r.folder);
	g_hash_table_unref(r.own);
	g_ptr_array_unref(r.grafts);
	g_ptr_array_unref(r.users);
	g_hash_table_unref(r.contents);
	return out;
}
