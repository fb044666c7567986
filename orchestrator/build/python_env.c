#include "build/python_env.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include "base/fs.h"
#include "build/embedded.h"
#include "build/python_resolve.h"
#include "build/sandbox.h"
#include "plan/key.h"
#include "plan/lock.h"
#include <string.h>
#include <errno.h>
#include <unistd.h>

#define KIND "env"
#define VERSION 1

static const char *const helpers[] = {"xorch_identity.py", "xorch_identity.pth", NULL};
#define RUNNER "xorch_runner.py"

char *python_env_key(const uv *u, const host_python *python, const GPtrArray *files)
{
	g_autoptr(key) k = key_new("python-env", VERSION);

	key_add(k, "python", python->executable);
	key_add(k, "version", python->version);
	key_add(k, "tag", python->tag);
	key_add(k, "uv", u->key);
	for (guint i = 0; i < files->len; i++) {
		const locked_file *f = g_ptr_array_index(files, i);
		key_add(k, f->file, f->sha256);
	}
	for (const char *const *h = helpers; *h; h++) {
		const embedded_file *e = embedded_file_get(*h);
		key_add(k, e->name, e->sha256);
	}
	const embedded_file *runner = embedded_file_get(RUNNER);
	key_add(k, RUNNER, runner->sha256);
	return g_strdup(key_digest(k));
}

/* uv as a step that must succeed. */
static gboolean uv_must(const uv *u, const char *const *args, const char *work,
	const char *doing, GError **err)
{
	g_auto(process_result) result = {0};

	if (!uv_run(u, args, work, NULL, NULL, &result, err))
		return FALSE;
	if (result.exit_code == 0)
		return TRUE;
	error_set(err, EXIT_BUILD, "X0914", "%s failed", doing);
	g_auto(GStrv) lines = g_strsplit(result.err, "\n", 20);
	for (char **line = lines; *line; line++) {
		g_autofree char *safe = text_escape(*line, -1);
		if (*safe)
			error_line(err, "%s", safe);
	}
	return FALSE;
}

/* WORK/wheels with the files under their own names, and WORK/locked.txt. */
static gboolean lay_out(
	const GPtrArray *files, const GPtrArray *paths, const char *work, GError **err)
{
	g_autofree char *wheels = g_build_filename(work, "wheels", NULL);
	g_autofree char *list = g_build_filename(work, "locked.txt", NULL);
	g_autoptr(GString) text = g_string_new(NULL);

	if (!fs_mkdir_p(wheels, 0755, err))
		return FALSE;
	for (guint i = 0; i < files->len; i++) {
		const locked_file *f = g_ptr_array_index(files, i);
		g_autofree char *name = g_build_filename(wheels, f->file, NULL);
		if (strchr(f->file, '/') ||
			symlink(g_ptr_array_index(paths, i), name) != 0)
			return fs_fail(err, strchr(f->file, '/') ? EINVAL : errno, "link",
				name, 0);
		g_string_append_printf(text, "%s==%s --hash=sha256:%s\n", f->name,
			f->version, f->sha256);
	}
	return fs_write_atomic(list, text->str, text->len, 0644, err);
}

static gboolean install(const uv *u, const host_python *python, const char *dir,
	const char *work, GError **err)
{
	g_autofree char *env_python = g_build_filename(dir, "bin", "python", NULL);
	g_autofree char *wheels = g_build_filename(work, "wheels", NULL);
	g_autofree char *list = g_build_filename(work, "locked.txt", NULL);
	const char *venv[] = {"venv", "--relocatable", "--allow-existing", "--no-project",
		"--offline", "--quiet", "--python", python->executable, dir, NULL};
	const char *pip[] = {"pip", "install", "--python", env_python, "--no-index",
		"--find-links", wheels, "--no-deps", "--require-hashes", "--offline",
		"--link-mode", "copy", "--quiet", "-r", list, NULL};

	return uv_must(u, venv, work, "making the build environment", err) &&
	       uv_must(u, pip, work, "installing the build requirements", err);
}

static gboolean add_file(const char *folder, const char *name, GError **err)
{
	const embedded_file *e = embedded_file_get(name);
	g_autofree char *path = g_build_filename(folder, name, NULL);

	return fs_write_atomic(path, e->bytes, e->size, 0644, err);
}

/* Bytecode that is valid whatever the times of the files, with the paths of the
 * sandbox in it. */
static gboolean compile_all(
	const host_python *python, const char *dir, const char *lib, GError **err)
{
	const char *argv[] = {python->executable, "-I", "-S", "-m", "compileall", "-q",
		"--invalidation-mode", "unchecked-hash", "-s", dir, "-p", SANDBOX_ENV_DIR,
		lib, NULL};
	const char *env[] = {"PATH=/usr/bin:/bin", "HOME=/", "LC_ALL=C.UTF-8",
		"PYTHONHASHSEED=0", NULL};
	process_spec spec = {
		.argv = argv, .env = env, .cwd = dir, .capture = TRUE, .timeout_s = 600};
	g_auto(process_result) result = {0};

	/* Files that are no valid source (templates, Python 2) fail alone. */
	return process_run(&spec, &result, err);
}

static gboolean fill(const build_context *ctx, const uv *u, const host_python *python,
	const GPtrArray *files, const GPtrArray *paths, const char *dir, GError **err)
{
	g_autofree char *work = store_temp_dir(ctx->store, err);
	g_autofree char *lib = g_strdup_printf("%s/lib/python3.%u%s/site-packages", dir,
		python->minor, python->abiflags);

	if (!work)
		return FALSE;
	gboolean ok =
		lay_out(files, paths, work, err) && install(u, python, dir, work, err);
	fs_remove_tree(work, NULL);
	for (const char *const *h = helpers; ok && *h; h++)
		ok = add_file(lib, *h, err);
	return ok && add_file(dir, RUNNER, err) && compile_all(python, dir, lib, err);
}

gboolean python_env_is_ready(const build_context *ctx, const uv *u,
	const host_python *python, const GPtrArray *files)
{
	g_autofree char *k = python_env_key(u, python, files);
	g_autofree char *ready = store_tree_find(ctx->store, KIND, k);

	return ready != NULL;
}

char *python_env_prepare(const build_context *ctx, const uv *u, const host_python *python,
	const GPtrArray *files, const char *where, char **key_out, GError **err)
{
	g_autofree char *k = python_env_key(u, python, files);
	char *ready = store_tree_find(ctx->store, KIND, k);

	if (!ready) {
		g_autoptr(GPtrArray) paths = python_files_fetch(ctx, files, where, err);
		store_tree *tree =
			paths ? store_tree_begin(ctx->store, KIND, k, &ready, err) : NULL;
		if (tree) {
			gint64 begun = event_step_begin(python->tag, "build environment");
			fault_point("environment");
			gboolean ok = fill(
				ctx, u, python, files, paths, store_tree_dir(tree), err);
			event_step_end(python->tag, "build environment", begun, ok);
			ready = store_tree_finish(tree, ok, err);
		}
	}
	if (ready && key_out)
		*key_out = g_steal_pointer(&k);
	return ready;
}
