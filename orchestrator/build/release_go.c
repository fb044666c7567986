#include "base/instant.h"
#include "build/go_proxy.h"
#include "build/release_find.h"
#include "format/go_retract.h"
#include <string.h>

/* Releases of a Go module (Go Modules Reference, "GOPROXY protocol"). */

#define LIST_MAX 20000

static char *with_v(const char *version)
{
	return version[0] == 'v' ? g_strdup(version) : g_strconcat("v", version, NULL);
}

static int compare(const char *a, const char *b)
{
	g_autofree char *x = with_v(a);
	g_autofree char *y = with_v(b);

	if (!go_version_valid(x) || !go_version_valid(y))
		return go_version_valid(x) - go_version_valid(y);
	return go_version_compare(x, y);
}

static char *text_of(GBytes *bytes)
{
	gsize size;
	const char *data = g_bytes_get_data(bytes, &size);

	return g_strndup(data ? data : "", size);
}

/* Of the newest version's go.mod. A proxy that has none fails later, and better. */
static void mark_retracted(const build_context *ctx, const char *module, release_list *l)
{
	const release *newest = g_ptr_array_index(l->releases, 0);
	g_autofree char *v = with_v(newest->version);
	g_autofree char *escaped = go_module_escape(v);
	g_autofree char *name = g_strconcat(escaped, ".mod", NULL);
	g_autoptr(GBytes) mod = go_proxy_document(ctx, module, name, NULL);
	g_autofree char *text = mod ? text_of(mod) : g_strdup("");
	g_autoptr(GPtrArray) retractions = go_retractions(text);

	for (guint i = 0; i < l->releases->len; i++) {
		release *r = g_ptr_array_index(l->releases, i);
		g_autofree char *version = with_v(r->version);
		const go_retraction *back = go_retracted(retractions, version);
		r->yanked = back != NULL;
		r->yanked_why = back ? g_strdup(back->why) : NULL;
	}
}

release_list *release_list_gomod(
	const build_context *ctx, const char *module, GError **err)
{
	g_autoptr(GBytes) list = go_proxy_document(ctx, module, "list", err);
	g_autofree char *text = list ? text_of(list) : NULL;
	g_auto(GStrv) lines = text ? g_strsplit(text, "\n", LIST_MAX) : NULL;

	if (!lines)
		return NULL;
	release_list *l = release_list_new(compare);
	for (char **line = lines; *line; line++) {
		/* What was published before modules is no successor of what is one. */
		if (!go_version_valid(g_strstrip(*line)) ||
			g_str_has_suffix(*line, "+incompatible"))
			continue;
		release *r = release_new(*line + 1);
		r->prerelease = strchr(*line, '-') != NULL;
		r->published = RELEASE_NOT_ASKED;
		g_ptr_array_add(l->releases, r);
	}
	release_list_sort(l);
	if (l->releases->len)
		mark_retracted(ctx, module, l);
	return l;
}

gboolean release_gomod_date(
	const build_context *ctx, const char *module, release *r, GError **err)
{
	g_autofree char *v = with_v(r->version);
	g_autofree char *escaped = go_module_escape(v);
	g_autofree char *name = g_strconcat(escaped, ".info", NULL);
	g_autoptr(GBytes) info = go_proxy_document(ctx, module, name, err);
	gsize size;
	const char *data = info ? g_bytes_get_data(info, &size) : NULL;

	if (!info)
		return FALSE;
	g_autoptr(json_t) said = json_parse(data ? data : "", data ? size : 0, name, err);
	if (!said)
		return FALSE;
	const char *when = json_get_string(said, "Time");
	gint64 at = when ? instant_parse(when) : -1;
	r->published = at >= 0 ? at : RELEASE_UNDATED;
	return TRUE;
}
