#include "build/pypi.h"
#include "base/error.h"
#include "base/event.h"
#include "base/instant.h"
#include "build/fetch.h"
#include "build/registry.h"
#include "format/digest.h"
#include "format/http_url.h"
#include "format/pep440.h"
#include "format/project_name.h"
#include <string.h>

#define MAX_PAGE (32u << 20)

static const char *const accept_headers[] = {
	"Accept: application/vnd.pypi.simple.v1+json, "
	"application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1",
	NULL};

/* Pages of this process: one run asks for the same project for every Python, and
 * from several threads. A page being fetched has an entry without a body. */
static GMutex pages_lock;
static GCond page_came;
static GHashTable *pages; /* URL -> fetch_document, kept for ever */

/* The page when it is there; NULL when the caller is the one to fetch it. */
static fetch_document *page_wait(const char *url)
{
	fetch_document *d;

	g_mutex_lock(&pages_lock);
	if (!pages)
		pages = g_hash_table_new(g_str_hash, g_str_equal);
	while ((d = g_hash_table_lookup(pages, url)) && !d->body)
		g_cond_wait(&page_came, &pages_lock);
	if (!d)
		g_hash_table_insert(pages, g_strdup(url), g_new0(fetch_document, 1));
	g_mutex_unlock(&pages_lock);
	return d;
}

/* Puts what came in place, or forgets it so that others may try. */
static fetch_document *page_settle(const char *url, fetch_document *came)
{
	gpointer key = NULL, entry = NULL;

	g_mutex_lock(&pages_lock);
	g_hash_table_lookup_extended(pages, url, &key, &entry);
	fetch_document *d = entry;
	if (came) {
		d->body = came->body;
		d->content_type = came->content_type;
		d->url = came->url;
	} else {
		g_hash_table_remove(pages, url);
		g_free(key);
		g_clear_pointer(&d, g_free);
	}
	g_cond_broadcast(&page_came);
	g_mutex_unlock(&pages_lock);
	return d;
}

static fetch_document *page_get(
	const build_context *c, const char *name, const char *index, GError **err)
{
	g_autofree char *rest = g_strconcat(name, "/", NULL);
	g_autofree char *url = http_url_below(index, rest);
	g_autofree char *label = g_strdup_printf("the index page of %s", name);
	fetch_document *d = page_wait(url);

	if (d)
		return d;
	fetch_document fresh = {
		.label = label,
		.urls = (const char *const[]){url, NULL},
		.headers = accept_headers,
		.max_size = MAX_PAGE,
		/* The settings of this machine chose it: its scheme is theirs. */
		.allow_http = g_str_has_prefix(url, "http:"),
		.compressed = TRUE,
		.offline = c->offline,
	};
	return page_settle(url, fetch_document_get(&fresh, err) ? &fresh : NULL);
}

/* Files from the instant on leave the page; so do those of unknown age, for the index may
 * have got them a minute ago. */
static void hide_newer(pypi_project *p, gint64 cut)
{
	p->newer = g_ptr_array_new_with_free_func((GDestroyNotify)index_file_free);
	p->cut = cut;
	for (guint i = 0; cut && i < p->page->files->len;) {
		const index_file *f = p->page->files->pdata[i];
		if (f->uploaded >= 0 && f->uploaded < cut)
			i++;
		else
			g_ptr_array_add(
				p->newer, g_ptr_array_steal_index(p->page->files, i));
	}
}

static pypi_project *project_from(
	const build_context *c, const char *name, const char *index, GError **err)
{
	fetch_document *d = page_get(c, name, index, err);
	gsize size;

	if (!d && err && fetch_not_found(*err)) {
		g_autofree char *shown = http_url_show(index);
		g_clear_error(err);
		error_set(err, EXIT_NETWORK, "X0504",
			"there is no project %s in the package index", name);
		error_line(err, "index: %s", shown);
	}
	if (!d)
		return NULL;
	const char *data = g_bytes_get_data(d->body, &size);
	index_page *page = index_page_parse(
		data ? data : "", size, d->content_type, d->url, name, err);
	if (!page) {
		g_autofree char *shown = http_url_show(d->url);
		error_line(err, "from: %s", shown);
		return NULL;
	}
	pypi_project *p = g_new0(pypi_project, 1);
	p->name = g_strdup(page->name);
	p->index = http_url_show(index);
	p->page = page;
	hide_newer(p, c->cut);
	return p;
}

static gboolean name_is_fine(const char *name)
{
	gsize n = strlen(name);

	/* The core metadata specification. */
	return n && n < 200 && g_ascii_isalnum(name[0]) && g_ascii_isalnum(name[n - 1]) &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789._-") == n;
}

pypi_project *pypi_project_get(const build_context *c, const char *name, GError **err)
{
	g_autoptr(GPtrArray) indexes = NULL;
	g_autofree char *normal = project_name_normalize(name);
	pypi_project *p = NULL;
	GError *first = NULL;

	if (!name_is_fine(name)) {
		g_autofree char *shown = text_escape(name, -1);
		error_set(err, EXIT_INPUT, "X0507",
			"'%s' cannot be the name of a project", shown);
		return NULL;
	}
	if (!registry_pypi_all(&indexes, err))
		return NULL;
	for (guint i = 0; !p && i < indexes->len; i++) {
		GError *why = NULL;
		p = project_from(c, normal, indexes->pdata[i], &why);
		/* The first index is the one the user means: its word is told. */
		if (why && first)
			g_error_free(why);
		else if (why)
			first = why;
	}
	if (p)
		g_clear_error(&first);
	else
		g_propagate_error(err, first);
	return p;
}

void pypi_project_free(pypi_project *p)
{
	if (!p)
		return;
	g_free(p->name);
	g_free(p->index);
	index_page_free(p->page);
	g_ptr_array_unref(p->newer);
	g_free(p);
}

/* ---- choosing ---- */

static int newest_first(const void *a, const void *b)
{
	const char *x = *(char *const *)a, *y = *(char *const *)b;
	g_autoptr(pep440_version) v = pep440_version_parse(x);
	g_autoptr(pep440_version) w = pep440_version_parse(y);

	return pep440_version_compare(w, v);
}

/* The releases that can be compared, the newest first, each once. */
static GPtrArray *releases(const pypi_project *p)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < p->page->files->len; i++) {
		const index_file *f = p->page->files->pdata[i];
		g_autoptr(pep440_version) v =
			f->version ? pep440_version_parse(f->version) : NULL;
		if (v && g_hash_table_add(seen, f->version))
			g_ptr_array_add(all, g_strdup(f->version));
	}
	g_ptr_array_sort(all, newest_first);
	return all;
}

static void warn_if_yanked(const pypi_project *p, const index_file *f)
{
	if (!f->yanked)
		return;
	g_autofree char *why = text_escape(f->yanked_reason ? f->yanked_reason : "", -1);
	event_log(EVENT_WARNING, NULL, "%s %s was yanked by its publisher%s%s", p->name,
		f->version ? f->version : f->filename, why[0] ? ": " : "", why);
}

static gboolean check_digest(const pypi_project *p, const index_file *f, GError **err)
{
	if (f->sha256)
		return TRUE;
	g_autofree char *name = text_escape(f->filename, -1);
	error_set(err, EXIT_INTEGRITY, "X0604", "the index gives no sha256 for %s", name);
	error_line(err, "index: %s", p->index);
	error_help(err, "an index without sha256 cannot be used; does your mirror strip "
			"them?");
	return FALSE;
}

static gboolean no_version(const pypi_project *p, const char *version, GError **err)
{
	g_autoptr(GPtrArray) all = releases(p);
	g_autofree char *shown = text_escape(version, -1);
	GString *list = g_string_new(NULL);

	for (guint i = 0; i < all->len && i < 5; i++)
		g_string_append_printf(
			list, "%s%s", i ? ", " : "", (char *)all->pdata[i]);
	error_set(err, EXIT_NETWORK, "X0504", "%s has no version %s in the index",
		p->name, shown);
	error_line(err, "index: %s", p->index);
	if (list->len)
		error_note(err, "the newest there are: %s", list->str);
	g_string_free(list, TRUE);
	return FALSE;
}

/* The newest-uploaded of a version's hidden files, NULL: none is hidden. */
static const index_file *hidden_file(const pypi_project *p, const char *version)
{
	const index_file *found = NULL;

	for (guint i = 0; i < p->newer->len; i++) {
		const index_file *f = p->newer->pdata[i];
		if (f->version && (!version || pep440_equal(f->version, version)) &&
			(!found || f->uploaded > found->uploaded))
			found = f;
	}
	return found;
}

void pypi_note_newer(const pypi_project *p, const char *version, GError **err)
{
	const index_file *f = hidden_file(p, version);

	if (!f)
		return;
	g_autofree char *cut = instant_text(p->cut);
	g_autofree char *when = f->uploaded < 0 ? NULL : instant_text(f->uploaded);
	g_autofree char *name = text_escape(f->filename, -1);
	if (when)
		error_note(err, "%s was uploaded %s; --exclude-newer is %s", name, when,
			cut);
	else
		error_note(err,
			"the index does not say when it got %s; what has no upload time "
			"is not taken with --exclude-newer (%s)",
			name, cut);
}

static gboolean is_newer(const pypi_project *p, const char *version, GError **err)
{
	const index_file *f = hidden_file(p, version);

	if (!f)
		return FALSE;
	error_set(err, EXIT_INPUT, "X0514",
		f->uploaded < 0
			? "it is not known when %s %s was uploaded, and --exclude-newer "
			  "is given"
			: "%s %s is too new for --exclude-newer",
		p->name, version);
	error_line(err, "index: %s", p->index);
	pypi_note_newer(p, version, err);
	if (f->uploaded < 0)
		error_help(err, "use an index that gives upload times (JSON, PEP 700), "
				"or leave --exclude-newer, XORCH_EXCLUDE_NEWER and "
				"exclude_newer of xorch.yaml away");
	else
		error_help(err, "name an older version, or take it all the same: "
				"--exclude-newer 0d");
	return TRUE;
}

const index_file *pypi_find_sdist(
	const pypi_project *p, const char *version, GError **err)
{
	const index_file *found = NULL, *twin = NULL;
	gboolean any = FALSE;

	for (guint i = 0; i < p->page->files->len; i++) {
		const index_file *f = p->page->files->pdata[i];
		if (!f->version || !pep440_equal(f->version, version))
			continue;
		any = TRUE;
		if (!f->is_sdist)
			continue;
		gboolean gz = g_str_has_suffix(f->filename, ".tar.gz");
		gboolean have_gz = found && g_str_has_suffix(found->filename, ".tar.gz");
		if (!found || (gz && !have_gz))
			found = f;
		else if (gz && have_gz && g_strcmp0(found->sha256, f->sha256) != 0)
			twin = f;
	}
	if (twin) {
		error_set(err, EXIT_INTEGRITY, "X0604",
			"%s %s has two source archives in the index", p->name, version);
		error_line(err, "%s", found->filename);
		error_line(err, "%s", twin->filename);
		error_help(err,
			"name the one that is meant: `url:` and `sha256:` in place "
			"of `pypi:` in the recipe");
		return NULL;
	}
	if (!found && is_newer(p, version, err))
		return NULL;
	if (!any) {
		no_version(p, version, err);
		return NULL;
	}
	if (!found) {
		error_set(err, EXIT_NETWORK, "X0504",
			"%s %s has no source archive (sdist) in the index", p->name,
			version);
		error_line(err, "index: %s", p->index);
		error_help(err, "build it from its repository: `git:` with `tag:` and "
				"`expected_commit:` in place of `pypi:`");
		return NULL;
	}
	if (!check_digest(p, found, err))
		return NULL;
	warn_if_yanked(p, found);
	return found;
}

void pypi_note_cut(const build_context *c, GError **err)
{
	g_autofree char *cut = instant_text(c->cut);

	if (c->cut)
		error_note(err,
			"files uploaded from %s on, and files without an upload time, "
			"are not seen (--exclude-newer)",
			cut);
}

const index_file *pypi_find_file(
	const pypi_project *p, const char *filename, GError **err)
{
	const GPtrArray *all[] = {p->page->files, p->newer};

	for (gsize n = 0; n < G_N_ELEMENTS(all); n++)
		for (guint i = 0; i < all[n]->len; i++) {
			const index_file *f = all[n]->pdata[i];
			if (strcmp(f->filename, filename) == 0)
				return f;
		}
	g_autofree char *shown = text_escape(filename, -1);
	error_set(err, EXIT_NETWORK, "X0504", "%s is not in the index", shown);
	error_line(err, "index: %s", p->index);
	error_help(err, "removed by its publisher, or the mirror is behind");
	return NULL;
}

/* An index on plain http is one that this machine's settings name; what comes is
 * held against a sha256 in any case. */
static void add_url(fetch_item *item, const index_file *f)
{
	item->allow_http |= g_str_has_prefix(f->url, "http:");
	fetch_item_add_url(item, f->url);
}

fetch_item *pypi_fetch_item(const pypi_project *p, const index_file *f, GError **err)
{
	if (!check_digest(p, f, err))
		return NULL;
	fetch_item *item = fetch_item_new(f->filename, f->sha256, f->size, err);
	if (item)
		add_url(item, f);
	return item;
}

gboolean pypi_find_urls(struct fetch_item *item, void *data, GError **err)
{
	const pypi_lookup *l = data;
	g_autoptr(pypi_project) p = pypi_project_get(l->context, l->project, err);
	const index_file *f = p ? pypi_find_file(p, item->label, err) : NULL;

	if (!f)
		return FALSE;
	if (f->sha256 && strcmp(f->sha256, item->sha256) != 0) {
		error_set(err, EXIT_INTEGRITY, "X0601",
			"the index gives another sha256 for %s than the lock",
			item->label);
		error_line(err, "expected: %s", item->sha256);
		error_line(err, "     got: %s", f->sha256);
		error_line(err, "index:    %s", p->index);
		error_help(err, "a file is never replaced on the index itself: is this "
				"another index, or was the lock edited?");
		return FALSE;
	}
	add_url(item, f);
	return TRUE;
}
