#include "build/package_alternatives.h"
#include "base/fs.h"
#include "build/package_files.h"
#include "format/deb.h"
#include "format/debian_alternatives.h"
#include "format/member_name.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SCRIPT_MAX (1 << 20)

static gboolean is_for_building(const char *link)
{
	return g_str_has_prefix(link, "usr/lib/") ||
	       g_str_has_prefix(link, "usr/include/");
}

/* The highest of those whose package is there is what counts: libhdf5-dev ranks one of
 * MPI's above its own. */
static gboolean is_there(const char *dir, const debian_alternative *a)
{
	g_autofree char *to = fs_resolve_beneath(dir, a->path, NULL);

	return to && g_file_test(to, G_FILE_TEST_EXISTS);
}

static gboolean collect(const build_context *ctx, const locked_package *p,
	const char *dir, GHashTable *best, GError **err)
{
	g_autofree char *label = NULL;
	g_autofree char *blob = package_files_blob(ctx, p, &label, err);
	g_autoptr(GError) error = NULL;

	if (!blob)
		return FALSE;
	g_autoptr(GBytes) bytes = deb_script(blob, label, "postinst", SCRIPT_MAX, &error);
	if (error) {
		g_propagate_error(err, g_steal_pointer(&error));
		return FALSE;
	}
	if (!bytes)
		return TRUE;
	g_autofree char *text =
		g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	g_autoptr(GPtrArray) found = debian_alternatives_parse(text);
	while (found->len) {
		debian_alternative *a = g_ptr_array_steal_index(found, 0);
		const debian_alternative *other = g_hash_table_lookup(best, a->link);
		if (is_for_building(a->link) && is_there(dir, a) &&
			(!other || other->rank < a->rank))
			g_hash_table_replace(best, a->link, a);
		else
			debian_alternative_free(a);
	}
	return TRUE;
}

static gboolean lay(const char *dir, const debian_alternative *a, GError **err)
{
	g_autofree char *from = g_build_filename(dir, a->link, NULL);
	g_autofree char *folder = g_path_get_dirname(a->link);
	g_autofree char *in = NULL;

	if (g_file_test(from, G_FILE_TEST_IS_SYMLINK) ||
		g_file_test(from, G_FILE_TEST_EXISTS))
		return TRUE;
	/* in a folder that the packages have, so no link of theirs is followed out */
	in = fs_resolve_beneath(dir, folder, NULL);
	if (!in || !g_file_test(in, G_FILE_TEST_IS_DIR))
		return TRUE;
	g_autofree char *target = member_link_relative(a->link, a->path);
	return !symlink(target, from) || fs_fail(err, errno, "make the link", from, 0);
}

static int by_link(gconstpointer a, gconstpointer b)
{
	return strcmp((*(debian_alternative *const *)a)->link,
		(*(debian_alternative *const *)b)->link);
}

gboolean package_alternatives_lay(const build_context *ctx, const GPtrArray *packages,
	const char *dir, GError **err)
{
	g_autoptr(GHashTable) best = g_hash_table_new_full(
		g_str_hash, g_str_equal, NULL, (GDestroyNotify)debian_alternative_free);

	for (guint i = 0; i < packages->len; i++)
		if (!collect(ctx, g_ptr_array_index(packages, i), dir, best, err))
			return FALSE;
	g_autoptr(GPtrArray) all = g_ptr_array_new();
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, best);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		g_ptr_array_add(all, value);
	g_ptr_array_sort(all, by_link);
	for (guint i = 0; i < all->len; i++)
		if (!lay(dir, g_ptr_array_index(all, i), err))
			return FALSE;
	return TRUE;
}
