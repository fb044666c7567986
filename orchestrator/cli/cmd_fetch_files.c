#include "base/error.h"
#include "build/fetch.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "format/json.h"
#include <unistd.h>

/* `xorch __fetch`: the fetcher alone, for the fault tests. Standard input holds
 * a list of {"label", "sha256", "size", "urls", "where", "max", "allow_http"};
 * the paths in the store are printed in its order. With an argument: that URL as
 * a document of at most `max` (second argument) bytes, to standard output. */

static gboolean add_item(GPtrArray *items, const json_t *o, GError **err)
{
	const char *label = json_get_string(o, "label");
	fetch_item *item = fetch_item_new(label ? label : "file",
		json_get_string(o, "sha256"), json_get_int(o, "size", -1), err);
	json_t *urls = json_get_array(o, "urls"), *url;
	size_t i;

	if (!item)
		return FALSE;
	g_ptr_array_add(items, item);
	item->where = g_strdup(json_get_string(o, "where"));
	item->max_size = json_get_int(o, "max", item->max_size);
	item->allow_http = json_is_true(json_object_get(o, "allow_http"));
	json_array_foreach(urls, i, url) fetch_item_add_url(item, json_string_value(url));
	return TRUE;
}

static int fetch_one_document(const options *o, char **args, GError **err)
{
	fetch_document d = {
		.label = "document",
		.urls = (const char *const[]){args[0], NULL},
		.max_size = args[1] ? g_ascii_strtoull(args[1], NULL, 10) : 32 << 20,
		.compressed = TRUE,
		.offline = o->offline,
	};
	gsize size;

	if (!fetch_document_get(&d, err))
		return EXIT_NETWORK;
	const char *text = g_bytes_get_data(d.body, &size);
	output_line("%s %.*s", d.content_type, (int)size, text);
	fetch_document_clear(&d);
	return EXIT_DONE;
}

int cmd_fetch_files(const options *o, char **args, GError **err)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	build_context c;
	json_t *entry;
	size_t i;

	if (args[0])
		return fetch_one_document(o, args, err);
	g_autoptr(GIOChannel) in = g_io_channel_unix_new(STDIN_FILENO);
	g_autofree char *text = NULL;
	gsize size;
	g_io_channel_set_encoding(in, NULL, NULL);
	if (g_io_channel_read_to_end(in, &text, &size, NULL) != G_IO_STATUS_NORMAL)
		return error_set(err, EXIT_INPUT, "X0820", "cannot read standard input");
	g_autoptr(json_t) root = json_parse(text, size, "standard input", err);
	if (!root)
		return EXIT_INPUT;
	json_array_foreach(
		root, i, entry) if (!add_item(items, entry, err)) return EXIT_INPUT;
	if (!common_open(o, &c, err))
		return EXIT_HOST;
	fetch_options how = {.offline = c.offline, .jobs = o->jobs};
	gboolean ok = fetch_blobs(c.store, items, &how, err);
	for (i = 0; ok && i < items->len; i++)
		output_line("%s", ((fetch_item *)items->pdata[i])->path);
	common_close(&c);
	return ok ? EXIT_DONE : EXIT_NETWORK;
}
