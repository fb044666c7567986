#include "build/sdist_facts.h"
#include "base/fs.h"
#include "build/fetch.h"
#include "build/rust_cargo.h"
#include "build/source_facts.h"
#include "build/store.h"
#include "format/archive.h"

/* The sdist in a folder of its own, to be removed by fs_remove_tree; the source is `src`
 * in it. New string. */
static char *unpack_sdist(const build_context *ctx, const pypi_project *p,
	const char *version, GError **err)
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
	if (archive_unpack(item->path, dir, &ARCHIVE_SDIST, NULL, err))
		return g_steal_pointer(&work);
	fs_remove_tree(work, NULL);
	return NULL;
}

json_t *sdist_facts_read(const build_context *ctx, const pypi_project *p,
	const char *version, const host_python *python, GError **err)
{
	g_autofree char *work = unpack_sdist(ctx, p, version, err);

	if (!work)
		return NULL;
	g_autofree char *dir = g_build_filename(work, "src", NULL);
	json_t *facts = source_facts_read(ctx, python, dir, err);
	fs_remove_tree(work, NULL);
	return facts;
}

static gboolean resolve(
	const build_context *ctx, const char *source, const char *manifest, GError **err)
{
	const sandbox_info *info = sandbox_choose(SANDBOX_AUTO, err);
	g_auto(rust_toolchain) rust = {0};
	g_autofree char *newest = rust_version_for(NULL);

	if (!info || !rust_prepare(ctx, newest, platform_by_name("aarch64"), &rust, err))
		return FALSE;
	rust_cargo c = {.ctx = ctx,
		.rust = &rust,
		.source = source,
		.manifest = manifest,
		.level = info->level};
	return rust_cargo_resolve(&c, FALSE, err);
}

gboolean sdist_facts_add_crates(const build_context *ctx, const pypi_project *p,
	const char *version, const host_python *python, json_t *facts, GError **err)
{
	static const char *const names[] = {
		"programs", "crate_links", "arm_code", "arm_asks"};
	const char *manifest = json_get_string(facts, "cargo_built");
	g_autofree char *work = manifest ? unpack_sdist(ctx, p, version, err) : NULL;

	if (!work)
		return !manifest;
	g_autofree char *dir = g_build_filename(work, "src", NULL);
	g_autofree char *built = fs_resolve_beneath(dir, manifest, err);
	g_autoptr(json_t) more = built && resolve(ctx, dir, manifest, err)
					 ? source_facts_read(ctx, python, dir, err)
					 : NULL;
	fs_remove_tree(work, NULL);
	for (guint i = 0; more && i < G_N_ELEMENTS(names); i++)
		if (json_object_get(more, names[i]))
			json_object_set(facts, names[i], json_object_get(more, names[i]));
	return more != NULL;
}
