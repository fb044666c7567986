#pragma once
#include <glib.h>

/* apt's list of archives (sources.list(5)): one-line `deb [options] URI suite …`
 * and deb822 stanzas; entries that are switched off are left out. */
typedef struct apt_source {
	char *uri;
	GStrv suites;
	char *signed_by; /* or NULL */
} apt_source;

void apt_source_free(apt_source *s);

/* Appends apt_source to `out`. Never fails: lines apt would refuse are skipped. */
void apt_sources_parse_lines(const char *text, GPtrArray *out);
void apt_sources_parse_stanzas(const char *text, GPtrArray *out);

/* A mirror list (apt-transport-mirror(1)): a URI a line, then perhaps
 * "priority:N"; in the order of priority, else as listed. char *. */
GPtrArray *apt_mirror_list_parse(const char *text);
