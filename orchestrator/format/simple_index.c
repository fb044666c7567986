#include "format/simple_index.h"
#include "base/error.h"
#include "base/instant.h"
#include "format/digest.h"
#include "format/http_url.h"
#include "format/json.h"
#include "format/simple_index_html.h"
#include "format/project_name.h"
#include <string.h>

#define MAX_FILES 100000

void index_file_free(index_file *f)
{
	g_free(f->filename);
	g_free(f->url);
	g_free(f->sha256);
	g_free(f->requires_python);
	g_free(f->metadata_sha256);
	g_free(f->yanked_reason);
	g_free(f->provenance);
	g_free(f->version);
	g_free(f);
}

void index_page_free(index_page *page)
{
	if (!page)
		return;
	g_free(page->name);
	g_free(page->url);
	g_ptr_array_unref(page->files);
	g_free(page);
}

/* A name that is one path component and holds nothing to trip over. */
static gboolean is_plain(const char *name)
{
	if (!name[0] || name[0] == '.' || strlen(name) > 255)
		return FALSE;
	for (const char *p = name; *p; p++)
		if (!g_ascii_isalnum(*p) && !strchr("._+-!~", *p))
			return FALSE;
	return TRUE;
}

static gboolean is_ours(const char *text, gsize len, const char *project)
{
	g_autofree char *part = g_strndup(text, len);
	g_autofree char *normal = project_name_normalize(part);

	return strcmp(normal, project) == 0;
}

/* "NAME-VERSION.tar.gz": before PEP 625 the name might hold dashes, so every dash
 * is tried. */
static char *sdist_version(const char *stem, const char *project)
{
	for (const char *dash = strchr(stem, '-'); dash; dash = strchr(dash + 1, '-'))
		if (dash[1] && is_ours(stem, (gsize)(dash - stem), project))
			return g_strdup(dash + 1);
	return NULL;
}

static void read_filename(index_file *f, const char *project)
{
	static const char *const sdists[] = {".tar.gz", ".zip", ".tar.bz2", ".tar.xz"};
	const char *name = f->filename;

	if (g_str_has_suffix(name, ".whl")) {
		g_auto(GStrv) parts = g_strsplit(name, "-", -1);
		guint n = g_strv_length(parts);
		f->is_wheel = TRUE;
		if ((n == 5 || n == 6) && is_ours(parts[0], strlen(parts[0]), project))
			f->version = g_strdup(parts[1]);
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(sdists); i++)
		if (g_str_has_suffix(name, sdists[i])) {
			g_autofree char *stem =
				g_strndup(name, strlen(name) - strlen(sdists[i]));
			f->is_sdist = TRUE;
			f->version = sdist_version(stem, project);
		}
}

/* Takes over what it keeps; NULL for an entry that cannot be used. */
static index_file *file_new(
	const char *filename, const char *link, const char *base, const char *project)
{
	g_autofree char *joined = http_url_join(base, link);

	if (!joined || !is_plain(filename))
		return NULL;
	g_autofree char *plain = http_url_plain(joined, NULL);
	/* A presigned link keeps its query; only the fragment goes. */
	const char *hash = strchr(joined, '#');
	char *url = g_strndup(joined, hash ? (gsize)(hash - joined) : strlen(joined));
	g_autofree char *refusal = http_url_redirect_refusal(base, url, FALSE);
	/* An index on plain http is one that the user's settings name. */
	if (refusal &&
		!(g_str_has_prefix(base, "http:") && g_str_has_prefix(url, "http:"))) {
		g_free(url);
		return NULL;
	}
	index_file *f = g_new0(index_file, 1);
	f->filename = g_strdup(filename);
	f->url = url;
	f->size = f->uploaded = -1;
	read_filename(f, project);
	return f;
}

static void take_provenance(index_file *f, const char *link, const char *base)
{
	f->provenance = link && *link ? http_url_join(base, link) : NULL;
}

/* ---- JSON ---- */

static void read_yanked(index_file *f, const json_t *yanked)
{
	const char *reason = json_string_value(yanked);

	f->yanked = reason || json_is_true(yanked);
	f->yanked_reason = g_strdup(reason);
}

static void read_metadata(index_file *f, const json_t *o)
{
	/* PEP 714 renamed the key. */
	const json_t *m = json_object_get(o, "core-metadata");

	if (!m)
		m = json_object_get(o, "dist-info-metadata");
	if (json_is_object(m))
		f->metadata_sha256 = digest_normalise(json_get_string(m, "sha256"));
	if (!f->metadata_sha256 && (json_is_true(m) || json_is_object(m)))
		f->metadata_sha256 = g_strdup("");
}

static index_file *json_file(const json_t *o, const char *base, const char *project)
{
	const char *filename = json_get_string(o, "filename");
	const char *link = json_get_string(o, "url");
	index_file *f = filename && link ? file_new(filename, link, base, project) : NULL;

	if (!f)
		return NULL;
	f->sha256 =
		digest_normalise(json_get_string(json_get_object(o, "hashes"), "sha256"));
	f->size = json_get_int(o, "size", -1);
	if (f->size < 0)
		f->size = -1;
	f->requires_python = g_strdup(json_get_string(o, "requires-python"));
	const char *uploaded = json_get_string(o, "upload-time");
	f->uploaded = uploaded ? instant_parse(uploaded) : -1;
	read_yanked(f, json_object_get(o, "yanked"));
	read_metadata(f, o);
	take_provenance(f, json_get_string(o, "provenance"), base);
	return f;
}

static gboolean parse_json(index_page *page, const char *data, gsize size,
	const char *what, const char *url, GError **err)
{
	g_autoptr(json_t) root = json_parse(data, size, what, err);
	const char *version, *name;
	size_t i;
	json_t *entry;

	if (!root)
		return FALSE;
	version = json_get_string(json_get_object(root, "meta"), "api-version");
	if (version && !g_str_has_prefix(version, "1.")) {
		g_autofree char *shown = text_escape(version, -1);
		return error_set(err, EXIT_INTEGRITY, "X0604",
			"%s speaks version %s of the index protocol, xorch knows 1.x",
			what, shown);
	}
	name = json_get_string(root, "name");
	if (!name || !is_ours(name, strlen(name), page->name)) {
		g_autofree char *shown = text_escape(name ? name : "(none)", -1);
		return error_set(err, EXIT_INTEGRITY, "X0604",
			"%s is the page of another project: %s", what, shown);
	}
	json_t *files = json_get_array(root, "files");
	if (!files || json_array_size(files) > MAX_FILES)
		return error_set(err, EXIT_INTEGRITY, "X0604",
			"%s has no list of files, or one of more than %d", what,
			MAX_FILES);
	json_array_foreach(files, i, entry)
	{
		index_file *f = json_file(entry, url, page->name);
		if (f)
			g_ptr_array_add(page->files, f);
	}
	return TRUE;
}

/* ---- HTML ---- */

static gboolean parse_html(index_page *page, const char *data, gsize size,
	const char *what, const char *url, GError **err)
{
	g_autoptr(GPtrArray) links = index_html_links(data, size);
	g_autofree char *base = g_strdup(url);

	for (guint i = 0; i < links->len && i < MAX_FILES; i++) {
		const index_link *l = links->pdata[i];
		if (l->is_base) {
			char *other = http_url_join(url, l->href);
			if (other) {
				g_free(base);
				base = other;
			}
			continue;
		}
		g_autofree char *fragment = NULL;
		g_autofree char *plain = http_url_plain(l->href, &fragment);
		g_autofree char *last = g_path_get_basename(plain);
		g_autofree char *name = g_uri_unescape_string(last, "/");
		index_file *f = name ? file_new(name, l->href, base, page->name) : NULL;
		if (!f)
			continue;
		if (!f->is_sdist && !f->is_wheel) { /* a link to something else */
			index_file_free(f);
			continue;
		}
		if (fragment && g_str_has_prefix(fragment, "sha256="))
			f->sha256 = digest_normalise(fragment + strlen("sha256="));
		f->requires_python = g_strdup(l->requires_python);
		take_provenance(f, l->provenance, base);
		f->yanked = l->yanked != NULL;
		f->yanked_reason = l->yanked && l->yanked[0] ? g_strdup(l->yanked) : NULL;
		if (l->metadata)
			f->metadata_sha256 = g_str_has_prefix(l->metadata, "sha256=")
						     ? digest_normalise(l->metadata +
									strlen("sha256="))
						     : g_strdup("");
		g_ptr_array_add(page->files, f);
	}
	if (!page->files->len) {
		g_autofree char *start = text_escape(data, (gssize)MIN(size, 40));
		error_set(err, EXIT_INTEGRITY, "X0604", "%s lists no file", what);
		error_line(err, "begins: \"%s\"", start);
		error_help(err, "a login or error page of a proxy? Open the index in a "
				"browser on this machine");
		return FALSE;
	}
	return TRUE;
}

index_page *index_page_parse(const char *data, gsize size, const char *content_type,
	const char *url, const char *project, GError **err)
{
	g_autoptr(index_page) page = g_new0(index_page, 1);
	g_autofree char *what = g_strdup_printf("the index page of %s", project);
	gsize blank = 0;
	gboolean json = g_str_has_suffix(content_type, "json");

	page->name = project_name_normalize(project);
	page->url = g_strdup(url);
	page->files = g_ptr_array_new_with_free_func((GDestroyNotify)index_file_free);
	while (blank < size && g_ascii_isspace(data[blank]))
		blank++;
	/* Static servers name no useful type: then the text decides. */
	if (!json && !strstr(content_type, "html"))
		json = blank < size && data[blank] == '{';
	if (json ? !parse_json(page, data, size, what, url, err)
		 : !parse_html(page, data, size, what, url, err))
		return NULL;
	return g_steal_pointer(&page);
}
