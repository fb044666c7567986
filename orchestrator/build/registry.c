#include "base/diag.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/registry_private.h"
#include "format/apt_sources.h"
#include "format/yaml.h"
#include <string.h>

char *registry_read(const char *path)
{
	g_autoptr(GBytes) bytes = fs_read(path, 1 << 20, NULL);
	gsize size = 0;
	const char *p = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	if (!p || memchr(p, '\0', size))
		return NULL;
	return g_strndup(p, size);
}

char *registry_config_file(const char *folder, const char *name)
{
	const char *xdg = g_getenv("XDG_CONFIG_HOME");

	if (xdg && xdg[0] == '/')
		return g_build_filename(xdg, folder, name, NULL);
	return g_build_filename(g_get_home_dir(), ".config", folder, name, NULL);
}

void registry_add_url(GPtrArray *urls, const char *url)
{
	gsize len = strlen(url);

	while (len && url[len - 1] == '/')
		len--;
	g_autofree char *plain = g_strndup(url, len);
	if (len && !g_ptr_array_find_with_equal_func(urls, plain, g_str_equal, NULL))
		g_ptr_array_add(urls, g_steal_pointer(&plain));
}

static GPtrArray *url_list(void)
{
	return g_ptr_array_new_with_free_func(g_free);
}

/* A list separated by blanks; NULL when empty. */
GPtrArray *registry_variable(const char *name)
{
	const char *text = g_getenv(name);
	g_auto(GStrv) parts = g_strsplit_set(text ? text : "", " \t\n", -1);
	g_autoptr(GPtrArray) urls = url_list();

	for (char **p = parts; *p; p++)
		registry_add_url(urls, *p);
	return urls->len ? g_steal_pointer(&urls) : NULL;
}

/* ---- xorch's own configuration ---- */

/* `mirrors: {NAME: …}`; for PyPI `index: …` comes before them. */
static gboolean read_configuration(
	const char *path, const char *name, GPtrArray **urls, GError **err)
{
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return TRUE;
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(yaml_doc) doc = yaml_load(path, l);
	if (!doc || diag_list_errors(l))
		return diag_list_to_error(l, err);
	yaml_node *mirrors = yaml_map_get(doc->root, "mirrors");
	yaml_node *list = mirrors ? yaml_map_get(mirrors, name) : NULL;
	const yaml_node *index =
		g_str_equal(name, "pypi") ? yaml_map_get(doc->root, "index") : NULL;
	g_autoptr(GPtrArray) found = url_list();
	if (index && index->kind == YAML_SCALAR)
		registry_add_url(found, index->text);
	if (list && list->kind == YAML_SCALAR)
		registry_add_url(found, list->text);
	for (guint i = 0; list && list->kind == YAML_SEQ && i < list->items->len; i++) {
		const yaml_node *n = list->items->pdata[i];
		if (n->kind != YAML_SCALAR)
			yaml_error(doc, l, n, "X0203", "a URL is wanted here, not %s",
				yaml_kind_name(n->kind));
		else
			registry_add_url(found, n->text);
	}
	if (list && list->kind == YAML_MAP)
		yaml_error(doc, l, list, "X0203",
			"a list of URLs is wanted here, not a map");
	if (diag_list_errors(l))
		return diag_list_to_error(l, err);
	if (found->len)
		*urls = g_steal_pointer(&found);
	return TRUE;
}

static const char *config; /* of registry_config */

void registry_config(const char *path)
{
	config = path;
}

static GHashTable *of_project; /* name -> const GPtrArray * */

void registry_project(const char *name, const GPtrArray *urls)
{
	if (!of_project)
		of_project = g_hash_table_new(g_str_hash, g_str_equal);
	if (urls)
		g_hash_table_insert(of_project, (gpointer)name, (gpointer)urls);
	else
		g_hash_table_remove(of_project, name);
}

static GPtrArray *project_urls(const char *name)
{
	const GPtrArray *all = of_project ? g_hash_table_lookup(of_project, name) : NULL;
	GPtrArray *urls = all ? url_list() : NULL;

	for (guint n = 0; all && n < all->len; n++)
		registry_add_url(urls, g_ptr_array_index(all, n));
	return urls;
}

gboolean registry_configured(const char *name, GPtrArray **urls, GError **err)
{
	g_autofree char *mine = registry_config_file("xorch", "config.yaml");

	*urls = project_urls(name);
	if (*urls || g_strcmp0(config, "/dev/null") == 0)
		return TRUE;
	if (config)
		return read_configuration(config, name, urls, err);
	if (!read_configuration(mine, name, urls, err))
		return FALSE;
	return *urls || read_configuration("/etc/xorch/config.yaml", name, urls, err);
}

/* ---- Debian ---- */

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names as run-parts would take them. */
static GPtrArray *list_folder(const char *dir)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d)))
		if (g_str_has_suffix(name, ".list") || g_str_has_suffix(name, ".sources"))
			g_ptr_array_add(names, g_build_filename(dir, name, NULL));
	g_ptr_array_sort(names, by_text);
	return names;
}

static void read_sources(const char *path, GPtrArray *out)
{
	g_autofree char *text = registry_read(path);

	if (!text)
		return;
	if (g_str_has_suffix(path, ".sources"))
		apt_sources_parse_stanzas(text, out);
	else
		apt_sources_parse_lines(text, out);
}

static gboolean only_security(const apt_source *s)
{
	for (char **suite = s->suites; *suite; suite++)
		if (!strstr(*suite, "-security") && !strstr(*suite, "/updates"))
			return FALSE;
	return TRUE;
}

/* Of another distribution (Ubuntu, Kali …) whose apt has its own archives. */
static gboolean host_is_another(void)
{
	g_autofree char *id = g_get_os_info(G_OS_INFO_KEY_ID);

	return id && strcmp(id, "debian") != 0;
}

/* 0 the likeliest, -1 never. The archive is told from others only by its signed
 * Release; names merely decide whom to ask first, and on another distribution's host
 * whether at all: its own archive would only say that it has no such suite. */
static int likelihood(const apt_source *s, const char *uri, gboolean security)
{
	g_autofree char *plain = g_strdup(uri);
	gsize len = strlen(plain);

	if (!g_str_has_prefix(uri, "http://") && !g_str_has_prefix(uri, "https://"))
		return -1;
	if (only_security(s) != security)
		return -1;
	while (len && plain[len - 1] == '/')
		plain[--len] = '\0';
	if (g_str_has_suffix(plain, security ? "/debian-security" : "/debian"))
		return 0;
	if (s->signed_by && strstr(s->signed_by, "debian-archive-keyring"))
		return 1;
	if (strstr(plain, "debian"))
		return 2;
	return host_is_another() ? -1 : 3;
}

/* `mirror+file:/path` names a file with the mirrors. */
static GPtrArray *expand(const char *uri)
{
	GPtrArray *uris = url_list();

	if (!g_str_has_prefix(uri, "mirror+file:")) {
		g_ptr_array_add(uris, g_strdup(uri));
		return uris;
	}
	const char *path = uri + strlen("mirror+file:");
	while (path[0] == '/' && path[1] == '/')
		path++;
	g_autofree char *text = registry_read(path);
	if (text) {
		g_ptr_array_unref(uris);
		uris = apt_mirror_list_parse(text);
	}
	return uris;
}

static GPtrArray *from_apt(gboolean security)
{
	const char *set = g_getenv("XORCH_APT_DIR");
	const char *dir = set && set[0] ? set : "/etc/apt";
	g_autofree char *one = g_build_filename(dir, "sources.list", NULL);
	g_autofree char *parts = g_build_filename(dir, "sources.list.d", NULL);
	g_autoptr(GPtrArray) files = list_folder(parts);
	g_autoptr(GPtrArray) sources =
		g_ptr_array_new_with_free_func((GDestroyNotify)apt_source_free);
	GPtrArray *urls = url_list();

	read_sources(one, sources);
	for (guint i = 0; i < files->len; i++)
		read_sources(files->pdata[i], sources);
	for (int rank = 0; rank <= 3; rank++)
		for (guint i = 0; i < sources->len; i++) {
			const apt_source *s = sources->pdata[i];
			g_autoptr(GPtrArray) uris = expand(s->uri);
			for (guint k = 0; k < uris->len; k++)
				if (likelihood(s, uris->pdata[k], security) == rank)
					registry_add_url(urls, uris->pdata[k]);
		}
	return urls;
}

/* What was named for xorch alone, in apt's place; NULL: nothing was. */
static gboolean own_debian(GPtrArray **urls, GError **err)
{
	*urls = registry_variable("XORCH_MIRROR_DEBIAN");
	return *urls || registry_configured("debian", urls, err);
}

gboolean registry_debian(GPtrArray **base_urls, GError **err)
{
	g_autoptr(GPtrArray) urls = NULL;

	if (!own_debian(&urls, err))
		return FALSE;
	if (!urls)
		urls = from_apt(FALSE);
	if (!urls->len) {
		error_set(err, EXIT_INPUT, "X0506", "no Debian mirror is known here");
		error_note(err,
			"apt's sources (/etc/apt/sources.list, sources.list.d) name "
			"none");
		error_help(err,
			"set XORCH_MIRROR_DEBIAN to the base URL of a mirror (the "
			"one that has dists/ and pool/), or `mirrors: {debian: "
			"[URL]}` in ~/.config/xorch/config.yaml");
		return FALSE;
	}
	*base_urls = g_steal_pointer(&urls);
	return TRUE;
}

gboolean registry_debian_security(GPtrArray **base_urls, GError **err)
{
	g_autoptr(GPtrArray) bases = NULL, own = NULL;

	if (!registry_debian(&bases, err) || !own_debian(&own, err))
		return FALSE;
	GPtrArray *urls = own ? url_list() : from_apt(TRUE);
	for (guint i = 0; i < bases->len; i++) {
		g_autofree char *beside = g_strconcat(bases->pdata[i], "-security", NULL);
		if (g_str_has_suffix(bases->pdata[i], "/debian"))
			registry_add_url(urls, beside);
	}
	/* One's own mirror may have both in one place. */
	for (guint i = 0; i < bases->len; i++)
		registry_add_url(urls, bases->pdata[i]);
	*base_urls = urls;
	return TRUE;
}

/* ---- PyPI ---- */

/* uv's variables may say "name=URL". */
static char *from_client_variable(const char *name)
{
	const char *text = g_getenv(name);

	if (!text || !text[0])
		return NULL;
	gsize n = strcspn(text, "=:/");
	return g_strstrip(g_strdup(text[n] == '=' ? text + n + 1 : text));
}

gboolean registry_pypi_all(GPtrArray **index_urls, GError **err)
{
	static const char *const variables[] = {
		"UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"};
	g_autoptr(GPtrArray) urls = registry_variable("XORCH_MIRROR_PYPI");

	if (!urls && !registry_configured("pypi", &urls, err))
		return FALSE;
	if (!urls) {
		g_autofree char *url = NULL;
		for (gsize i = 0; !url && i < G_N_ELEMENTS(variables); i++)
			url = from_client_variable(variables[i]);
		if (!url)
			url = registry_pip_settings();
		if (!url)
			url = registry_pip_builtin();
		urls = url_list();
		if (url)
			registry_add_url(urls, url);
	}
	if (!urls->len) {
		error_set(err, EXIT_INPUT, "X0506",
			"no Python package index is known here");
		error_note(err, "asked: UV_DEFAULT_INDEX, UV_INDEX_URL, PIP_INDEX_URL, "
				"uv.toml, pip.conf, an installed pip, the pip wheel that "
				"Python carries");
		error_help(err, "set XORCH_MIRROR_PYPI to the URL of the simple index, "
				"or `index: "
				"URL` in xorch.yaml or ~/.config/xorch/config.yaml, or "
				"install pip (Debian: python3-pip)");
		return FALSE;
	}
	*index_urls = g_steal_pointer(&urls);
	return TRUE;
}

gboolean registry_pypi(char **index_url, GError **err)
{
	g_autoptr(GPtrArray) urls = NULL;

	if (!registry_pypi_all(&urls, err))
		return FALSE;
	*index_url = g_strdup(urls->pdata[0]);
	return TRUE;
}
