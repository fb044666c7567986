#include "format/cargo_manifest.h"
#include <string.h>

/* What the expression's first group is, or NULL. New string. */
static char *part(const char *text, const char *expression)
{
	g_autoptr(GRegex) regex =
		g_regex_new(expression, G_REGEX_MULTILINE | G_REGEX_DOTALL, 0, NULL);
	g_autoptr(GMatchInfo) info = NULL;

	return regex && g_regex_match(regex, text, 0, &info) ? g_match_info_fetch(info, 1)
							     : NULL;
}

static gboolean abi3_in(const char *features, const char *prefix, guint *minor)
{
	g_autofree char *asked = g_strdup_printf("\"%sabi3(|-py3\\d{1,2})\"", prefix);
	g_autofree char *found = features ? part(features, asked) : NULL;

	if (!found)
		return FALSE;
	*minor = *found ? (guint)g_ascii_strtoull(found + strlen("-py3"), NULL, 10) : 0;
	return TRUE;
}

gboolean cargo_manifest_abi3(const char *text, guint *minor)
{
	g_autofree char *line = part(text, "^\\s*pyo3\\s*=\\s*\\{(.*?)\\}");
	g_autofree char *table = part(text, "^\\s*\\[(?:[\\w.]+\\.)?dependencies\\."
					    "pyo3\\](.*?)(?:^\\s*\\[[a-z]|\\z)");
	g_autofree char *own = part(text, "^\\s*default\\s*=\\s*\\[(.*?)\\]");

	/* the one with a version says more than "abi3" beside it */
	for (guint n = 0; n < 2; n++) {
		const char *features = n ? table : line;
		g_autofree char *version =
			features ? part(features, "\"abi3-py3(\\d{1,2})\"") : NULL;
		if (version) {
			*minor = (guint)g_ascii_strtoull(version, NULL, 10);
			return TRUE;
		}
		if (abi3_in(features, "", minor))
			return TRUE;
	}
	if (abi3_in(own, "pyo3/", minor))
		return TRUE;
	g_auto(GStrv) names = g_strsplit(own ? own : "", "\"", -1);
	for (char **name = names; *name && name[1]; name += 2) {
		g_autofree char *quoted = g_regex_escape_string(name[1], -1);
		g_autofree char *expression =
			g_strdup_printf("^\\s*%s\\s*=\\s*\\[(.*?)\\]", quoted);
		g_autofree char *more = part(text, expression);
		if (abi3_in(more, "pyo3/", minor))
			return TRUE;
	}
	return FALSE;
}
