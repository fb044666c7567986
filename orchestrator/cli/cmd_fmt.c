#include "base/diag.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/text_diff.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "format/yaml_format.h"
#include "plan/recipe.h"
#include <string.h>

typedef struct formatter {
	const options *o;
	json_t *files;
	guint changed, kept, failed;
} formatter;

static char *format_file(const char *path, char **before, GError **err)
{
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(GString) text = yaml_read(path, l);

	if (!text) {
		diag_list_to_error(l, err);
		return NULL;
	}
	g_autofree const char **order = definition_keys(definition_kind_of(path));
	char *after = yaml_format(g_str_equal(path, "-") ? "<stdin>" : path, text->str,
		text->len, order, err);
	if (after) /* it has no NUL inside */
		*before = g_strdup(text->str);
	return after;
}

static void show_diff(const char *path, const char *before, const char *after)
{
	g_autofree char *name = text_escape(path, -1);
	g_autofree char *diff = text_diff(name, before, after);

	output_raw(diff);
}

/* What is done with a file that is not as it should be. */
static gboolean replace(const formatter *f, const char *path, const char *before,
	const char *after, GError **err)
{
	gboolean from_stdin = g_str_equal(path, "-");

	if (f->o->diff && !f->o->json)
		show_diff(from_stdin ? "<stdin>" : path, before, after);
	if (f->o->diff || f->o->check) {
		if (!f->o->diff && !f->o->json)
			output_line("%s", from_stdin ? "<stdin>" : path);
		return TRUE;
	}
	if (from_stdin)
		return TRUE;
	if (!fs_rewrite(path, after, strlen(after), err))
		return FALSE;
	if (!f->o->json)
		output_line("%s", path);
	return TRUE;
}

static void note(formatter *f, const char *path, const char *state)
{
	json_t *one = json_object();

	json_object_set_new(one, "file", json_text(path));
	json_object_set_new(one, "state", json_string(state));
	json_array_append_new(f->files, one);
}

/* The exit status of a file that failed, else EXIT_DONE. */
static int one_file(formatter *f, const char *path)
{
	gboolean writes = !f->o->check && !f->o->diff;
	g_autofree char *before = NULL;
	g_autoptr(GError) err = NULL;
	g_autofree char *after = format_file(path, &before, &err);
	gboolean same = after && g_str_equal(before, after);

	if (after && !same)
		replace(f, path, before, after, &err);
	if (err) {
		output_failure(err);
		f->failed++;
		note(f, path, "failed");
		return output_exit_code(err);
	}
	if (writes && g_str_equal(path, "-") && !f->o->json)
		output_raw(after);
	*(same ? &f->kept : &f->changed) += 1;
	note(f, path, same ? "unchanged" : writes ? "formatted" : "would change");
	return EXIT_DONE;
}

static void summary(const formatter *f)
{
	gboolean writes = !f->o->check && !f->o->diff;

	if (f->o->quiet)
		return;
	output_note("%u %s %s, %u as %s should be%s", f->changed,
		f->changed == 1 ? "file" : "files",
		writes ? "formatted" : "would be formatted", f->kept,
		f->kept == 1 ? "it" : "they", f->failed ? ", the rest not read" : "");
}

int cmd_fmt(const options *o, char **args, GError **err)
{
	static const char *const here[] = {".", NULL};
	g_autoptr(diag_list) l = diag_list_new();
	g_autoptr(GPtrArray) files =
		definition_find(*args ? (const char *const *)args : here, l);
	formatter f = {o, json_array(), 0, 0, 0};
	int code = EXIT_DONE;

	(void)err;
	if (!files) {
		output_diags(l);
		code = EXIT_INPUT;
	}
	for (guint i = 0; files && i < files->len; i++) {
		int one = one_file(&f, g_ptr_array_index(files, i));
		code = code ? code : one;
	}
	if (!code && (o->check || o->diff) && f.changed)
		code = EXIT_BUILD; /* as other formatters have it */
	if (files && !(files->len == 1 && g_str_equal(files->pdata[0], "-")))
		summary(&f);
	if (o->json)
		output_json(json_pack(
			"{s:i, s:i, s:o}", "v", 1, "exit", code, "files", f.files));
	else
		json_decref(f.files);
	return code;
}
