#include "build/source_facts.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/process.h"
#include "build/embedded.h"
#include "build/python_toml.h"
#include "build/store.h"
#include <string.h>

#define ANSWER_MAX (16 << 20)
#define MEMORY_MAX (1ull << 30)

/* One program of several files, in the order in which they need each other. */
static char *helper(void)
{
	static const char *const names[] = {"xorch_values.py", "xorch_calls.py",
		"xorch_script.py", "xorch_switches.py", "xorch_words.py",
		"xorch_systems.py", "xorch_code.py", "xorch_imports.py", "xorch_scan.py"};
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		const embedded_file *f = embedded_file_get(names[i]);
		g_string_append_len(out, (const char *)f->bytes, (gssize)f->size);
		g_string_append_c(out, '\n');
	}
	return g_string_free(out, FALSE);
}

static GBytes *ask(const build_context *ctx, const host_python *python,
	const char *source, const char *work, GError **err)
{
	g_autofree char *program = helper();
	g_autofree char *request = g_build_filename(work, "request.json", NULL);
	g_autofree char *answer = g_build_filename(work, "answer.json", NULL);
	g_autofree char *real = realpath(source, NULL);
	g_autofree char *toml = NULL;

	if (!python_toml_prepare(ctx, python, &toml, err))
		return NULL;
	g_autoptr(json_t) j =
		json_pack("{s:s s:s?}", "source", real ? real : source, "tomli", toml);

	if (!j || json_dump_file(j, request, 0) != 0) {
		error_set(err, EXIT_HOST, "X0820", "cannot write %s", request);
		return NULL;
	}
	const char *argv[] = {python->executable, "-I", "-S", "-W", "ignore", "-c",
		program, request, answer, NULL};
	const char *env[] = {"PATH=/usr/bin:/bin", "HOME=/", "LC_ALL=C.UTF-8", NULL};
	process_spec spec = {.argv = argv,
		.env = env,
		.cwd = "/",
		.name = "the scan of the source",
		.capture = TRUE,
		.timeout_s = 120,
		.memory_limit = MEMORY_MAX};
	g_auto(process_result) result = {0};
	if (!process_check(&spec, &result, EXIT_INPUT, err))
		return NULL;
	return fs_read(answer, ANSWER_MAX, err);
}

json_t *source_facts_read(const build_context *ctx, const host_python *python,
	const char *source, GError **err)
{
	g_autofree char *work = store_temp_dir(ctx->store, err);
	g_autoptr(GBytes) answer = work ? ask(ctx, python, source, work, err) : NULL;
	gsize size;

	if (work)
		fs_remove_tree(work, NULL);
	if (!answer)
		return NULL;
	const char *data = g_bytes_get_data(answer, &size);
	g_autoptr(json_t) j = json_parse(data, size, "the scan's answer", err);
	json_t *facts = j ? json_get_object(j, "result") : NULL;
	if (facts)
		return json_incref(facts);
	if (j) {
		const char *why = json_get_string(j, "error");
		g_autofree char *shown = text_escape(why ? why : "no answer", -1);
		error_set(
			err, EXIT_INPUT, "X0980", "the source cannot be read: %s", shown);
	}
	return NULL;
}
