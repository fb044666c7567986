#include "build/rust_rustup.h"
#include "base/process.h"
#include "build/registry_private.h"
#include "format/settings_file.h"
#include <string.h>

void rustup_toolchain_clear(rustup_toolchain *t)
{
	g_free(t->dir);
	g_free(t->version);
	g_free(t->identity);
	memset(t, 0, sizeof *t);
}

static char *home(void)
{
	const char *set = g_getenv("RUSTUP_HOME");

	return set && set[0] == '/' ? g_strdup(set)
				    : g_build_filename(g_get_home_dir(), ".rustup", NULL);
}

/* The name of the default toolchain, or NULL. */
static char *default_name(const char *root)
{
	const char *set = g_getenv("RUSTUP_TOOLCHAIN");
	g_autofree char *path = g_build_filename(root, "settings.toml", NULL);
	g_autofree char *text = set && set[0] ? NULL : registry_read(path);
	g_autoptr(GPtrArray) all = text ? settings_parse_toml(text) : NULL;

	if (set && set[0])
		return g_strdup(set);
	return all ? g_strdup(settings_get(all, "", "default_toolchain")) : NULL;
}

/* "release: 1.95.0" of `rustc -vV`. */
static char *release_of(const char *said)
{
	g_auto(GStrv) lines = g_strsplit(said, "\n", -1);

	for (char **l = lines; *l; l++)
		if (g_str_has_prefix(*l, "release: "))
			return g_strstrip(g_strdup(*l + strlen("release: ")));
	return NULL;
}

static gboolean open_toolchain(const char *dir, rustup_toolchain *out)
{
	g_autofree char *rustc = g_build_filename(dir, "bin", "rustc", NULL);
	const char *argv[] = {rustc, "-vV", NULL};
	const char *env[] = {"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", NULL};
	process_spec spec = {
		.argv = argv, .env = env, .cwd = "/", .capture = TRUE, .timeout_s = 60};
	g_auto(process_result) result = {0};

	if (!g_file_test(rustc, G_FILE_TEST_IS_EXECUTABLE) ||
		!process_run(&spec, &result, NULL) || result.exit_code != 0 ||
		!result.out)
		return FALSE;
	out->version = release_of(result.out);
	if (!out->version)
		return FALSE;
	out->dir = g_strdup(dir);
	out->identity = g_strdup(result.out);
	return TRUE;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static GPtrArray *listing(const char *folder, const char *prefix)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)))
		if (g_str_has_prefix(name, prefix))
			g_ptr_array_add(names, g_strdup(name));
	g_ptr_array_sort(names, by_text);
	return names;
}

gboolean rustup_find(const char *version, rustup_toolchain *out)
{
	g_autofree char *root = home();
	g_autofree char *folder = g_build_filename(root, "toolchains", NULL);
	g_autoptr(GPtrArray) names = listing(folder, "");
	g_autofree char *chosen = version ? NULL : default_name(root);

	memset(out, 0, sizeof *out);
	for (guint i = 0; i < names->len; i++) {
		const char *name = names->pdata[i];
		/* "stable" stands for "stable-x86_64-unknown-linux-gnu" */
		if (!version && (!chosen || !g_str_has_prefix(name, chosen)))
			continue;
		g_autofree char *dir = g_build_filename(folder, name, NULL);
		g_auto(rustup_toolchain) t = {0};
		if (!open_toolchain(dir, &t) ||
			(version && !g_str_equal(t.version, version)))
			continue;
		*out = t;
		memset(&t, 0, sizeof t);
		return TRUE;
	}
	return FALSE;
}

GPtrArray *rustup_libraries(const rustup_toolchain *t, const char *triple)
{
	g_autofree char *folder =
		g_build_filename(t->dir, "lib", "rustlib", triple, "lib", NULL);

	return listing(folder, "libstd-");
}
