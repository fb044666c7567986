#include "build/pypi_publisher.h"
#include "base/error.h"
#include "build/fetch.h"
#include "format/attestations.h"
#include "format/http_url.h"
#include "plan/publisher.h"

#define MAX_ATTESTATIONS (2u << 20)

static const char *const accept_headers[] = {
	"Accept: application/vnd.pypi.integrity.v1+json", NULL};

static char *text_of(const attestation_bundle *b)
{
	gboolean gitlab = g_str_equal(b->kind, "GitLab");

	if (!b->repository || (!gitlab && !g_str_equal(b->kind, "GitHub")))
		return NULL;
	return publisher_text(gitlab, b->repository, b->workflow);
}

/* For people, whatever it is. */
static char *shown(const attestation_bundle *b)
{
	char *text = text_of(b);
	const char *who = b->email ? b->email : b->repository;

	if (text)
		return text;
	g_autofree char *raw =
		who ? g_strconcat(b->kind, " ", who, NULL) : g_strdup(b->kind);
	return text_escape(raw, -1);
}

static void say_wanted(const GPtrArray *wanted, GError **err)
{
	for (guint i = 0; i < wanted->len; i++)
		error_line(err, "recipe: %s", (char *)g_ptr_array_index(wanted, i));
}

static void none(
	const pypi_project *p, const index_file *f, const GPtrArray *wanted, GError **err)
{
	error_set(err, EXIT_INTEGRITY, "X0607",
		"the index does not attest who published %s", f->filename);
	error_line(err, "found:  no attestation");
	say_wanted(wanted, err);
	error_line(err, "index:  %s", p->index);
	error_help(err,
		"not every mirror passes attestations on, and not every release has "
		"one; without `publishers:` the sha256 alone is what counts");
}

static void elsewhere(const index_file *f, GError **err)
{
	g_autofree char *url = http_url_show(f->provenance);

	error_set(err, EXIT_INTEGRITY, "X0607",
		"the attestations of %s are not on the index's own host", f->filename);
	error_line(err, "found:  %s", url);
	error_help(err, "use the index that has them itself");
}

/* What a statement of the bundle speaks of when it is another file; or NULL. */
static const attested_file *other_file(const attestation_bundle *b, const index_file *f)
{
	for (guint i = 0; i < b->files->len; i++) {
		const attested_file *a = g_ptr_array_index(b->files, i);
		if (!g_str_equal(a->sha256, f->sha256))
			return a;
	}
	return NULL;
}

static void refuse_other_file(
	const index_file *f, const char *who, const attested_file *other, GError **err)
{
	g_autofree char *name = text_escape(other->name, -1);

	error_set(err, EXIT_INTEGRITY, "X0607",
		"what the index attests of %s is about another file", f->filename);
	error_line(err, "publisher: %s", who);
	error_line(err, "expected:  %s %s", f->sha256, f->filename);
	error_line(err, "found:     %s %s", other->sha256, name);
	error_help(
		err, "nothing of it is used; is the index, or a mirror, being changed?");
}

static void refuse_other_publisher(const index_file *f, const GPtrArray *bundles,
	const GPtrArray *wanted, GError **err)
{
	error_set(err, EXIT_INTEGRITY, "X0607",
		"%s was not published by whom the recipe names", f->filename);
	for (guint i = 0; i < bundles->len && i < 5; i++) {
		g_autofree char *who = shown(g_ptr_array_index(bundles, i));
		error_line(err, "found:  %s", who);
	}
	say_wanted(wanted, err);
	error_help(err, "if the project itself says that it moved there, name it in "
			"`publishers:`; else do not take this release");
}

/* Whom of them the recipe names. New string. */
static char *choose(const pypi_project *p, const index_file *f, const GPtrArray *bundles,
	const GPtrArray *wanted, GError **err)
{
	for (guint i = 0; i < bundles->len; i++) {
		const attestation_bundle *b = g_ptr_array_index(bundles, i);
		g_autofree char *who = text_of(b);
		if (!publisher_is_listed(wanted, who))
			continue;
		const attested_file *other = other_file(b, f);
		if (!other)
			return g_steal_pointer(&who);
		refuse_other_file(f, who, other, err);
		return NULL;
	}
	if (bundles->len)
		refuse_other_publisher(f, bundles, wanted, err);
	else
		none(p, f, wanted, err);
	return NULL;
}

char *pypi_publisher(const build_context *c, const pypi_project *p, const index_file *f,
	const GPtrArray *wanted, GError **err)
{
	if (!f->provenance) {
		none(p, f, wanted, err);
		return NULL;
	}
	if (!http_url_same_origin(p->page->url, f->provenance)) {
		elsewhere(f, err);
		return NULL;
	}
	g_autofree char *label = g_strdup_printf("the attestations of %s", f->filename);
	fetch_document d = {
		.label = label,
		.urls = (const char *const[]){f->provenance, NULL},
		.headers = accept_headers,
		.max_size = MAX_ATTESTATIONS,
		/* where the page came from, which this machine's settings chose */
		.allow_http = g_str_has_prefix(f->provenance, "http:"),
		.compressed = TRUE,
		.offline = c->offline,
	};
	gsize size;
	if (!fetch_document_get(&d, err))
		return NULL;
	const char *data = g_bytes_get_data(d.body, &size);
	g_autoptr(GPtrArray) bundles =
		attestations_parse(data ? data : "", size, label, err);
	char *found = bundles ? choose(p, f, bundles, wanted, err) : NULL;
	fetch_document_clear(&d);
	return found;
}
