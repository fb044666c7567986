#pragma once
#include <glib.h>

/* The links of an HTML page, as much of HTML as a simple index needs: <a> and
 * <base> with quoted or bare attributes and character references; comments,
 * scripts and everything else are passed over. */
typedef struct index_link {
	gboolean is_base; /* <base href> */
	char *href;
	/* data- attributes, NULL: absent */
	char *requires_python, *yanked, *metadata, *provenance;
} index_link;

GPtrArray *index_html_links(const char *data, gsize size);
