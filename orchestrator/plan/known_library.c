#include "plan/known_library.h"
#include "base/words.h"
#include <string.h>

#define KNOWN(deb, names, headers, sonames) {deb, names, headers, sonames},

const known_library known_libraries[] = {
#include "plan/known_library.def"
	{0},
};

const known_library *known_library_by_name(const char *name)
{
	g_autofree char *lower = g_ascii_strdown(name, -1);

	for (const known_library *h = known_libraries; h->deb; h++)
		if (words_have(h->names, lower))
			return h;
	/* Prose says libNAME where others link NAME. */
	return g_str_has_prefix(lower, "lib") && lower[3]
		       ? known_library_by_name(lower + strlen("lib"))
		       : NULL;
}

static const known_library *by_header(const char *text)
{
	for (const known_library *h = known_libraries; h->deb; h++)
		if (words_have(h->headers, text))
			return h;
	return NULL;
}

const known_library *known_library_by_header(const char *header)
{
	const known_library *found = by_header(header);
	const char *slash = strrchr(header, '/');

	/* Its folder, the nearest first: X11/extensions/, X11/. */
	while (!found && slash) {
		g_autofree char *folder = g_strndup(header, (gsize)(slash - header) + 1);
		found = by_header(folder);
		slash = g_strrstr_len(header, slash - header, "/");
	}
	return found;
}

gboolean known_library_has_header(const known_library *h, const char *header)
{
	g_autofree char *shared = g_strconcat("~", header, NULL);

	return known_library_by_header(header) == h || words_have(h->headers, shared);
}

const known_library *known_library_by_soname(const char *file)
{
	const char *end = strstr(file, ".so");
	g_autofree char *stem = end ? g_strndup(file, (gsize)(end - file)) : NULL;

	if (!stem)
		return NULL;
	/* auditwheel puts eight digits of a hash behind the name. */
	char *dash = strrchr(stem, '-');
	if (dash && strlen(dash + 1) == 8 && strspn(dash + 1, "0123456789abcdef") == 8)
		*dash = '\0';
	for (const known_library *h = known_libraries; h->deb; h++)
		if (words_have(h->sonames, stem))
			return h;
	return NULL;
}
