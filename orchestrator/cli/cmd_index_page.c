#include "base/error.h"
#include "build/fetch.h"
#include "build/pypi.h"
#include "build/registry.h"
#include "cli/common.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "format/http_url.h"

/* `xorch __index NAME [VERSION]`: what the package index says, for the tests of
 * registries and index pages. With a version its sdist is fetched and the path
 * printed; without, the newest version. No argument: the registries. */

static int show_registries(GError **err)
{
	g_autoptr(GPtrArray) debian = NULL, pypi = NULL;

	if (!registry_debian(&debian, err) || !registry_pypi_all(&pypi, err))
		return EXIT_INPUT;
	for (guint i = 0; i < debian->len; i++) {
		g_autofree char *shown = http_url_show(debian->pdata[i]);
		output_line("debian %s", shown);
	}
	for (guint i = 0; i < pypi->len; i++) {
		g_autofree char *shown = http_url_show(pypi->pdata[i]);
		output_line("pypi %s", shown);
	}
	return EXIT_DONE;
}

static int fetch_sdist(
	const build_context *c, const pypi_project *p, const char *version, GError **err)
{
	const index_file *f = pypi_find_sdist(p, version, err);
	fetch_item *item = f ? pypi_fetch_item(p, f, err) : NULL;
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options how = {.offline = c->offline};

	if (!item)
		return EXIT_NETWORK;
	g_ptr_array_add(items, item);
	if (!fetch_blobs(c->store, items, &how, err))
		return EXIT_NETWORK;
	output_line("%s", item->path);
	return EXIT_DONE;
}

int cmd_index_page(const options *o, char **args, GError **err)
{
	build_context c;
	int code = EXIT_NETWORK;

	if (!args[0])
		return show_registries(err);
	if (!common_open(o, &c, err))
		return EXIT_HOST;
	g_autoptr(pypi_project) p = pypi_project_get(&c, args[0], err);
	if (p && args[1]) {
		code = fetch_sdist(&c, p, args[1], err);
	} else if (p) {
		g_autofree char *newest = pypi_newest(p, NULL, err);
		if (newest) {
			output_line("%s", newest);
			code = EXIT_DONE;
		}
	}
	common_close(&c);
	return code;
}
