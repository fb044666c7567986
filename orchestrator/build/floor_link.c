#include "build/floor_link.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process.h"
#include "build/floor_stub.h"
#include <string.h>

/* No variable of the caller reaches the tools: the bytes depend on the symbols
 * alone. */
static const char *const quiet[] = {
	"LC_ALL=C", "PATH=/nonexistent", "TMPDIR=/nonexistent", NULL};

static void add(GPtrArray *cmd, const char *arg)
{
	g_ptr_array_add(cmd, g_strdup(arg));
}

static gboolean run(GPtrArray *cmd, GBytes *input, const char *doing, const char *soname,
	GError **err)
{
	g_auto(process_result) result = {0};
	process_spec spec = {
		.env = quiet, .input = input, .capture = TRUE, .name = doing};

	g_ptr_array_add(cmd, NULL);
	spec.argv = (const char *const *)cmd->pdata;
	if (!process_run(&spec, &result, err))
		return FALSE;
	if (result.exit_code == 0)
		return TRUE;
	g_autofree char *how = process_describe(&spec, &result);
	g_autofree char *text = text_escape(result.err, MIN(result.err_size, 600));
	error_set(err, EXIT_BUILD, "X0931", "the link stub of %s could not be made",
		soname);
	error_line(err, "%s %s", doing, how);
	error_line(err, "%s", text);
	return FALSE;
}

static GPtrArray *clang_command(const floor_spec *spec, const char *const *flags)
{
	const toolchain *t = spec->assembler;
	g_autofree char *path = g_strdup_printf("usr/lib/llvm-%s/bin/clang", t->version);
	GPtrArray *cmd = toolchain_command(t, path, "clang");

	add(cmd, "--no-default-config");
	add(cmd, "-no-canonical-prefixes");
	g_ptr_array_add(
		cmd, g_strconcat("--target=", spec->platform->clang_target, NULL));
	for (const char *const *flag = spec->platform->clang_flags; *flag; flag++)
		add(cmd, *flag);
	for (; *flags; flags++)
		add(cmd, *flags);
	return cmd;
}

GBytes *floor_compile(const floor_spec *spec, const char *source, const char *what,
	const char *work, GError **err)
{
	static const char *const flags[] = {"-O2", "-fPIC", "-fdata-sections",
		"-ffunction-sections", "-ffreestanding", "-nostdinc",
		"-fno-stack-protector", "-fno-asynchronous-unwind-tables", "-Wall",
		"-Werror", "-x", "c", "-c", "-", "-o", NULL};
	g_autoptr(GPtrArray) cmd = clang_command(spec, flags);
	g_autoptr(GBytes) input = g_bytes_new_static(source, strlen(source));
	char *object = g_strdup_printf("%s/%s.o", work, what);

	g_ptr_array_add(cmd, object);
	if (!run(cmd, input, "clang (compiler)", what, err))
		return NULL;
	return fs_read(object, 1 << 20, err);
}

gboolean floor_objcopy(const floor_spec *spec, const char *const *args, GError **err)
{
	const toolchain *t = spec->assembler;
	g_autofree char *path =
		g_strdup_printf("usr/lib/llvm-%s/bin/llvm-objcopy", t->version);
	g_autoptr(GPtrArray) cmd = toolchain_command(t, path, "llvm-objcopy");

	for (; *args; args++)
		add(cmd, *args);
	return run(cmd, NULL, "llvm-objcopy", "crti.o", err);
}

gboolean floor_link(const floor_spec *spec, const floor_library *library,
	const char *work, const char *path, GError **err)
{
	const toolchain *t = spec->assembler;
	g_autofree char *text = floor_stub_assembly(library);
	g_autofree char *script = floor_stub_version_script(library);
	g_autoptr(GBytes) input = g_bytes_new_static(text, strlen(text));
	g_autofree char *object = g_strdup_printf("%s/%s.o", work, library->soname);
	g_autofree char *map = g_strdup_printf("%s/%s.map", work, library->soname);
	g_autofree char *llvm = g_strdup_printf("usr/lib/llvm-%s/bin/", t->version);
	g_autofree char *lld = g_strconcat(llvm, "lld", NULL);
	g_autoptr(GPtrArray) as = clang_command(
		spec, (const char *const[]){"-x", "assembler", "-c", "-", "-o", NULL});
	g_autoptr(GPtrArray) ld = toolchain_command(t, lld, "ld.lld");

	add(as, object);
	if (!run(as, input, "clang (assembler)", library->soname, err))
		return FALSE;

	for (const char *const *flag =
			(const char *const[]){"-shared", "--strip-all", "--build-id=none",
				"--hash-style=gnu", "-z", "noseparate-code", NULL};
		*flag; flag++)
		add(ld, *flag);
	g_ptr_array_add(ld, g_strconcat("--soname=", library->soname, NULL));
	if (script) {
		if (!g_file_set_contents(map, script, -1, NULL))
			return error_set(err, EXIT_HOST, "X0820", "cannot write %s", map);
		g_ptr_array_add(ld, g_strconcat("--version-script=", map, NULL));
	}
	add(ld, object);
	add(ld, "-o");
	add(ld, path);
	return run(ld, NULL, "lld (linker)", library->soname, err);
}
