#include "build/source_kind.h"
#include "base/error.h"
#include "build/debian_source.h"
#include "build/source_debsrc.h"
#include "build/registry.h"
#include "plan/floor_range.h"
#include <string.h>

/* The upstream tarball of a Debian source package: what upstream released, from the
 * archive's mirrors and down its signed chain. */

/* Whose signed_by names the keys of the archive, whatever the suite. */
#define KEYS "debian-keyring"

static char *debsrc_name(const recipe_source *s)
{
	return g_strdup(s->debsrc);
}

gboolean source_debsrc_place(
	const recipe *r, const recipe_source *source, debsrc_place *out, GError **err)
{
	memset(out, 0, sizeof *out);
	out->keys = toolchain_def_find(KEYS, err);
	if (!out->keys)
		return FALSE;
	out->where = (package_source){.suite = source->suite,
		.signed_by = out->keys->packages.debian.signed_by};
	if (source->suite)
		return TRUE;
	out->sysroot = sysroot_def_find(
		r->toolchain.sysroot ? r->toolchain.sysroot : SYSROOT_DEFAULT, err);
	if (out->sysroot && !out->sysroot->packages.debian.suite) { /* of an image */
		sysroot_def_free(out->sysroot);
		out->sysroot = sysroot_def_find(SYSROOT_DEFAULT, err);
	}
	if (!out->sysroot)
		return FALSE;
	out->where = out->sysroot->packages.debian;
	out->where.component = NULL;
	return TRUE;
}

void debsrc_place_clear(debsrc_place *p)
{
	g_clear_pointer(&p->keys, toolchain_def_free);
	g_clear_pointer(&p->sysroot, sysroot_def_free);
}

static gboolean debsrc_lock(const build_context *ctx, item_source *s,
	const recipe_source *source, lock_source *out, GError **err)
{
	const recipe *r = s->recipe;
	const char *version = recipe_source_version(r, source);
	g_auto(debsrc_place) place = {0};
	g_auto(debian_tarball) t = {0};

	if (!source_debsrc_place(r, source, &place, err) ||
		!debian_source_find(ctx, &place.where, source->debsrc, version, &t, err))
		return FALSE;
	out->file = locked_file_new(source->debsrc, version, t.file, t.sha256, t.size);
	out->suite = g_strdup(place.where.suite);
	return TRUE;
}

static gboolean find_urls(fetch_item *f, void *data, GError **err)
{
	const char *path = data;
	g_autoptr(GPtrArray) mirrors = NULL;

	if (!registry_debian(&mirrors, err))
		return FALSE;
	for (guint i = 0; i < mirrors->len; i++) {
		g_autofree char *url =
			g_strdup_printf("%s/%s", (char *)mirrors->pdata[i], path);
		fetch_item_add_url(f, url);
	}
	return TRUE;
}

static gboolean debsrc_fetch(const build_context *ctx, const item *i,
	const recipe_source *source, const lock_source *l, GPtrArray *items, GError **err)
{
	fetch_item *f = source_fetch_item(i, source, l, items, err);
	g_autofree char *folder = debian_source_folder(l->file->name);

	(void)ctx;
	if (!f)
		return FALSE;
	char *path = g_build_filename(folder, l->file->file, NULL);
	item_source_keep(i->source, path, g_free);
	f->allow_http = TRUE; /* the sha256 came down the signed chain */
	f->find_urls = find_urls;
	f->find_urls_data = path;
	return TRUE;
}

const source_kind_ops source_debsrc_ops = {.name = "debsrc",
	.lock_name = debsrc_name,
	.lock = debsrc_lock,
	.fetch = debsrc_fetch,
	.add_to_key = source_locked_add_to_key,
	.unpack = source_archive_unpack};
