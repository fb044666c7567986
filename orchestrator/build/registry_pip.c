/* Which index uv and pip would use, without running them. */
#include "build/registry_private.h"
#include "format/settings_file.h"
#include "format/zip.h"
#include <glib/gstdio.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

/* ---- uv ---- */

static char *uv_file(const char *path)
{
	g_autofree char *text = registry_read(path);

	if (!text)
		return NULL;
	g_autoptr(GPtrArray) all = settings_parse_toml(text);
	for (guint i = 0; i < all->len; i++) {
		const settings_entry *e = all->pdata[i];
		if (strcmp(e->section, "index") != 0 || strcmp(e->key, "default") != 0 ||
			strcmp(e->value, "true") != 0)
			continue;
		for (guint k = 0; k < all->len; k++) {
			const settings_entry *u = all->pdata[k];
			if (u->block == e->block && strcmp(u->key, "url") == 0)
				return g_strdup(u->value);
		}
	}
	const char *url = settings_get(all, "", "index-url");
	return g_strdup(url ? url : settings_get(all, "pip", "index-url"));
}

static char *uv_settings(void)
{
	const char *named = g_getenv("UV_CONFIG_FILE");
	const char *none = g_getenv("UV_NO_CONFIG");

	if (named && named[0])
		return uv_file(named);
	if (none && none[0] && strcmp(none, "0") != 0 && strcmp(none, "false") != 0)
		return NULL;
	g_autofree char *mine = registry_config_file("uv", "uv.toml");
	char *url = uv_file(mine);
	for (const char *const *d = g_get_system_config_dirs(); !url && *d; d++) {
		g_autofree char *path = g_build_filename(*d, "uv", "uv.toml", NULL);
		url = uv_file(path);
	}
	return url ? url : uv_file("/etc/uv/uv.toml");
}

/* ---- pip ---- */

/* [install] says it for `pip install` alone and wins over [global]. */
static char *pip_file(const char *path)
{
	g_autofree char *text = path ? registry_read(path) : NULL;

	if (!text)
		return NULL;
	g_autoptr(GPtrArray) all = settings_parse_ini(text);
	const char *url = settings_get(all, "install", "index-url");
	return g_strdup(url ? url : settings_get(all, "global", "index-url"));
}

/* From the strongest to the weakest: the file PIP_CONFIG_FILE names, the virtual
 * environment's, the user's two, the system's. */
static char *pip_settings(void)
{
	const char *named = g_getenv("PIP_CONFIG_FILE");
	const char *venv = g_getenv("VIRTUAL_ENV");
	const char *home = g_get_home_dir();

	if (named && strcmp(named, "/dev/null") == 0) /* pip: no files at all */
		return NULL;
	char *url = pip_file(named && named[0] ? named : NULL);
	if (!url && venv) {
		g_autofree char *path = g_build_filename(venv, "pip.conf", NULL);
		url = pip_file(path);
	}
	if (!url) {
		g_autofree char *path = g_build_filename(
			g_get_user_config_dir(), "pip", "pip.conf", NULL);
		url = pip_file(path);
	}
	if (!url) {
		g_autofree char *path = g_build_filename(home, ".pip", "pip.conf", NULL);
		url = pip_file(path);
	}
	if (!url)
		url = pip_file("/etc/pip.conf");
	for (const char *const *d = g_get_system_config_dirs(); !url && *d; d++) {
		g_autofree char *path = g_build_filename(*d, "pip", "pip.conf", NULL);
		url = pip_file(path);
	}
	return url;
}

char *registry_pip_settings(void)
{
	char *url = uv_settings();

	return url ? url : pip_settings();
}

/* ---- what pip has built in ---- */

#define MODULE "pip/_internal/models/index.py"

/* pip/_internal/models/index.py says `PyPI = PackageIndex("https://…/", …)`, and
 * the simple index is "simple" below that. */
static char *index_of_module(const char *text)
{
	g_autoptr(GRegex) r = g_regex_new(
		"^PyPI\\s*=\\s*PackageIndex\\(\\s*[\"'](https://[^\"'\\s]+)[\"']",
		G_REGEX_MULTILINE, 0, NULL);
	g_autoptr(GMatchInfo) m = NULL;

	if (!g_regex_match(r, text, 0, &m))
		return NULL;
	g_autofree char *base = g_match_info_fetch(m, 1);
	return g_strconcat(base, g_str_has_suffix(base, "/") ? "" : "/", "simple", NULL);
}

static char *index_of_folder(const char *packages)
{
	g_autofree char *path = g_build_filename(packages, MODULE, NULL);
	g_autofree char *text = registry_read(path);

	return text ? index_of_module(text) : NULL;
}

static char *index_of_wheel(const char *path)
{
	g_autoptr(zip_file) zip = zip_open(path, NULL);
	const zip_entry *e = zip ? zip_find(zip, MODULE) : NULL;
	g_autoptr(GBytes) bytes = e && e->size < 1 << 20 ? zip_read(zip, e, NULL) : NULL;

	if (!bytes)
		return NULL;
	gsize size;
	const char *p = g_bytes_get_data(bytes, &size);
	g_autofree char *text = g_strndup(p, size);
	return index_of_module(text);
}

static char *first_of(const char *pattern, char *(*read)(const char *path))
{
	glob_t g;
	char *url = NULL;

	if (glob(pattern, 0, NULL, &g) == 0)
		for (size_t i = g.gl_pathc; !url && i-- > 0;)
			url = read(g.gl_pathv[i]);
	globfree(&g);
	return url;
}

/* Below a Python's prefix: pip itself, else the wheel ensurepip carries. */
static char *index_of_prefix(const char *prefix)
{
	static const struct {
		const char *below;
		char *(*read)(const char *path);
	} places[] = {
		{"lib/python3*/site-packages", index_of_folder},
		{"lib/python3*/dist-packages", index_of_folder},
		{"lib/python3*/ensurepip/_bundled/pip-*.whl", index_of_wheel},
		{"share/python-wheels/pip-*.whl", index_of_wheel},
	};
	char *url = NULL;

	for (gsize i = 0; !url && i < G_N_ELEMENTS(places); i++) {
		g_autofree char *pattern =
			g_build_filename(prefix, places[i].below, NULL);
		url = first_of(pattern, places[i].read);
	}
	return url;
}

static char *prefix_of_program(const char *program)
{
	char *real = realpath(program, NULL);
	g_autofree char *bin = real ? g_path_get_dirname(real) : NULL;

	free(real);
	return bin ? g_path_get_dirname(bin) : NULL;
}

char *registry_pip_builtin(void)
{
	static const char *const below_home[] = {
		".pyenv/versions/*", ".local/share/uv/python/*"};
	const char *path = g_getenv("PATH");
	const char *pyenv = g_getenv("PYENV_ROOT");
	const char *venv = g_getenv("VIRTUAL_ENV");
	char *url = venv ? index_of_prefix(venv) : NULL;
	g_auto(GStrv) dirs = g_strsplit(path ? path : "/usr/bin:/bin", ":", -1);

	for (char **d = dirs; !url && *d; d++) {
		g_autofree char *program = g_build_filename(*d, "python3", NULL);
		g_autofree char *prefix = prefix_of_program(program);
		if (prefix)
			url = index_of_prefix(prefix);
	}
	if (!url)
		url = index_of_prefix("/usr");
	if (!url)
		url = index_of_prefix("/usr/local");
	if (!url && pyenv) {
		g_autofree char *pattern = g_build_filename(pyenv, "versions", "*", NULL);
		url = first_of(pattern, index_of_prefix);
	}
	for (gsize i = 0; !url && i < G_N_ELEMENTS(below_home); i++) {
		g_autofree char *pattern =
			g_build_filename(g_get_home_dir(), below_home[i], NULL);
		url = first_of(pattern, index_of_prefix);
	}
	return url ? url : first_of("/opt/python/*", index_of_prefix);
}
