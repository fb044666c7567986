#include "format/go_retract.h"
#include "format/go_module.h"
#include <string.h>

static void retraction_free(gpointer data)
{
	go_retraction *r = data;

	g_free(r->low);
	g_free(r->high);
	g_free(r->why);
	g_free(r);
}

/* "v1.2.3", "[v1.0.0, v1.2.0]", either with a comment. */
static void add(GPtrArray *out, const char *line)
{
	const char *comment = strstr(line, "//");
	g_autofree char *text =
		g_strndup(line, comment ? (gsize)(comment - line) : strlen(line));
	g_auto(GStrv) ends = NULL;

	g_strstrip(text);
	if (text[0] == '[' && g_str_has_suffix(text, "]")) {
		text[strlen(text) - 1] = '\0';
		ends = g_strsplit(text + 1, ",", 3);
	} else {
		ends = g_strsplit(text, ",", 2);
	}
	guint n = g_strv_length(ends);
	if (n != (text[0] == '[' ? 2u : 1u))
		return;
	const char *low = g_strstrip(ends[0]), *high = g_strstrip(ends[n - 1]);
	if (!go_version_valid(low) || !go_version_valid(high))
		return;
	go_retraction *r = g_new0(go_retraction, 1);
	r->low = g_strdup(low);
	r->high = g_strdup(high);
	if (comment) {
		r->why = g_strstrip(g_strdup(comment + 2));
		if (!*r->why)
			g_clear_pointer(&r->why, g_free);
	}
	g_ptr_array_add(out, r);
}

GPtrArray *go_retractions(const char *mod)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(retraction_free);
	g_auto(GStrv) lines = g_strsplit(mod, "\n", -1);
	gboolean inside = FALSE;

	for (char **l = lines; *l; l++) {
		char *line = g_strstrip(*l);
		if (inside) {
			inside = line[0] != ')';
			if (inside)
				add(out, line);
			continue;
		}
		if (!g_str_has_prefix(line, "retract") || !strchr(" \t([", line[7]))
			continue;
		const char *rest = line + 7 + strspn(line + 7, " \t");
		inside = rest[0] == '(';
		if (!inside)
			add(out, rest);
	}
	return out;
}

const go_retraction *go_retracted(const GPtrArray *retractions, const char *version)
{
	for (guint i = 0; i < retractions->len; i++) {
		const go_retraction *r = g_ptr_array_index(retractions, i);
		if (go_version_compare(version, r->low) >= 0 &&
			go_version_compare(version, r->high) <= 0)
			return r;
	}
	return NULL;
}
