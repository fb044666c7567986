#include "build/step_bindgen.h"
#include "build/step_rust.h"
#include <string.h>

/* Where the wheel of libclang keeps it. */
#define FOLDER "clang/native"

static char *folder_of(const step_site *site)
{
	return g_strdup_printf(
		"lib/python3.%u/site-packages/" FOLDER, site->item->python->minor);
}

static gboolean has_libclang(const step_site *site, const char *folder)
{
	g_autofree char *path =
		site->env ? g_build_filename(site->env, folder, "libclang.so", NULL)
			  : NULL;

	return path && g_file_test(path, G_FILE_TEST_EXISTS);
}

/* The toolchain's folder of clang's own files below its root. NULL: it has no clang. */
static char *resource_dir(const char *tree)
{
	g_autofree char *folder = g_build_filename(tree, "usr/lib", NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir)) != NULL) {
		if (!g_str_has_prefix(name, "llvm-"))
			continue;
		const char *version = name + strlen("llvm-");
		g_autofree char *inside =
			g_strdup_printf("usr/lib/%s/lib/clang/%s", name, version);
		g_autofree char *path = g_build_filename(tree, inside, "include", NULL);
		if (g_file_test(path, G_FILE_TEST_IS_DIR))
			return g_steal_pointer(&inside);
	}
	return NULL;
}

/* As the sandbox sees them: clang's, else gcc's, which lie beside its library. */
static char *own_headers(const step_site *site)
{
	const cross *c = site->cross;
	g_autofree char *clang = resource_dir(c->toolchain_tree);

	if (clang)
		return g_strdup_printf("-resource-dir={" SANDBOX_TOOLCHAIN "}/%s", clang);
	return g_strdup_printf("-isystem {" SANDBOX_SYSROOT "}/usr/lib/gcc/%s/%s/include",
		site->item->platform->multiarch, c->gcc_version);
}

static gboolean bindgen_step(pipeline *p, step_site *site, step_extras *x, GError **err)
{
	const platform *target = site->item->platform;
	g_autofree char *folder = folder_of(site);

	(void)p;
	(void)err;
	if (!step_rust_used(site->item) || !has_libclang(site, folder))
		return TRUE;
	g_autofree char *triple = g_strdelimit(g_strdup(target->rust_triple), "-.", '_');
	g_autofree char *name = g_strdup_printf("BINDGEN_EXTRA_CLANG_ARGS_%s", triple);
	g_autofree char *headers = own_headers(site);
	g_autofree char *args =
		g_strdup_printf("--target=%s --sysroot={" SANDBOX_SYSROOT "} %s",
			target->clang_target, headers);
	g_autofree char *path = g_strdup_printf("{" SANDBOX_ENV_DIR "}/%s", folder);
	step_extras_env(x, "LIBCLANG_PATH", path);
	step_extras_env(x, name, args);
	return TRUE;
}

const step_part step_bindgen = {.name = "bindgen", .prepare = bindgen_step};
