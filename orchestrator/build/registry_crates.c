#include "base/error.h"
#include "base/process.h"
#include "build/registry_private.h"
#include "format/settings_file.h"
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- cargo's own settings ---- */

#define SPARSE "sparse+"

/* `[source.NAME]` or `[source."NAME"]`. */
static const char *source_value(
	const GPtrArray *all, const char *table, const char *name, const char *key)
{
	g_autofree char *plain = g_strdup_printf("%s.%s", table, name);
	g_autofree char *quoted = g_strdup_printf("%s.\"%s\"", table, name);
	const char *value = settings_get(all, plain, key);

	return value ? value : settings_get(all, quoted, key);
}

/* Where `[source]` sends the default registry, by at most ten replacements. */
static char *replacement(const GPtrArray *all)
{
	const char *name = "crates-io"; /* cargo's name of its default source */
	const char *url = NULL;

	for (int n = 0; n < 10; n++) {
		const char *next = source_value(all, "source", name, "replace-with");
		if (!next)
			break;
		name = next;
		url = source_value(all, "source", name, "registry");
		if (!url)
			url = source_value(all, "registries", name, "index");
	}
	return url && g_str_has_prefix(url, SPARSE) ? g_strdup(url + strlen(SPARSE))
						    : NULL;
}

static char *from_settings(void)
{
	static const char *const names[] = {"config", "config.toml"};
	const char *home = g_getenv("CARGO_HOME");
	g_autofree char *folder =
		home && home[0] == '/'
			? g_strdup(home)
			: g_build_filename(g_get_home_dir(), ".cargo", NULL);
	char *url = NULL;

	for (gsize i = 0; !url && i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(folder, names[i], NULL);
		g_autofree char *text = registry_read(path);
		g_autoptr(GPtrArray) all = text ? settings_parse_toml(text) : NULL;
		url = all ? replacement(all) : NULL;
	}
	return url;
}

/* ---- what cargo has built in ---- */

static gboolean is_url_char(char c)
{
	return g_ascii_isalnum(c) || c == '.' || c == '-';
}

/* The one "sparse+https://HOST/" among the program's strings. */
static char *url_in(const char *p, gsize size)
{
	static const char lead[] = SPARSE "https://";
	const char *end = p + size;

	for (const char *at = p; (at = memmem(at, (gsize)(end - at), lead, strlen(lead)));
		at++) {
		const char *host = at + strlen(lead);
		const char *stop = host;
		while (stop < end && is_url_char(*stop))
			stop++;
		g_autofree char *name = g_strndup(host, (gsize)(stop - host));
		if (stop < end && *stop == '/' && strchr(name, '.'))
			return g_strdup_printf("https://%s/", name);
	}
	return NULL;
}

static char *built_into(const char *program)
{
	int fd = open(program, O_RDONLY | O_CLOEXEC);
	struct stat st;
	char *url = NULL;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0) {
		void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
		if (p != MAP_FAILED) {
			url = url_in(p, (gsize)st.st_size);
			munmap(p, (size_t)st.st_size);
		}
	}
	close(fd);
	return url;
}

/* A cargo of this machine: on PATH (rustup's own is a starter without it), or one
 * of rustup's toolchains. */
static char *built_in(void)
{
	const char *path = g_getenv("PATH");
	const char *root = g_getenv("RUSTUP_HOME");
	g_autofree char *found =
		process_find_program("cargo", path ? path : "/usr/bin:/bin");
	char *url = found ? built_into(found) : NULL;

	if (url)
		return url;
	g_autofree char *folder = root && root[0]
					  ? g_build_filename(root, "toolchains", NULL)
					  : g_build_filename(g_get_home_dir(), ".rustup",
						    "toolchains", NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;
	while (dir && !url && (name = g_dir_read_name(dir))) {
		g_autofree char *cargo =
			g_build_filename(folder, name, "bin", "cargo", NULL);
		url = built_into(cargo);
	}
	return url;
}

gboolean registry_crates(const char *cargo, GPtrArray **index_urls, GError **err)
{
	GPtrArray *urls = registry_variable("XORCH_MIRROR_CRATES");
	g_autofree char *url = NULL;

	if (!urls && !registry_configured("crates", &urls, err))
		return FALSE;
	if (urls) {
		*index_urls = urls;
		return TRUE;
	}
	url = from_settings();
	if (!url && cargo)
		url = built_into(cargo);
	if (!url)
		url = built_in();
	if (url) {
		*index_urls = g_ptr_array_new_with_free_func(g_free);
		registry_add_url(*index_urls, url);
		return TRUE;
	}
	error_set(err, EXIT_INPUT, "X0506", "no registry of Rust crates is known here");
	error_note(err, "asked: [source] in CARGO_HOME/config.toml, an installed cargo");
	error_help(err, "set XORCH_MIRROR_CRATES to the URL of a sparse index (what "
			"follows `sparse+` in cargo's settings), or `mirrors: {crates: "
			"[URL]}` in ~/.config/xorch/config.yaml");
	return FALSE;
}

char *registry_crates_builtin(const char *cargo)
{
	g_autoptr(GPtrArray) urls = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *url = built_into(cargo);

	if (url)
		registry_add_url(urls, url);
	return urls->len ? g_strdup(urls->pdata[0]) : NULL;
}
