#include "build/python_toml.h"
#include "base/error.h"
#include "build/pypi_tool.h"

#define FIRST_WITH_TOMLLIB 11

char *python_toml_wheel(const build_context *ctx, char **key, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p =
		pypi_tool_locked(ctx, "pip", "any", FALSE, &def, err);

	if (p && key)
		*key = g_strdup(p->sha256);
	return p ? pypi_tool_fetch(ctx, def, p, err) : NULL;
}

gboolean python_toml_lock(const build_context *ctx, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p =
		pypi_tool_locked(ctx, "pip", "any", TRUE, &def, err);

	return p != NULL;
}

gboolean python_toml_is_wheel(const host_python *python)
{
	return !python->pip && python->minor < FIRST_WITH_TOMLLIB;
}

gboolean python_toml_prepare(
	const build_context *ctx, const host_python *python, char **path, GError **err)
{
	*path = g_strdup(python->pip);
	if (!python_toml_is_wheel(python))
		return TRUE;
	*path = python_toml_wheel(ctx, NULL, err);
	if (!*path)
		error_help(err,
			"Python %s (%s) has no TOML reader of its own: a pip of at least "
			"21.2 installed for it has one, too",
			python->version, python->executable);
	return *path != NULL;
}
