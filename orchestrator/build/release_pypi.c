#include "base/error.h"
#include "build/release_find.h"
#include "format/digest.h"
#include "format/pep440.h"
#include <string.h>

/* Releases of a project of the Python package index. */

/* A release is what its sdist says; wheels only count where there is none. */
static void take_file(release *r, const index_file *f, gboolean *have_sdist)
{
	gboolean sdist = f->is_sdist && f->sha256;

	if (*have_sdist && !(sdist && g_str_has_suffix(f->filename, ".tar.gz")))
		return;
	if (!sdist && !r->no_source)
		return;
	*have_sdist |= sdist;
	r->no_source = !sdist;
	r->published = f->uploaded;
	r->yanked = f->yanked;
	g_free(r->yanked_why);
	r->yanked_why = g_strdup(f->yanked_reason);
	g_free(r->requires_python);
	r->requires_python = g_strdup(f->requires_python);
}

typedef struct found {
	release *release;
	gboolean have_sdist;
} found;

release_list *release_list_pypi(const pypi_project *p)
{
	release_list *l = release_list_new(release_compare_pep440);
	g_autoptr(GHashTable) by_version =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	const GPtrArray *all[] = {p->page->files, p->newer};

	for (gsize n = 0; n < G_N_ELEMENTS(all); n++)
		for (guint i = 0; i < all[n]->len; i++) {
			const index_file *f = g_ptr_array_index(all[n], i);
			g_autoptr(pep440_version) v =
				f->version ? pep440_version_parse(f->version) : NULL;
			if (!v)
				continue;
			found *one = g_hash_table_lookup(by_version, f->version);
			if (!one) {
				one = g_new0(found, 1);
				one->release = release_new(f->version);
				one->release->no_source = TRUE;
				one->release->prerelease =
					pep440_version_is_prerelease(v);
				g_ptr_array_add(l->releases, one->release);
				g_hash_table_insert(
					by_version, one->release->version, one);
			}
			take_file(one->release, f, &one->have_sdist);
		}
	release_list_sort(l);
	return l;
}

GPtrArray *pypi_releases(const pypi_project *p, const char *python, GError **err)
{
	g_autoptr(release_list) l = release_list_pypi(p);
	GPtrArray *fine = g_ptr_array_new_with_free_func(g_free);
	const char *fallback = NULL;

	for (guint i = 0; i < l->releases->len; i++) {
		const release *r = g_ptr_array_index(l->releases, i);
		gboolean hidden = p->cut && (r->published < 0 || r->published >= p->cut);
		if (hidden || r->no_source || r->yanked ||
			(python && r->requires_python &&
				!pep440_python_matches(r->requires_python, python)))
			continue;
		if (!r->prerelease)
			g_ptr_array_add(fine, g_strdup(r->version));
		else if (!fallback)
			fallback = r->version;
	}
	if (!fine->len && fallback)
		g_ptr_array_add(fine, g_strdup(fallback));
	if (fine->len)
		return fine;
	g_ptr_array_unref(fine);
	error_set(err, EXIT_NETWORK, "X0504",
		"%s has no release with a source archive%s%s in the index", p->name,
		python ? " for Python " : "", python ? python : "");
	error_line(err, "index: %s", p->index);
	pypi_note_newer(p, NULL, err);
	return NULL;
}

char *pypi_newest(const pypi_project *p, const char *python, GError **err)
{
	g_autoptr(GPtrArray) all = pypi_releases(p, python, err);

	return all ? g_strdup(all->pdata[0]) : NULL;
}
