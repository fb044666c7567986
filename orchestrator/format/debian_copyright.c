#include "format/debian_copyright.h"
#include "format/debian.h"
#include <string.h>

/* Short names of DEP-5 that the SPDX list calls otherwise, and those it calls the same.
 * "BSD-2-clause" and the like differ by case alone. */
static const struct {
	const char *debian, *spdx;
} names[] = {
	{"Apache-2.0", "Apache-2.0"},
	{"Artistic", "Artistic-1.0-Perl"},
	{"Artistic-2.0", "Artistic-2.0"},
	{"BSD-2-clause", "BSD-2-Clause"},
	{"BSD-3-clause", "BSD-3-Clause"},
	{"BSD-4-clause", "BSD-4-Clause"},
	{"BSL-1.0", "BSL-1.0"},
	{"CC0-1.0", "CC0-1.0"},
	{"Expat", "MIT"},
	{"FTL", "FTL"},
	{"GFDL-1.3+", "GFDL-1.3-or-later"},
	{"GPL-1", "GPL-1.0-only"},
	{"GPL-1+", "GPL-1.0-or-later"},
	{"GPL-2", "GPL-2.0-only"},
	{"GPL-2+", "GPL-2.0-or-later"},
	{"GPL-3", "GPL-3.0-only"},
	{"GPL-3+", "GPL-3.0-or-later"},
	{"ISC", "ISC"},
	{"LGPL-2", "LGPL-2.0-only"},
	{"LGPL-2+", "LGPL-2.0-or-later"},
	{"LGPL-2.1", "LGPL-2.1-only"},
	{"LGPL-2.1+", "LGPL-2.1-or-later"},
	{"LGPL-3", "LGPL-3.0-only"},
	{"LGPL-3+", "LGPL-3.0-or-later"},
	{"MPL-1.1", "MPL-1.1"},
	{"MPL-2.0", "MPL-2.0"},
	{"OpenSSL", "OpenSSL"},
	{"PostgreSQL", "PostgreSQL"},
	{"Python-2.0", "Python-2.0"},
	{"Zlib", "Zlib"},
};

static const char *spdx_name(const char *debian)
{
	for (gsize n = 0; n < G_N_ELEMENTS(names); n++)
		if (g_ascii_strcasecmp(names[n].debian, debian) == 0)
			return names[n].spdx;
	return NULL;
}

/* "Expat or GPL-2+" word by word; NULL when a word is not known. */
static char *as_expression(const char *licence)
{
	g_auto(GStrv) words = g_strsplit_set(licence, " \t", -1);
	GString *out = g_string_new(NULL);
	gboolean joined = TRUE, mixed = FALSE;
	const char *joint = NULL;

	for (char **w = words; *w; w++) {
		const char *name = NULL;
		gboolean either = g_str_equal(*w, "or");
		if (!**w)
			continue;
		if (either || g_str_equal(*w, "and")) {
			name = either ? "OR" : "AND";
			mixed |= joined || (joint && !g_str_equal(joint, name));
			joint = name;
			joined = TRUE;
		} else {
			name = joined ? spdx_name(*w) : NULL;
			joined = FALSE;
		}
		if (!name || mixed) {
			g_string_free(out, TRUE);
			return NULL;
		}
		g_string_append_printf(out, "%s%s", out->len ? " " : "", name);
	}
	return g_string_free(out, joined);
}

char *debian_copyright_licence(const char *text, gsize size, gboolean *spdx)
{
	g_autoptr(GPtrArray) list = deb822_parse("copyright", text, size, NULL);

	*spdx = FALSE;
	if (!list || !list->len || !deb822_get(g_ptr_array_index(list, 0), "Format"))
		return NULL;
	for (guint n = 1; n < list->len; n++) {
		const deb822 *p = g_ptr_array_index(list, n);
		const char *files = deb822_get(p, "Files");
		const char *licence = deb822_get(p, "License");
		g_autofree char *where = g_strstrip(g_strdup(files ? files : ""));
		if (!g_str_equal(where, "*") || !licence)
			continue;
		char *first = g_strstrip(g_strndup(licence, strcspn(licence, "\n")));
		char *known = as_expression(first);
		*spdx = known != NULL;
		if (known)
			g_free(first);
		if (!known && !*first)
			g_clear_pointer(&first, g_free);
		return known ? known : first;
	}
	return NULL;
}
