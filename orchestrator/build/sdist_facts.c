#include "build/sdist_facts.h"
#include "base/fs.h"
#include "build/fetch.h"
#include "build/source_facts.h"
#include "build/store.h"
#include "format/archive.h"

json_t *sdist_facts_read(const build_context *ctx, const pypi_project *p,
	const char *version, const host_python *python, GError **err)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = ctx->offline};
	const index_file *f = pypi_find_sdist(p, version, err);
	fetch_item *item = f ? pypi_fetch_item(p, f, err) : NULL;

	if (!item)
		return NULL;
	g_ptr_array_add(items, item);
	if (!fetch_blobs(ctx->store, items, &options, err))
		return NULL;
	g_autofree char *work = store_temp_dir(ctx->store, err);
	if (!work)
		return NULL;
	g_autofree char *dir = g_build_filename(work, "src", NULL);
	json_t *facts = archive_unpack(item->path, dir, &ARCHIVE_SDIST, NULL, err)
				? source_facts_read(ctx, python, dir, err)
				: NULL;
	fs_remove_tree(work, NULL);
	return facts;
}
