#include "cli/repair_lock.h"
#include "base/error.h"
#include "base/fs.h"
#include <string.h>

struct repair_lock {
	package_lock *lock;
	gboolean upgrade;    /* until something was added, nothing of a target counts */
	GHashTable *renewed; /* names of targets that something was added for */
};

repair_lock *repair_lock_open(const char *path, gboolean upgrade, GError **err)
{
	package_lock *lock = package_lock_load(path, "repair", err);
	repair_lock *l;

	if (!lock)
		return NULL;
	l = g_new0(repair_lock, 1);
	l->lock = lock;
	l->upgrade = upgrade;
	l->renewed = g_hash_table_new(g_str_hash, g_str_equal);
	return l;
}

void repair_lock_free(repair_lock *l)
{
	if (!l)
		return;
	package_lock_free(l->lock);
	g_hash_table_unref(l->renewed);
	g_free(l);
}

const char *repair_lock_path(const repair_lock *l)
{
	return l->lock->path;
}

/* The target's section, whatever its suite; NULL: none that counts. */
static package_section *section_of(const repair_lock *l, const platform *target)
{
	if (l->upgrade && !g_hash_table_contains(l->renewed, target->name))
		return NULL;
	return package_lock_section(l->lock, target->name);
}

static gboolean is_of(
	const package_section *s, const sysroot_def *def, const platform *target)
{
	return g_strcmp0(s->suite, def->packages.debian.suite) == 0 &&
	       g_strcmp0(s->architecture, target->debian_arch) == 0;
}

const GPtrArray *repair_lock_packages(const repair_lock *l, const sysroot_def *def,
	const platform *target, gboolean locked, GError **err)
{
	const package_section *s = section_of(l, target);

	if (!s)
		return NULL;
	if (is_of(s, def, target))
		return s->packages;
	if (!locked)
		return NULL;
	error_set(err, EXIT_LOCK, "X0430",
		"%s has packages of %s for %s, and the sysroot is %s", l->lock->path,
		*s->suite ? s->suite : "another suite", target->name, def->name);
	error_help(err,
		"take the sysroot that it was made with (--sysroot), another lock "
		"(--lock), or leave --locked out to have it renewed");
	return NULL;
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void repair_lock_add(repair_lock *l, const sysroot_def *def, const platform *target,
	const GPtrArray *names, const GPtrArray *packages)
{
	package_section *s = section_of(l, target);

	if (!s || !is_of(s, def, target)) {
		s = package_section_new(target->name, def->packages.debian.suite,
			target->debian_arch, NULL);
		package_lock_set(l->lock, s);
	}
	g_hash_table_add(l->renewed, (void *)target->name);
	for (guint n = 0; n < names->len; n++)
		if (!g_ptr_array_find_with_equal_func(
			    s->roots, names->pdata[n], g_str_equal, NULL))
			g_ptr_array_add(s->roots, g_strdup(names->pdata[n]));
	g_ptr_array_sort(s->roots, by_text);
	for (guint n = 0; n < packages->len; n++) {
		const locked_package *p = packages->pdata[n];
		if (!package_section_find(s, p->name))
			g_ptr_array_add(s->packages, locked_package_copy(p));
	}
	package_section_sort(s);
}

gboolean repair_lock_write(repair_lock *l, gboolean *written, GError **err)
{
	g_autofree char *text = NULL;
	g_autofree char *folder = g_path_get_dirname(l->lock->path);

	if (written)
		*written = FALSE;
	if (!g_hash_table_size(l->renewed))
		return TRUE;
	text = package_lock_text(l->lock);
	if (!fs_mkdir_p(folder, 0755, err) ||
		!fs_write_atomic(l->lock->path, text, strlen(text), 0644, err))
		return FALSE;
	if (written)
		*written = TRUE;
	return TRUE;
}
