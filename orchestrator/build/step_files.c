#include "build/step_files.h"
#include "base/fs.h"
#include <string.h>

#define FOLDER "files"

char *step_site_path(const step_site *site, const char *inside)
{
	g_autofree char *files = g_build_filename(site->scratch, FOLDER, NULL);
	const struct {
		const char *inside, *host;
	} places[] = {
		{SANDBOX_SRC, site->source},
		{SANDBOX_ENV_DIR, site->env},
		{SANDBOX_PYTHON, site->target->tree},
		{SANDBOX_CROSS, site->cross->dir},
		{SANDBOX_SYSROOT, site->cross->sysroot_tree},
		{STEP_FILES, files},
	};

	for (guint n = 0; site->level != SANDBOX_BWRAP && n < G_N_ELEMENTS(places); n++) {
		size_t size = strlen(places[n].inside);
		if (strncmp(inside, places[n].inside, size) == 0 &&
			(inside[size] == '/' || !inside[size]))
			return g_strconcat(places[n].host, inside + size, NULL);
	}
	return g_strdup(inside);
}

char *step_site_expand(const step_site *site, const char *text)
{
	GString *out = g_string_new(NULL);

	while (*text) {
		const char *open = strstr(text, "{/");
		const char *end = open ? strchr(open, '}') : NULL;
		if (!end) {
			g_string_append(out, text);
			break;
		}
		g_autofree char *inside = g_strndup(open + 1, (gsize)(end - open - 1));
		g_autofree char *seen = step_site_path(site, inside);
		g_string_append_len(out, text, open - text);
		g_string_append(out, seen);
		text = end + 1;
	}
	return g_string_free(out, FALSE);
}

char *step_file_host(const step_site *site, const char *folder, const char *name)
{
	return g_build_filename(site->scratch, FOLDER, folder, name, NULL);
}

static gboolean bound(const step_extras *x)
{
	for (guint n = 0; n < x->binds->len; n++) {
		const sandbox_bind *b = &g_array_index(x->binds, sandbox_bind, n);
		if (g_strcmp0(b->inside, STEP_FILES) == 0)
			return TRUE;
	}
	return FALSE;
}

gboolean step_file_add(const step_site *site, step_extras *x, const char *name,
	const char *text, gboolean program, GError **err)
{
	g_autofree char *folder = g_build_filename(site->scratch, FOLDER, NULL);
	g_autofree char *path = g_build_filename(folder, name, NULL);

	if (!fs_mkdir_p(folder, 0755, err) ||
		!fs_write_atomic(path, text, strlen(text), program ? 0755 : 0644, err))
		return FALSE;
	if (!bound(x))
		step_extras_bind(x, folder, STEP_FILES, FALSE);
	return TRUE;
}
