#include "ship/wheel_compare.h"
#include "base/error.h"
#include "format/zip.h"
#include <string.h>

static gsize first_difference(GBytes *a, GBytes *b)
{
	gsize na, nb, n = 0;
	const guint8 *pa = g_bytes_get_data(a, &na), *pb = g_bytes_get_data(b, &nb);

	while (n < na && n < nb && pa[n] == pb[n])
		n++;
	return n;
}

static gboolean differs(const char *member, const char *how, GError **err)
{
	g_autofree char *shown = text_escape(member, -1);

	error_set(err, EXIT_AUDIT, "X0729", "two builds of the same inputs differ");
	error_line(err, "first: %s, %s", shown, how);
	error_help(err,
		"usual causes: a time, a random number, a folder's name or the order of "
		"files in what the build writes; `--keep` keeps both build folders");
	return FALSE;
}

static gboolean compare_member(const zip_file *a, const zip_file *b, const zip_entry *ea,
	const zip_entry *eb, GError **err)
{
	g_autoptr(GBytes) ba = zip_read(a, ea, err);
	g_autoptr(GBytes) bb = ba ? zip_read(b, eb, err) : NULL;

	if (!bb)
		return FALSE;
	if (g_bytes_equal(ba, bb))
		return TRUE;
	g_autofree char *how = g_strdup_printf("from byte %" G_GSIZE_FORMAT
					       " (%" G_GSIZE_FORMAT
					       " and %" G_GSIZE_FORMAT " bytes)",
		first_difference(ba, bb), g_bytes_get_size(ba), g_bytes_get_size(bb));
	return differs(ea->name, how, err);
}

gboolean wheel_same_bytes(const char *first, const char *second, GError **err)
{
	g_autoptr(zip_file) a = zip_open(first, err);
	g_autoptr(zip_file) b = a ? zip_open(second, err) : NULL;

	if (!b)
		return FALSE;
	if (g_bytes_equal(a->bytes, b->bytes))
		return TRUE;
	/* The hashes of RECORD differ whenever a member does: it says nothing first. */
	const zip_entry *record = NULL;
	for (guint n = 0; n < a->n_entries; n++) {
		const zip_entry *ea = &a->entries[n];
		const zip_entry *eb = zip_find(b, ea->name);
		if (!eb)
			return differs(ea->name, "only in the first", err);
		if (g_str_has_suffix(ea->name, ".dist-info/RECORD"))
			record = ea;
		else if (!compare_member(a, b, ea, eb, err))
			return FALSE;
	}
	for (guint n = 0; n < b->n_entries; n++)
		if (!zip_find(a, b->entries[n].name))
			return differs(b->entries[n].name, "only in the second", err);
	if (record && !compare_member(a, b, record, zip_find(b, record->name), err))
		return FALSE;
	return differs("the container", "names, order, modes or dates of members", err);
}
