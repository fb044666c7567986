#include "cli/repair_libraries.h"
#include "base/error.h"
#include "build/library_find.h"
#include "build/sysroot.h"
#include "cli/library_owner.h"
#include <string.h>

struct repair_libraries {
	const options *o;
	const build_context *c;
	sysroot_def *sysroot;
	repair_lock *lock;
	GHashTable *found; /* platform and sonames -> library_place * array */
};

repair_libraries *repair_libraries_open(
	const options *o, const build_context *c, repair_lock *lock, GError **err)
{
	sysroot_def *def = sysroot_def_find(o->sysroot ? o->sysroot : "debian-11", err);

	if (!def)
		return NULL;
	repair_libraries *l = g_new0(repair_libraries, 1);
	l->o = o;
	l->c = c;
	l->sysroot = def;
	l->lock = lock;
	l->found = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
	for (guint n = 0; o->lib_dirs && n < o->lib_dirs->len; n++) {
		const char *dir = g_ptr_array_index(o->lib_dirs, n);
		if (g_file_test(dir, G_FILE_TEST_IS_DIR))
			continue;
		g_autofree char *shown = text_escape(dir, -1);
		error_set(
			err, EXIT_INPUT, "X0820", "--lib-dir %s is not a folder", shown);
		repair_libraries_free(l);
		return NULL;
	}
	return l;
}

void repair_libraries_free(repair_libraries *l)
{
	if (!l)
		return;
	sysroot_def_free(l->sysroot);
	g_hash_table_unref(l->found);
	g_free(l);
}

static void add_folders(const repair_libraries *l, GPtrArray *owners)
{
	for (guint n = 0; l->o->lib_dirs && n < l->o->lib_dirs->len; n++) {
		const char *dir = g_ptr_array_index(l->o->lib_dirs, n);
		repair_owner *owner = repair_owner_new(dir, dir, NULL);
		owner->bare = TRUE;
		g_ptr_array_add(owners, owner);
	}
}

/* The names that are not in `asked` yet, sorted by the caller's order; NULL: none. */
static GPtrArray *not_asked(const GPtrArray *missing, GHashTable *asked)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);

	for (guint n = 0; n < missing->len; n++) {
		const repair_missing *m = g_ptr_array_index(missing, n);
		if (g_hash_table_add(asked, g_strdup(m->soname)))
			g_ptr_array_add(out, g_strdup(m->soname));
	}
	if (out->len)
		return out;
	g_ptr_array_unref(out);
	return NULL;
}

static char *memo_key(const platform *target, const GPtrArray *sonames)
{
	GString *out = g_string_new(target->name);

	for (guint n = 0; n < sonames->len; n++)
		g_string_append_printf(out, " %s", (char *)g_ptr_array_index(sonames, n));
	return g_string_free(out, FALSE);
}

/* Places in packages of the suite; borrowed. NULL with err. */
static const GPtrArray *ask_suite(repair_libraries *l, const platform *target,
	const GPtrArray *sonames, GError **err)
{
	g_autofree char *k = memo_key(target, sonames);
	const GPtrArray *known = g_hash_table_lookup(l->found, k);
	g_autoptr(GPtrArray) unknown = g_ptr_array_new_with_free_func(g_free);

	if (known)
		return known;
	g_autoptr(GPtrArray) packages =
		library_find_packages(l->c, l->sysroot, target, sonames, unknown, err);
	if (!packages)
		return NULL;
	g_autoptr(GPtrArray) files = packages->len ? library_find_files(l->c, l->sysroot,
							     target, packages, err)
						   : g_ptr_array_new();
	GPtrArray *places =
		!files	     ? NULL
		: files->len ? library_find_places(l->c, l->sysroot, target, files, err)
			     : g_ptr_array_new();
	if (!places)
		return NULL;
	if (files->len)
		repair_lock_add(l->lock, l->sysroot, target, packages, files);
	g_hash_table_insert(l->found, g_steal_pointer(&k), places);
	return places;
}

static void note_lock(const repair_libraries *l, GError **err)
{
	error_note(err, "locked in %s", repair_lock_path(l->lock));
	error_help(err, "take what the suite has now: `xorch repair --upgrade …`");
}

/* Places in packages that the lock has; borrowed, empty without any. NULL with err. */
static const GPtrArray *locked_places(
	repair_libraries *l, const platform *target, GError **err)
{
	g_autofree char *k = g_strconcat("locked ", target->name, NULL);
	const GPtrArray *known = g_hash_table_lookup(l->found, k);
	GError *error = NULL;

	if (known)
		return known;
	const GPtrArray *files =
		repair_lock_packages(l->lock, l->sysroot, target, l->c->locked, &error);
	if (error) {
		g_propagate_error(err, error);
		return NULL;
	}
	GPtrArray *places = files && files->len ? library_find_places(l->c, l->sysroot,
							  target, files, err)
						: g_ptr_array_new();
	if (!places) {
		if (l->o->rebuild)
			error_note(err, "the statement names them");
		else
			note_lock(l, err);
		return NULL;
	}
	g_hash_table_insert(l->found, g_steal_pointer(&k), places);
	return places;
}

static const GPtrArray *own_places(
	repair_libraries *l, const platform *target, GError **err)
{
	const GPtrArray *known = g_hash_table_lookup(l->found, target->name);

	if (known)
		return known;
	if (!sysroot_def_has(l->sysroot, target, err))
		return NULL;
	GPtrArray *places = library_find_own(l->c, l->sysroot, target, err);
	if (places)
		g_hash_table_insert(l->found, g_strdup(target->name), places);
	return places;
}

static gboolean asks_nobody(const repair_libraries *l)
{
	return l->c->locked || l->c->offline ||
	       !package_def_is_debian(&l->sysroot->packages);
}

static gboolean found_nowhere(const repair_libraries *l, const GPtrArray *missing,
	const platform *target, const char *file, GError **err)
{
	const repair_missing *first = g_ptr_array_index(missing, 0);

	error_set(err, EXIT_AUDIT, "X0747", "%s needs %s%s, found nowhere for %s", file,
		first->soname, missing->len > 1 ? " and others" : "", target->name);
	for (guint n = 0; n < missing->len; n++) {
		const repair_missing *m = g_ptr_array_index(missing, n);
		g_autofree char *soname = text_escape(m->soname, -1);
		g_autofree char *by = text_escape(m->needed_by, -1);
		error_line(err, "%s, needed by %s", soname, by);
	}
	if (l->o->rebuild) {
		error_note(err,
			"neither the packages that the statement names nor the sysroot "
			"%s has it",
			l->sysroot->name);
		return FALSE;
	}
	if (!package_def_is_debian(&l->sysroot->packages))
		error_note(err, "the sysroot %s does not have it", l->sysroot->name);
	else if (asks_nobody(l))
		error_note(err,
			"neither the sysroot %s nor %s has it; its suite was not asked "
			"(%s)",
			l->sysroot->name, repair_lock_path(l->lock),
			l->c->offline ? "--offline" : "--locked");
	else
		error_note(err,
			"no package of %s has such a file in lib/%s, nor has the sysroot "
			"%s",
			l->sysroot->packages.debian.suite, target->triple,
			l->sysroot->name);
	error_help(
		err, "build it for %s and name its folder: --lib-dir DIR", target->name);
	error_help(err,
		"or, when another package brings it when the wheel is used, leave it "
		"out: --exclude-lib %s",
		first->soname);
	return FALSE;
}

gboolean repair_libraries_find(repair_libraries *l, GBytes *bytes, const char *file,
	const rewheel *how, GPtrArray *owners, gboolean *edits, GError **err)
{
	const platform *target = how->repair->platform;
	g_autoptr(GHashTable) asked =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	gboolean own = FALSE, locked = !package_def_is_debian(&l->sysroot->packages);

	add_folders(l, owners);
	for (;;) {
		g_autoptr(GPtrArray) missing = g_ptr_array_new_with_free_func(
			(GDestroyNotify)repair_missing_free);
		const GPtrArray *places;
		if (!rewheel_missing(bytes, file, how, missing, edits, err))
			return FALSE;
		if (!missing->len)
			return TRUE;
		if (!own && (locked || !l->o->rebuild)) {
			own = TRUE;
			places = own_places(l, target, err);
		} else if (!locked) {
			locked = TRUE;
			places = locked_places(l, target, err);
		} else {
			g_autoptr(GPtrArray) names =
				asks_nobody(l) ? NULL : not_asked(missing, asked);
			if (!names)
				return found_nowhere(l, missing, target, file, err);
			places = ask_suite(l, target, names, err);
		}
		if (!places)
			return FALSE;
		library_owners(places, owners);
	}
}

const sysroot_def *repair_libraries_sysroot(const repair_libraries *l)
{
	return l->sysroot;
}

const GPtrArray *repair_libraries_packages(
	const repair_libraries *l, const platform *target)
{
	return repair_lock_packages(l->lock, l->sysroot, target, FALSE, NULL);
}

package_section *repair_libraries_section(
	const repair_libraries *l, const platform *target, GError **err)
{
	package_set set = sysroot_package_set(l->sysroot, target, NULL);

	return package_set_lock(l->c, &set, FALSE, NULL, err);
}
