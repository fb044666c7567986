#include "base/error.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "format/git_source.h"
#include "format/git_tags.h"
#include "format/json.h"
#include <unistd.h>

/* `xorch __git`: the child of build/source_git.c. Standard input holds {"url", "rev" or
 * "tag", "expected", "repositories", "dest", "submodules", "home"}; the answer on
 * standard output is {"commit", "tree", "date", "files"} or {"error", "code"}. A line on
 * standard error now and then says that something is still coming. */

static void progress(const char *text, void *data)
{
	(void)data;
	output_people(text);
}

/* {"tags": url}: {"tags": [[name, commit] …]}. */
static int tags(const char *url)
{
	g_autoptr(GError) wrong = NULL;
	g_autoptr(GPtrArray) found = git_tags_list(url, &wrong);

	if (!found) {
		g_autofree char *valid = g_utf8_make_valid(wrong->message, -1);
		output_json(json_pack("{s:s s:i}", "error", valid, "code", wrong->code));
		return wrong->code;
	}
	json_t *list = json_array();
	for (guint i = 0; i < found->len; i++) {
		const git_tag *t = g_ptr_array_index(found, i);
		if (g_utf8_validate(t->name, -1, NULL))
			json_array_append_new(
				list, json_pack("[s, s]", t->name, t->commit));
	}
	output_json(json_pack("{s:o}", "tags", list));
	return EXIT_DONE;
}

int cmd_git(const options *o, char **args, GError **err)
{
	g_autoptr(GIOChannel) in = g_io_channel_unix_new(STDIN_FILENO);
	g_autofree char *text = NULL;
	g_auto(git_result) result = {0};
	g_autoptr(GError) wrong = NULL;
	gsize size;

	(void)o;
	(void)args;
	g_io_channel_set_encoding(in, NULL, NULL);
	if (g_io_channel_read_to_end(in, &text, &size, NULL) != G_IO_STATUS_NORMAL)
		return error_set(err, EXIT_INPUT, "X0820", "cannot read standard input");
	g_autoptr(json_t) j = json_parse(text, size, "standard input", err);
	if (!j)
		return EXIT_INPUT;
	if (json_get_string(j, "tags"))
		return tags(json_get_string(j, "tags"));
	git_source s = {.url = json_get_string(j, "url"),
		.rev = json_get_string(j, "rev"),
		.tag = json_get_string(j, "tag"),
		.expected = json_get_string(j, "expected"),
		.repositories = json_get_string(j, "repositories"),
		.dest = json_get_string(j, "dest"),
		.home = json_get_string(j, "home"),
		.submodules = json_is_true(json_object_get(j, "submodules")),
		.progress = progress};
	if (!s.url || !s.repositories || !s.dest || (!s.rev && !s.tag))
		return error_set(err, EXIT_INPUT, "X0820", "the request is not whole");
	if (git_source_export(&s, &result, &wrong)) {
		output_json(json_pack("{s:s s:s s:I s:i}", "commit", result.commit,
			"tree", result.tree, "date", (json_int_t)result.date, "files",
			(int)result.files));
		return EXIT_DONE;
	}
	g_autofree char *valid = g_utf8_make_valid(wrong->message, -1);
	output_json(json_pack("{s:s s:i}", "error", valid, "code", wrong->code));
	return wrong->code;
}
