#include "plan/lock_check.h"
#include "format/project_name.h"
#include "plan/publisher.h"
#include <string.h>

static const lock_source *locked_pypi(const recipe_lock *lock, const char *project)
{
	g_autofree char *name = project_name_normalize(project);

	for (guint i = 0; i < lock->sources->len; i++) {
		const lock_source *s = g_ptr_array_index(lock->sources, i);
		if (g_str_equal(s->kind, "pypi") && g_str_equal(s->file->name, name))
			return s;
	}
	return NULL;
}

static void version_changed(
	const recipe *r, const recipe_source *s, const locked_file *f, diag_list *l)
{
	g_autofree char *lock_path = recipe_lock_path(r->path);
	g_autofree char *lock_name = g_path_get_basename(lock_path);
	const yaml_node *at = yaml_map_get(s->node, "version");

	if (!at)
		at = yaml_path(r->doc->root, "package.version");
	diag *d = yaml_error(r->doc, l, at, "X0403",
		"the version changed but the locked hash did not");
	diag_label(d, "new");
	diag_note(d, "%s still holds sha256 %.6s…%s, which belongs to %s", lock_name,
		f->sha256, f->sha256 + 60, f->version);
	diag_help(d, "run `xorch lock %s`", r->path);
}

static void hash_differs(
	const recipe *r, const recipe_source *s, const locked_file *f, diag_list *l)
{
	diag *d = yaml_error(r->doc, l, yaml_map_get(s->node, "sha256"), "X0406",
		"the recipe's sha256 of %s is not the lock's", f->file);

	diag_note(d, "the lock says %s", f->sha256);
	diag_help(d, "find out which is right, then run `xorch lock %s`", r->path);
}

static void publisher_differs(
	const recipe *r, const recipe_source *s, const lock_source *found, diag_list *l)
{
	diag *d = yaml_error(r->doc, l, yaml_map_get(s->node, "publishers"), "X0413",
		"the lock does not say that %s was published by whom the recipe names",
		found->file->file);

	if (found->publisher)
		diag_note(d, "the lock says %s", found->publisher);
	diag_help(d, "run `xorch lock %s`", r->path);
}

/* Copied along with a recipe, say. */
static void other_recipe(const recipe *r, const recipe_lock *lock, diag_list *l)
{
	g_autofree char *name = project_name_normalize(lock->name);
	g_autofree char *lock_path = recipe_lock_path(r->path);
	g_autofree char *lock_name = g_path_get_basename(lock_path);

	if (g_str_equal(name, r->normalized))
		return;
	diag *d = yaml_error(r->doc, l, yaml_path(r->doc->root, "package.name"), "X0409",
		"the lock is another recipe's");
	diag_label(d, "%s is of `%s`", lock_name, lock->name);
	diag_help(d, "remove %s, then run `xorch lock %s`", lock_path, r->path);
}

void lock_check_recipe(const recipe *r, const recipe_lock *lock, diag_list *l)
{
	other_recipe(r, lock, l);
	for (guint i = 0; i < r->sources->len; i++) {
		const recipe_source *s = g_ptr_array_index(r->sources, i);
		const lock_source *found = s->pypi ? locked_pypi(lock, s->pypi) : NULL;
		if (!found)
			continue;
		if (!g_str_equal(found->file->version, recipe_source_version(r, s)))
			version_changed(r, s, found->file, l);
		else if (s->sha256 && !g_str_equal(s->sha256, found->file->sha256))
			hash_differs(r, s, found->file, l);
		else if (s->publishers &&
			 !publisher_is_listed(s->publishers, found->publisher))
			publisher_differs(r, s, found, l);
	}
}

static void section_check(const package_section *s, const package_def *def,
	const char *architecture, const char *path, const char *option, const char *name,
	diag_list *l)
{
	const char *why;

	if (package_section_fits(s, def, architecture, &why))
		return;
	g_autoptr(diag_source) source = diag_source_new(path, "", 0);
	diag *d = diag_add(l, DIAG_ERROR, "X0432", source, 0, 0, 0,
		"the lock is out of date for %s: %s changed", s->target, why);
	diag_help(d, "run `xorch lock --%s %s`", option, name);
}

void lock_check_sysroot(const sysroot_def *def, const package_lock *lock, diag_list *l)
{
	for (guint i = 0; i < lock->sections->len; i++) {
		const package_section *s = g_ptr_array_index(lock->sections, i);
		const platform *p = platform_by_name(s->target);
		if (p && p->debian_arch)
			section_check(s, &def->packages,
				def->packages.images		     ? p->docker
				: package_def_is_rpm(&def->packages) ? p->rpm_arch
								     : p->debian_arch,
				def->path, "sysroot", def->name, l);
	}
}

void lock_check_toolchain(const toolchain_def *def, const package_lock *lock,
	const platform *host, diag_list *l)
{
	if (def->source != TOOLCHAIN_DEBIAN)
		return;
	for (guint i = 0; i < lock->sections->len; i++)
		section_check(g_ptr_array_index(lock->sections, i), &def->packages,
			host->debian_arch, def->path, "toolchain", def->name, l);
}
