#include "build/toolchain.h"
#include "base/error.h"
#include "build/package_set.h"
#include <string.h>

void toolchain_clear(toolchain *t)
{
	g_free(t->name);
	g_free(t->version);
	g_free(t->tree);
	g_free(t->key);
	memset(t, 0, sizeof *t);
}

/* What follows `prefix` in the name of an entry of `dir`, numbers only; the
 * highest. New string or NULL. */
static char *find_version(const char *dir, const char *prefix)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;
	int best = 0;

	while (d && (name = g_dir_read_name(d))) {
		if (!g_str_has_prefix(name, prefix))
			continue;
		const char *tail = name + strlen(prefix);
		if (*tail && strspn(tail, "0123456789") == strlen(tail))
			best = MAX(best, atoi(tail));
	}
	return best ? g_strdup_printf("%d", best) : NULL;
}

gboolean toolchain_open(toolchain *out, const char *name, const char *tree,
	const char *key, const platform *target, GError **err)
{
	g_autofree char *loader = g_build_filename(tree, TOOLCHAIN_LOADER, NULL);
	g_autofree char *llvm = g_build_filename(tree, "usr/lib", NULL);
	g_autofree char *bin = g_build_filename(tree, "usr/bin", NULL);
	g_autofree char *gcc = g_strconcat(target->triple, "-gcc-", NULL);

	memset(out, 0, sizeof *out);
	if (!g_file_test(loader, G_FILE_TEST_EXISTS)) {
		error_set(err, EXIT_INTEGRITY, "X0930",
			"toolchain %s has no C library of its own", name);
		error_line(err, "missing: %s", loader);
		return FALSE;
	}
	out->family = TOOLCHAIN_CLANG;
	out->version = find_version(llvm, "llvm-");
	if (!out->version) {
		out->family = TOOLCHAIN_GCC;
		out->version = find_version(bin, gcc);
	}
	if (!out->version) {
		error_set(err, EXIT_INTEGRITY, "X0930",
			"toolchain %s has no compiler for %s", name, target->name);
		error_line(
			err, "neither usr/lib/llvm-N nor usr/bin/%sN in %s", gcc, tree);
		return FALSE;
	}
	out->name = g_strdup(name);
	out->tree = g_strdup(tree);
	out->key = g_strdup(key);
	return TRUE;
}

char *toolchain_library_path(const toolchain *t, const char *tree)
{
	g_autofree char *common = g_strdup_printf(
		"%s/lib/x86_64-linux-gnu:%s/usr/lib/x86_64-linux-gnu", tree, tree);

	if (t->family == TOOLCHAIN_GCC)
		return g_steal_pointer(&common);
	return g_strdup_printf("%s:%s/usr/lib/llvm-%s/lib", common, tree, t->version);
}

GPtrArray *toolchain_command(const toolchain *t, const char *path, const char *argv0)
{
	GPtrArray *cmd = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(cmd, g_build_filename(t->tree, TOOLCHAIN_LOADER, NULL));
	g_ptr_array_add(cmd, g_strdup("--inhibit-cache"));
	g_ptr_array_add(cmd, g_strdup("--library-path"));
	g_ptr_array_add(cmd, toolchain_library_path(t, t->tree));
	g_ptr_array_add(cmd, g_strdup("--argv0"));
	g_ptr_array_add(cmd, g_strdup(argv0));
	g_ptr_array_add(cmd, g_build_filename(t->tree, path, NULL));
	return cmd;
}

/* The definition of a compiler by name. */
static toolchain_def *compiler_def(const char *name, GError **err)
{
	toolchain_def *def = toolchain_def_find(name, err);

	if (def && def->source != TOOLCHAIN_DEBIAN) {
		error_set(err, EXIT_INPUT, "X0334", "%s is no compiler", name);
		error_help(err, "compilers are clang (the default) and gcc");
		g_clear_pointer(&def, toolchain_def_free);
	}
	return def;
}

static package_set set_of(const toolchain_def *def, const platform *target)
{
	return package_set_of_toolchain(
		def, package_def_is_common(&def->packages) ? NULL : target);
}

char *toolchain_key(
	const build_context *ctx, const char *name, const platform *target, GError **err)
{
	g_autoptr(toolchain_def) def = compiler_def(name, err);

	if (!def)
		return NULL;
	package_set set = set_of(def, target);
	g_autoptr(package_section) section =
		package_set_lock(ctx, &set, FALSE, NULL, err);
	return section ? package_set_key(&set, section) : NULL;
}

gboolean toolchain_prepare(const build_context *ctx, const char *name,
	const platform *target, toolchain *out, GError **err)
{
	g_autoptr(toolchain_def) def = compiler_def(name, err);
	g_autofree char *key = NULL;

	memset(out, 0, sizeof *out);
	if (!def)
		return FALSE;
	package_set set = set_of(def, target);
	g_autofree char *tree = package_set_tree(ctx, &set, &key, err);
	return tree && toolchain_open(out, name, tree, key, target, err);
}
