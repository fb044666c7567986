#include "build/package_rpm.h"
#include "base/error.h"
#include "build/fetch.h"
#include "build/rpm_repo.h"
#include <string.h>

package_section *package_rpm_resolve(const build_context *ctx, const package_set *set,
	const char *not_before, GError **err)
{
	const package_def *def = set->def;
	const char *architecture = set->target->rpm_arch;
	const GPtrArray *roots = package_def_roots(def, set->target->name);
	g_autofree char *folder = g_path_get_dirname(set->path);

	if (!roots || !architecture) {
		error_set(err, EXIT_INPUT, "X0302", "%s %s does not exist for %s",
			set->kind, set->name, set->target->name);
		error_line(err, "%s lists packages for other targets", set->path);
		return NULL;
	}
	g_autoptr(rpm_repo) repo = rpm_repo_open(
		ctx, set->name, &def->rpm, folder, architecture, not_before, err);
	g_autoptr(GPtrArray) found =
		repo ? solv_index_closure(repo->index, roots, def->without, err) : NULL;
	if (!found) {
		if (repo)
			error_note(err, "wanted for %s %s for %s", set->kind, set->name,
				set->target->name);
		return NULL;
	}
	package_section *section = package_section_new(
		set->target->name, RPM_SUITE, architecture, repo->date);
	for (guint i = 0; i < roots->len; i++)
		g_ptr_array_add(section->roots, g_strdup(roots->pdata[i]));
	for (guint i = 0; def->without && i < def->without->len; i++)
		g_ptr_array_add(section->without, g_strdup(def->without->pdata[i]));
	for (guint i = 0; i < found->len; i++) {
		const solv_package *p = found->pdata[i];
		g_ptr_array_add(
			section->packages, locked_package_new(p->name, p->version,
						   p->path, p->sha256, p->size, FALSE));
	}
	package_section_sort(section);
	return section;
}

/* REPOSITORY/path/within of the lock; NULL with X0430 when the definition has no such
 * repository. New string. */
static char *package_url(const package_set *set, const locked_package *p, GError **err)
{
	const char *slash = strchr(p->path, '/');
	g_autofree char *name = g_strndup(p->path, slash ? (gsize)(slash - p->path) : 0);
	g_autofree char *base = rpm_def_url(&set->def->rpm, name, set->target->rpm_arch);

	if (base && slash)
		return g_strconcat(base, slash, NULL);
	error_set(err, EXIT_LOCK, "X0430",
		"the lock of %s %s has a package of a repository that is not in the "
		"definition",
		set->kind, set->name);
	error_line(err, "%s", p->path);
	error_help(err, "run `xorch lock --%s %s --upgrade`", set->kind, set->name);
	return NULL;
}

static gboolean gone(const package_set *set, const GPtrArray *items, GError **err)
{
	error_set(err, EXIT_LOCK, "X0431",
		"the repositories of %s %s have some of the locked files no more",
		set->kind, set->name);
	for (guint i = 0; i < items->len; i++) {
		const fetch_item *item = items->pdata[i];
		if (!item->path)
			error_line(err, "%s", item->label);
	}
	error_help(err, "take what they have now: `xorch lock --%s %s --upgrade`",
		set->kind, set->name);
	error_help(err, "or name one that keeps old files in %s", set->path);
	return FALSE;
}

static gboolean all_gone(const GPtrArray *items)
{
	for (guint i = 0; i < items->len; i++) {
		const fetch_item *item = items->pdata[i];
		if (!item->path && !fetch_not_found(item->error))
			return FALSE;
	}
	return TRUE;
}

gboolean package_rpm_fetch(const build_context *ctx, const package_set *set,
	const package_section *section, GError **err)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = ctx->offline};
	GError *error = NULL;

	for (guint i = 0; i < section->packages->len; i++) {
		const locked_package *p = section->packages->pdata[i];
		g_autofree char *label = g_path_get_basename(p->path);
		g_autofree char *url = package_url(set, p, err);
		fetch_item *item =
			url ? fetch_item_new(label, p->sha256, p->size, err) : NULL;
		if (!item)
			return FALSE;
		item->allow_http = TRUE; /* the sha256 came down the verified chain */
		fetch_item_add_url(item, url);
		g_ptr_array_add(items, item);
	}
	if (fetch_blobs(ctx->store, items, &options, &error))
		return TRUE;
	if (!ctx->offline && all_gone(items)) {
		g_error_free(error);
		return gone(set, items, err);
	}
	g_propagate_error(err, error);
	return FALSE;
}
