#include "build/source_kind.h"
#include "base/error.h"
#include "build/pypi.h"
#include "build/pypi_publisher.h"
#include "format/archive.h"
#include "format/project_name.h"
#include "plan/publisher.h"

/* The sdist of a project's release on PyPI. */

static char *pypi_name(const recipe_source *s)
{
	return project_name_normalize(s->pypi);
}

static gboolean pypi_lock(const build_context *ctx, item_source *s,
	const recipe_source *source, lock_source *out, GError **err)
{
	const recipe *r = s->recipe;
	const char *version = recipe_source_version(r, source);
	g_autoptr(pypi_project) project = pypi_project_get(ctx, source->pypi, err);
	const index_file *f = project ? pypi_find_sdist(project, version, err) : NULL;

	if (!f)
		return FALSE;
	if (source->publishers) {
		out->publisher = pypi_publisher(ctx, project, f, source->publishers, err);
		if (!out->publisher)
			return FALSE;
	}
	g_autofree char *name = project_name_normalize(source->pypi);
	out->file = locked_file_new(name, version, f->filename, f->sha256, f->size);
	out->requires_python = g_strdup(f->requires_python);
	return TRUE;
}

/* An entry says who published it when the recipe wanted to know. */
static gboolean pypi_fits(const item_source *s, const recipe_source *source,
	const lock_source *l, GError **err)
{
	if (!source->publishers || publisher_is_listed(source->publishers, l->publisher))
		return TRUE;
	g_autofree char *place = recipe_source_place(s->recipe, source);
	error_set(err, EXIT_LOCK, "X0413",
		"the lock does not say that %s was published by whom the recipe names",
		l->file->file);
	error_line(err, "--> %s", place);
	error_note(err, "%s: publisher: %s", s->lock->path,
		l->publisher ? l->publisher : "not asked for");
	error_help(err, "run `xorch lock %s`", s->recipe->path);
	return FALSE;
}

static void lookup_free(void *data)
{
	pypi_lookup *l = data;

	g_free(l->project);
	g_free(l);
}

static gboolean pypi_fetch(const build_context *ctx, const item *i,
	const recipe_source *source, const lock_source *l, GPtrArray *items, GError **err)
{
	fetch_item *f = source_fetch_item(i, source, l, items, err);

	if (!f)
		return FALSE;
	pypi_lookup *lookup = g_new0(pypi_lookup, 1);
	lookup->context = ctx;
	lookup->project = g_strdup(l->file->name);
	item_source_keep(i->source, lookup, lookup_free);
	f->find_urls = pypi_find_urls;
	f->find_urls_data = lookup;
	return TRUE;
}

const source_kind_ops source_pypi_ops = {.name = "pypi",
	.lock_name = pypi_name,
	.lock = pypi_lock,
	.fits = pypi_fits,
	.fetch = pypi_fetch,
	.add_to_key = source_locked_add_to_key,
	.unpack = source_archive_unpack};
