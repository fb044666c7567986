#include "base/error.h"
#include "base/words.h"
#include "cli/codes.h"
#include "cli/explain_file.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include <string.h>

static const code_entry *find(const char *id)
{
	for (const code_entry *c = codes; c->id; c++)
		if (g_ascii_strcasecmp(c->id, id) == 0)
			return c;
	return NULL;
}

static json_t *as_json(const code_entry *c)
{
	json_t *o = json_object();

	json_object_set_new(o, "code", json_string(c->id));
	json_object_set_new(o, "title", json_string(c->title));
	json_object_set_new(o, "text", json_string(c->text));
	return o;
}

static int by_id(gconstpointer a, gconstpointer b)
{
	const code_entry *x = *(code_entry *const *)a, *y = *(code_entry *const *)b;

	return strcmp(x->id, y->id);
}

static void list_all(const options *o)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();
	json_t *all = json_array();

	for (const code_entry *c = codes; c->id; c++)
		g_ptr_array_add(sorted, (gpointer)c);
	g_ptr_array_sort(sorted, by_id);
	for (guint i = 0; i < sorted->len; i++) {
		const code_entry *c = g_ptr_array_index(sorted, i);
		if (o->json)
			json_array_append_new(all, as_json(c));
		else
			output_line("%s  %s", c->id, c->title);
	}
	if (o->json)
		output_json(json_pack("{s:i, s:o}", "v", 1, "codes", all));
	else
		json_decref(all);
}

static gboolean is_path(const char *arg)
{
	return strpbrk(arg, "/.") || g_file_test(arg, G_FILE_TEST_EXISTS);
}

int cmd_explain(const options *o, char **args, GError **err)
{
	if (!args[0]) {
		list_all(o);
		return EXIT_DONE;
	}
	for (; *args; args++) {
		const code_entry *c = find(*args);
		if (!c && is_path(*args)) {
			if (!explain_file(o, *args, err))
				return EXIT_INPUT;
			if (o->json)
				return EXIT_DONE;
			continue;
		}
		if (!c) {
			g_autofree char *shown = text_escape(*args, -1);
			error_set(
				err, EXIT_INPUT, "X0126", "there is no code `%s`", shown);
			error_help(err, "a code is X and four digits; `xorch explain` "
					"lists them");
			return EXIT_INPUT;
		}
		if (o->json) {
			json_t *root = as_json(c);
			json_object_set_new(root, "v", json_integer(1));
			output_json(root);
			return EXIT_DONE;
		}
		g_autoptr(GString) text = g_string_new(NULL);
		words_fold(text, c->text, 0, 0, MIN(output_width(), 80));
		output_line("%s: %s\n\n%s%s", c->id, c->title, text->str,
			args[1] ? "\n" : "");
	}
	return EXIT_DONE;
}
