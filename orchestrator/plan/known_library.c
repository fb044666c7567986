#include "plan/known_library.h"
#include "base/words.h"
#include <string.h>

#define KNOWN(deb, names, headers, sonames) {deb, names, headers, sonames},

const known_library known_libraries[] = {
#include "plan/known_library.def"
	{0},
};

static void index_words(GHashTable *to, const char *words, const known_library *h)
{
	g_auto(GStrv) all = g_strsplit(words, " ", -1);

	for (char **w = all; *w; w++)
		if (**w && !g_hash_table_contains(to, *w))
			g_hash_table_insert(to, g_strdup(*w), (gpointer)h);
}

typedef enum column { NAMES, HEADERS, SONAMES, COLUMNS } column;

/* The first that has a word in this column. */
static const known_library *find(const char *word, column of)
{
	static GHashTable *tables[COLUMNS];
	static gsize ready;

	if (g_once_init_enter(&ready)) {
		for (int i = 0; i < COLUMNS; i++)
			tables[i] = g_hash_table_new(g_str_hash, g_str_equal);
		for (const known_library *h = known_libraries; h->deb; h++) {
			index_words(tables[NAMES], h->names, h);
			index_words(tables[HEADERS], h->headers, h);
			index_words(tables[SONAMES], h->sonames, h);
		}
		g_once_init_leave(&ready, 1);
	}
	return g_hash_table_lookup(tables[of], word);
}

const known_library *known_library_by_name(const char *name)
{
	g_autofree char *lower = g_ascii_strdown(name, -1);
	const known_library *found = find(lower, NAMES);

	if (found)
		return found;
	/* Prose says libNAME where others link NAME. */
	return g_str_has_prefix(lower, "lib") && lower[3]
		       ? known_library_by_name(lower + strlen("lib"))
		       : NULL;
}

const known_library *known_library_by_header(const char *header)
{
	const known_library *found = find(header, HEADERS);
	const char *slash = strrchr(header, '/');

	/* Its folder, the nearest first: X11/extensions/, X11/. */
	while (!found && slash) {
		g_autofree char *folder = g_strndup(header, (gsize)(slash - header) + 1);
		found = find(folder, HEADERS);
		slash = g_strrstr_len(header, slash - header, "/");
	}
	return found;
}

gboolean known_library_has_header(const known_library *h, const char *header)
{
	g_autofree char *shared = g_strconcat("~", header, NULL);

	return known_library_by_header(header) == h || words_have(h->headers, shared);
}

const char *known_library_hash(const char *file)
{
	for (const char *dash = strchr(file, '-'); dash; dash = strchr(dash + 1, '-'))
		if (strspn(dash + 1, "0123456789abcdef") == 8 && dash[9] == '.')
			return dash;
	return NULL;
}

const known_library *known_library_by_soname(const char *file)
{
	const char *end = strstr(file, ".so"), *hash = known_library_hash(file);
	g_autofree char *stem = NULL;

	if (!end)
		return NULL;
	stem = g_strndup(file, (gsize)((hash && hash < end ? hash : end) - file));
	return find(stem, SONAMES);
}
