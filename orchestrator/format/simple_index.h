#pragma once
#include <glib.h>

/* A project's page of a Python package index: JSON (PEP 691, 700, 714, 740) or
 * HTML (PEP 503, 592). What it says is not trusted: names are checked, links resolved
 * and held to http_url.h, digests normalised. */

typedef struct index_file {
	char *filename;
	char *url;	       /* absolute, without fragment */
	char *sha256;	       /* NULL: the index gave none */
	gint64 size;	       /* -1: not said (HTML never does) */
	char *requires_python; /* PEP 440 specifiers, or NULL */
	char *metadata_sha256; /* of URL.metadata (PEP 658); "" unknown digest; NULL none
				*/
	gint64 uploaded;       /* seconds since 1970 (PEP 700); -1: not said */
	char *provenance; /* URL of what is attested of it (PEP 740); NULL: nothing */
	gboolean yanked;
	char *yanked_reason; /* or NULL */
	/* From the file name: */
	gboolean is_sdist, is_wheel;
	char *version; /* NULL when the name is not one of this project */
} index_file;

typedef struct index_page {
	char *name;	  /* normalised */
	char *url;	  /* where it came from */
	GPtrArray *files; /* index_file, in the index's order */
} index_page;

void index_file_free(index_file *f);

/* `url` is where the page came from (relative links), `project` whose it should
 * be: another name in the page is an error (H15). Exit 6, X0604. */
index_page *index_page_parse(const char *data, gsize size, const char *content_type,
	const char *url, const char *project, GError **err);
void index_page_free(index_page *page);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(index_page, index_page_free)
