#include "ship/repair.h"
#include "base/error.h"
#include "base/fs.h"
#include "format/digest.h"
#include "format/elf.h"
#include "ship/repair_elf.h"
#include "ship/repair_parts.h"
#include "ship/rpath.h"
#include "ship/wheel_rewrite.h"
#include <string.h>

#define LIBRARY_MAX (512 << 20)

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
	g_free(o->version);
	g_free(o->purl);
	g_free(o->sha256);
	g_free(o->expression);
	g_free(o);
}

void repair_graft_free(repair_graft *g)
{
	if (!g)
		return;
	g_free(g->soname);
	g_free(g->file);
	g_free(g->package);
	g_free(g->version);
	g_free(g->sha256);
	g_free(g->purl);
	g_free(g->package_sha256);
	g_free(g);
}

void repair_missing_free(repair_missing *m)
{
	if (!m)
		return;
	g_free(m->soname);
	g_free(m->needed_by);
	g_free(m);
}

static void foreign_free(void *data)
{
	foreign *f = data;

	g_free(f->soname);
	g_free(f->file);
	g_free(f->sha256);
	g_bytes_unref(f->bytes);
	g_ptr_array_unref(f->needed);
	g_free(f);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(foreign, foreign_free)

static void user_free(void *data)
{
	user *u = data;

	g_bytes_unref(u->bytes);
	g_ptr_array_unref(u->needed);
	g_ptr_array_unref(u->removed);
	g_free(u->rpath);
	g_free(u);
}

/* Whether the library is neither the system's, nor the wheel's, nor excluded. */
static gboolean is_foreign(const repairing *r, const char *soname)
{
	return policy_library(&policy_manylinux, r->arch, soname) > r->claimed &&
	       !g_hash_table_contains(r->own, soname) &&
	       !policy_excludes(r->o->exclude, soname) && !strchr(soname, '/');
}

foreign *repair_find_graft(const repairing *r, const char *soname)
{
	for (guint n = 0; n < r->grafts->len; n++) {
		foreign *f = g_ptr_array_index(r->grafts, n);
		if (g_str_equal(f->soname, soname))
			return f;
	}
	return NULL;
}

static gboolean is_ours(const repairing *r, const guint8 *data, gsize size)
{
	return size > 64 && elf_magic(data, size) &&
	       (data[18] | data[19] << 8) == r->o->platform->elf_machine &&
	       data[EI_CLASS] == r->o->platform->elf_class;
}

/* The file of that name in the owner's folder, when it is code of the target, as ld.so
 * passes over others; *real its path. */
static GBytes *read_of(
	const repairing *r, const repair_owner *owner, const char *soname, char **real)
{
	g_autofree char *path = fs_resolve_beneath(owner->folder, soname, NULL);
	g_autoptr(GBytes) bytes = path ? fs_read(path, LIBRARY_MAX, NULL) : NULL;
	gsize size = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	if (!data || !is_ours(r, data, size))
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
		g_autoptr(GBytes) bytes = read_of(r, owner, soname, &real);
		/* a folder that was named comes before all others, whatever they have */
		if (!bytes || (f && f->owner->bare))
			continue;
		if (f && !g_bytes_equal(f->bytes, bytes))
			return two_of_one_name(soname, f, owner, err);
		if (f)
			continue;
		g_autofree char *base = g_path_get_basename(real);
		gsize size = 0;
		const void *data = g_bytes_get_data(bytes, &size);
		char *hash = digest_bytes(data, size);
		const char *so = strstr(base, ".so");
		gsize stem = so ? (gsize)(so - base) : strlen(base);
		f = g_new0(foreign, 1);
		f->soname = g_strdup(soname);
		f->file = g_strdup_printf(
			"%.*s-%.8s%s", (int)stem, base, hash, base + stem);
		f->sha256 = hash;
		f->owner = owner;
		f->bytes = g_steal_pointer(&bytes);
		f->needed = g_ptr_array_new_with_free_func(g_free);
	}
	*out = g_steal_pointer(&f);
	return TRUE;
}

static void note_missing(repairing *r, const char *soname, const char *by)
{
	for (guint n = 0; n < r->missing->len; n++) {
		const repair_missing *m = g_ptr_array_index(r->missing, n);
		if (g_str_equal(m->soname, soname))
			return;
	}
	repair_missing *m = g_new0(repair_missing, 1);
	m->soname = g_strdup(soname);
	m->needed_by = g_strdup(by);
	g_ptr_array_add(r->missing, m);
}

/* Adds to `needed` what of the object's needs is grafted, and those themselves. */
static gboolean look_at(repairing *r, const elf_file *f, const char *name,
	GPtrArray *needed, GError **err)
{
	for (guint n = 0; n < f->needed->len; n++) {
		const char *soname = g_ptr_array_index(f->needed, n);
		if (!is_foreign(r, soname))
			continue;
		foreign *graft = repair_find_graft(r, soname);
		if (!graft) {
			if (!read_foreign(r, soname, &graft, err))
				return FALSE;
			if (!graft) {
				note_missing(r, soname, name);
				continue;
			}
			g_ptr_array_add(r->grafts, graft);
		}
		g_ptr_array_add(needed, g_strdup(soname));
	}
	return TRUE;
}

/* The interpreter that loads a module is libpython itself. */
static gboolean is_libpython(const char *soname)
{
	return g_str_has_prefix(soname, "libpython") && strstr(soname, ".so");
}

static void take_libpython(elf_file *f, GPtrArray *removed)
{
	if (f->type != ET_DYN || f->interp)
		return;
	for (guint n = f->needed->len; n-- > 0;) {
		const char *soname = g_ptr_array_index(f->needed, n);
		if (!is_libpython(soname))
			continue;
		g_ptr_array_add(removed, g_strdup(soname));
		g_ptr_array_remove_index(f->needed, n);
	}
}

static gboolean add_user(repairing *r, const zip_entry *e, GBytes *bytes, GError **err)
{
	g_autoptr(elf_file) f = elf_file_open(bytes, e->name, 0, err);

	if (!f)
		return FALSE;
	user *u = g_new0(user, 1);
	u->entry = e;
	u->bytes = g_bytes_ref(bytes);
	u->needed = g_ptr_array_new_with_free_func(g_free);
	u->removed = g_ptr_array_new_with_free_func(g_free);
	u->rpath = g_strdup(f->runpath ? f->runpath : f->rpath);
	g_ptr_array_add(r->users, u);
	if (r->o->foreign)
		take_libpython(f, u->removed);
	return look_at(r, f, e->name, u->needed, err);
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
		if (!bytes || (is_ours(r, data, size) && !add_user(r, e, bytes, err)))
			return FALSE;
	}
	/* the list grows while it is gone through: the closure */
	for (guint n = 0; n < r->grafts->len; n++) {
		foreign *f = g_ptr_array_index(r->grafts, n);
		g_autoptr(elf_file) elf = elf_file_open(f->bytes, f->soname, 0, err);
		if (!elf || !look_at(r, elf, f->soname, f->needed, err))
			return FALSE;
		f->exec_stack = elf->exec_stack;
	}
	return TRUE;
}

static void add_renames(const repairing *r, const GPtrArray *needed, repair_edit *edit)
{
	for (guint n = 0; n < needed->len; n++) {
		const foreign *f = repair_find_graft(r, g_ptr_array_index(needed, n));
		repair_edit_rename(edit, f->soname, f->file);
	}
}

/* A distribution's library asks for an executable stack because an assembler file says
 * nothing of it; the copy does not, or glibc from 2.41 on would not load it. Another's
 * wheel is left as it is. */
static gboolean clears_stack(const repairing *r, const foreign *f)
{
	return f->exec_stack && !r->o->foreign;
}

static gboolean edit_grafts(repairing *r, GError **err)
{
	for (guint n = 0; n < r->grafts->len; n++) {
		const foreign *f = g_ptr_array_index(r->grafts, n);
		g_auto(repair_edit) edit = {.soname = f->file,
			.rpath = f->needed->len ? "$ORIGIN" : NULL,
			.plain_stack = clears_stack(r, f)};
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

static gboolean nowhere(const user *u, GError **err)
{
	error_set(err, EXIT_AUDIT, "X0745", "%s needs %s and cannot be given it",
		u->entry->name, (char *)g_ptr_array_index(u->needed, 0));
	error_note(err, "where an installer puts that file is not known before, so no "
			"search path from there leads to the wheel's libraries");
	error_help(err, "have it lie beside the package's modules");
	return FALSE;
}

/* Its place in the finished wheel; a script's program moves. New string, NULL: no path
 * from it is known. */
static char *place_for(repairing *r, const user *u)
{
	const char *name = u->entry->name;

	if (repair_installed(r->wheel, name))
		return g_strdup(name);
	return repair_is_script(r->wheel, name) ? repair_script_member(r->wheel, name)
						: NULL;
}

static gboolean is_edited(const repairing *r, const user *u)
{
	const char *installed = repair_installed(r->wheel, u->entry->name);
	const char *member = installed ? installed : u->entry->name;
	gboolean dropped = FALSE;
	g_autofree char *kept = rpath_keep(member, u->rpath, NULL, &dropped);

	return u->needed->len || (r->o->foreign && (dropped || u->removed->len)) ||
	       rpath_leads_into(member, u->rpath, r->o->searched);
}

static gboolean edit_user(repairing *r, const user *u, GError **err)
{
	const char *installed = repair_installed(r->wheel, u->entry->name);
	g_autofree char *to = NULL, *place = NULL;

	if (!is_edited(r, u))
		return TRUE;
	if (u->needed->len) {
		place = place_for(r, u);
		if (!place || (!installed && zip_find(r->wheel->zip, place)))
			return nowhere(u, err);
		to = rpath_to(installed ? installed : place, r->folder);
	}
	g_autofree char *rpath = rpath_keep(installed ? installed : u->entry->name,
		installed || !to ? u->rpath : NULL, to, NULL);
	g_autofree char *base = g_path_get_basename(u->entry->name);
	g_auto(repair_edit) edit = {.rpath = rpath, .removed = u->removed};
	repair_edit_init(&edit);
	add_renames(r, u->needed, &edit);
	GBytes *out =
		repair_edit_run(&edit, r->o->patchelf, r->o->work, base, u->bytes, err);
	if (!out)
		return FALSE;
	if (!installed && place) {
		char *text = repair_script_text(place);
		g_hash_table_insert(r->contents, g_strdup(u->entry->name),
			g_bytes_new_take(text, strlen(text)));
		g_hash_table_insert(r->contents, g_steal_pointer(&place), out);
	} else {
		g_hash_table_insert(r->contents, g_strdup(u->entry->name), out);
	}
	return TRUE;
}

static gboolean edit_users(repairing *r, GError **err)
{
	for (guint n = 0; n < r->users->len; n++)
		if (!edit_user(r, g_ptr_array_index(r->users, n), err))
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
	int fd = fs_memory("repaired", err);

	return fd < 0 ? NULL
		      : fs_memory_bytes(
				fd, wheel_rewrite_to(r->wheel, &how, fd, err), err);
}

static void tell(const repairing *r, GPtrArray *grafts)
{
	for (guint n = 0; n < r->grafts->len; n++) {
		const foreign *f = g_ptr_array_index(r->grafts, n);
		repair_graft *g = g_new0(repair_graft, 1);
		g->soname = g_strdup(f->soname);
		g->file = g_strdup(f->file);
		g->package = f->owner->bare ? NULL : g_strdup(f->owner->package);
		g->version = g_strdup(f->owner->version);
		g->sha256 = g_strdup(f->sha256);
		g->purl = g_strdup(f->owner->purl);
		g->package_sha256 = g_strdup(f->owner->sha256);
		g->plain_stack = clears_stack(r, f);
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

static void repairing_init(repairing *r, const repair_options *o)
{
	*r = (repairing){.o = o,
		.own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		.grafts = g_ptr_array_new_with_free_func(foreign_free),
		.users = g_ptr_array_new_with_free_func(user_free),
		.missing = g_ptr_array_new_with_free_func(
			(GDestroyNotify)repair_missing_free),
		.contents = g_hash_table_new_full(
			g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_bytes_unref)};
}

static void repairing_clear(repairing *r)
{
	wheel_close(r->wheel);
	g_free(r->folder);
	g_hash_table_unref(r->own);
	g_ptr_array_unref(r->grafts);
	g_ptr_array_unref(r->users);
	g_ptr_array_unref(r->missing);
	g_hash_table_unref(r->contents);
}

GBytes *wheel_repair(GBytes *bytes, const char *file, const repair_options *o,
	GPtrArray *grafts, GError **err)
{
	repairing r;
	GBytes *out = NULL;

	repairing_init(&r, o);
	gboolean ok = open_wheel(&r, bytes, file, err) &&
		      (!r.arch || !o->patchelf ||
			      (collect(&r, err) && edit_grafts(&r, err) &&
				      edit_users(&r, err))) &&
		      repair_add_licences(&r, err);
	if (ok) {
		repair_add_sbom(&r);
		out = g_hash_table_size(r.contents) ? rewrite(&r, err)
						    : g_bytes_ref(bytes);
		tell(&r, grafts);
	}
	repairing_clear(&r);
	return out;
}

static gboolean has_edits(const repairing *r)
{
	for (guint n = 0; n < r->users->len; n++)
		if (is_edited(r, g_ptr_array_index(r->users, n)))
			return TRUE;
	return r->missing->len > 0;
}

gboolean wheel_repair_missing(GBytes *bytes, const char *file, const repair_options *o,
	GPtrArray *missing, gboolean *edits, GError **err)
{
	repairing r;

	repairing_init(&r, o);
	gboolean ok = open_wheel(&r, bytes, file, err) && (!r.arch || collect(&r, err));
	*edits = ok && has_edits(&r);
	if (ok)
		g_ptr_array_extend_and_steal(missing, g_steal_pointer(&r.missing));
	if (!r.missing)
		r.missing = g_ptr_array_new();
	repairing_clear(&r);
	return ok;
}
