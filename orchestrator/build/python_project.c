#include "build/python_project.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process.h"
#include "build/embedded.h"
#include "build/python_toml.h"
#include "build/store.h"
#include "format/digest.h"
#include "format/json.h"
#include <string.h>

#define KIND "python-project"
#define PYPROJECT_MAX (4 * 1024 * 1024)

void python_project_clear(python_project *p)
{
	g_strfreev(p->requires);
	g_free(p->backend);
	g_strfreev(p->backend_path);
	g_free(p->requires_python);
	g_free(p->name);
	g_free(p->version);
	memset(p, 0, sizeof *p);
}

static GStrv strings_of(const json_t *object, const char *name)
{
	const json_t *array = json_get_array(object, name);
	g_autoptr(GStrvBuilder) b = g_strv_builder_new();

	for (size_t i = 0; i < json_array_size(array); i++)
		g_strv_builder_add(b, json_string_value(json_array_get(array, i)) ?: "");
	return g_strv_builder_end(b);
}

static gboolean take(python_project *out, const char *text, gsize size, GError **err)
{
	g_autoptr(json_t) answer = json_parse(text, size, "the runner's answer", err);

	if (!answer)
		return FALSE;
	const json_t *wrong = json_get_object(answer, "error");
	const json_t *r = json_get_object(answer, "result");
	if (wrong || !r) {
		g_autofree char *why =
			text_escape(json_get_string(wrong, "text") ?: "no answer", -1);
		error_set(err, EXIT_INPUT, "X0250", "%s", why);
		if (g_strcmp0(json_get_string(wrong, "kind"), "no-toml") == 0)
			error_help(err, "install tomli for that Python, or a pip of at "
					"least 21.2, which brings it");
		return FALSE;
	}
	out->requires = strings_of(r, "requires");
	out->backend = g_strdup(json_get_string(r, "backend"));
	out->backend_path = strings_of(r, "backend_path");
	out->requires_python = g_strdup(json_get_string(r, "requires_python"));
	out->name = g_strdup(json_get_string(r, "name"));
	out->version = g_strdup(json_get_string(r, "version"));
	return TRUE;
}

/* Runs the runner's action "pyproject"; its answer file as bytes. */
static GBytes *ask(const build_context *ctx, const host_python *python,
	const char *source, const char *work, GError **err)
{
	const embedded_file *runner = embedded_file_get("xorch_runner.py");
	g_autofree char *request = g_build_filename(work, "request.json", NULL);
	g_autofree char *answer = g_build_filename(work, "answer.json", NULL);
	g_autofree char *toml = NULL;

	if (!python_toml_prepare(ctx, python, &toml, err))
		return NULL;
	g_autoptr(json_t) j = json_pack(
		"{s:s s:s s:s?}", "action", "pyproject", "source", source, "tomli", toml);

	if (!j || json_dump_file(j, request, 0) != 0) {
		error_set(err, EXIT_HOST, "X0820", "cannot write %s", request);
		return NULL;
	}
	const char *argv[] = {python->executable, "-I", "-S", "-c",
		(const char *)runner->bytes, request, answer, NULL};
	const char *env[] = {"PATH=/usr/bin:/bin", "HOME=/", "LC_ALL=C.UTF-8", NULL};
	process_spec spec = {
		.argv = argv, .env = env, .cwd = "/", .capture = TRUE, .timeout_s = 60};
	g_auto(process_result) result = {0};
	if (!process_check(&spec, &result, EXIT_HOST, err))
		return NULL;
	return fs_read(answer, PYPROJECT_MAX * 2, err);
}

gboolean python_project_read(const build_context *ctx, const host_python *python,
	const char *source, python_project *out, GError **err)
{
	store *s = ctx->store;
	const embedded_file *runner = embedded_file_get("xorch_runner.py");
	g_autofree char *toml = g_build_filename(source, "pyproject.toml", NULL);
	g_autofree char *setup = g_build_filename(source, "setup.py", NULL);
	g_autoptr(digest) d = digest_new();

	memset(out, 0, sizeof *out);
	digest_update(d, runner->bytes, runner->size);
	if (g_file_test(toml, G_FILE_TEST_EXISTS)) {
		g_autoptr(GBytes) text = fs_read(toml, PYPROJECT_MAX, err);
		if (!text)
			return FALSE;
		gsize size;
		const void *data = g_bytes_get_data(text, &size);
		digest_update(d, data, size);
	} else {
		gboolean there = g_file_test(setup, G_FILE_TEST_EXISTS);
		digest_update(d, there ? "S" : "N", 1);
	}
	g_autofree char *name = digest_finish(d);
	g_autoptr(GBytes) answer = store_record_get(s, KIND, name);
	if (!answer) {
		g_autofree char *work = store_temp_dir(s, err);
		answer = work ? ask(ctx, python, source, work, err) : NULL;
		if (work)
			fs_remove_tree(work, NULL);
		if (!answer)
			return FALSE;
		store_record_put(s, KIND, name, g_bytes_get_data(answer, NULL),
			g_bytes_get_size(answer), NULL);
	}
	gsize size;
	const char *text = g_bytes_get_data(answer, &size);
	return take(out, text, size, err);
}
