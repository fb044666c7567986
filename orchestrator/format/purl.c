#include "format/purl.h"
#include <string.h>

/* ECMA-427 leaves letters, digits, `.-_~` and the colon as they are. */
static void add_encoded(GString *out, const char *text)
{
	for (const char *c = text; *c; c++) {
		if (g_ascii_isalnum(*c) || strchr(".-_~:", *c))
			g_string_append_c(out, *c);
		else
			g_string_append_printf(out, "%%%02X", (guint8)*c);
	}
}

/* Names of several parts (a Go module's path): the slashes stay. */
static void add_path(GString *out, const char *path)
{
	g_auto(GStrv) parts = g_strsplit(path, "/", -1);

	for (char **p = parts; *p; p++) {
		if (!**p)
			continue;
		g_string_append_c(out, '/');
		add_encoded(out, *p);
	}
}

static GString *begin(const char *type, const char *path, const char *version)
{
	GString *out = g_string_new("pkg:");

	g_string_append(out, type);
	add_path(out, path);
	if (version && *version) {
		g_string_append_c(out, '@');
		add_encoded(out, version);
	}
	return out;
}

/* In the order of their names. */
static void qualify(GString *out, const char *name, const char *value)
{
	if (!value || !*value)
		return;
	g_string_append_c(out, strchr(out->str, '?') ? '&' : '?');
	g_string_append_printf(out, "%s=", name);
	add_encoded(out, value);
}

char *purl_pypi(const char *project, const char *version, const char *file)
{
	GString *out = begin("pypi", project, version);

	qualify(out, "file_name", file);
	return g_string_free(out, FALSE);
}

char *purl_debian(
	const char *package, const char *version, const char *arch, const char *suite)
{
	return purl_deb("debian", package, version, arch, suite);
}

char *purl_deb(const char *vendor, const char *package, const char *version,
	const char *arch, const char *suite)
{
	g_autofree char *path = g_strconcat(vendor, "/", package, NULL);
	GString *out = begin("deb", path, version);

	qualify(out, "arch", arch);
	qualify(out, "distro", suite);
	return g_string_free(out, FALSE);
}

char *purl_rpm(const char *distribution, const char *package, const char *version,
	const char *arch)
{
	const char *colon = strchr(version, ':');
	g_autofree char *vendor = g_strndup(distribution ? distribution : "",
		distribution ? strcspn(distribution, "-") : 0);
	g_autofree char *path = g_strconcat(vendor, *vendor ? "/" : "", package, NULL);
	g_autofree char *epoch =
		colon ? g_strndup(version, (gsize)(colon - version)) : NULL;
	GString *out = begin("rpm", path, colon ? colon + 1 : version);

	qualify(out, "arch", arch);
	qualify(out, "distro", distribution);
	qualify(out, "epoch", epoch);
	return g_string_free(out, FALSE);
}

char *purl_cargo(const char *crate, const char *version)
{
	return g_string_free(begin("cargo", crate, version), FALSE);
}

char *purl_golang(const char *module, const char *version, const char *subpath)
{
	GString *out = begin("golang", module, version);

	if (subpath) {
		g_string_append_c(out, '#');
		add_encoded(out, subpath);
	}
	return g_string_free(out, FALSE);
}

char *purl_oci(const char *repository, const char *manifest_hex, const char *arch)
{
	const char *slash = strrchr(repository, '/');
	g_autofree char *name = g_ascii_strdown(slash ? slash + 1 : repository, -1);
	g_autofree char *version = g_strconcat("sha256:", manifest_hex, NULL);
	GString *out = begin("oci", name, version);

	qualify(out, "arch", arch);
	if (slash) {
		/* ECMA-427 keeps the slashes of this one. */
		g_autoptr(GString) where = g_string_new(NULL);
		add_path(where, repository);
		g_string_append_printf(out, "%crepository_url=%s",
			strchr(out->str, '?') ? '&' : '?', where->str + 1);
	}
	return g_string_free(out, FALSE);
}

char *purl_generic(const char *name, const char *version)
{
	return g_string_free(begin("generic", name, version), FALSE);
}
