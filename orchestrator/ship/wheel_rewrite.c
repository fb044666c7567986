#include "ship/wheel_rewrite.h"
#include "format/digest.h"
#include "format/elf.h"
#include "format/zip_writer.h"
#include <string.h>

static wheel_name new_name(const wheel *w, const wheel_rewrite *how)
{
	wheel_name n = *w->name; /* borrowed fields */

	n.platforms = how->platforms;
	n.build = (char *)(guintptr)how->build;
	return n;
}

char *wheel_rewrite_name(const wheel *w, const wheel_rewrite *how)
{
	wheel_name n = new_name(w, how);

	return wheel_name_format(&n);
}

/* WHEEL: the builder's fields in their order, with Build, Root-Is-Purelib and
 * Tag replaced. */
static char *wheel_file(const wheel *w, const wheel_rewrite *how)
{
	static const char *const ours[] = {"Build", "Root-Is-Purelib", "Tag"};
	GString *out = g_string_new(NULL);
	wheel_name n = new_name(w, how);
	g_autoptr(GPtrArray) tags = wheel_name_tags(&n);
	const char *root = wheel_header(w->info, "Root-Is-Purelib");

	for (guint i = 0; i < w->info->len; i++) {
		const wheel_field *f = g_ptr_array_index(w->info, i);
		gboolean skip = FALSE;
		for (gsize k = 0; k < G_N_ELEMENTS(ours); k++)
			skip = skip || g_ascii_strcasecmp(f->key, ours[k]) == 0;
		if (!skip && !strchr(f->value, '\n'))
			g_string_append_printf(out, "%s: %s\n", f->key, f->value);
	}
	g_string_append_printf(out, "Root-Is-Purelib: %s\n",
		how->pure && root && g_ascii_strcasecmp(root, "true") == 0 ? "true"
									   : "false");
	for (guint i = 0; i < tags->len; i++)
		g_string_append_printf(
			out, "Tag: %s\n", (char *)g_ptr_array_index(tags, i));
	if (how->build)
		g_string_append_printf(out, "Build: %s\n", how->build);
	return g_string_free(out, FALSE);
}

/* Members in writing order: .dist-info (which says what is in the wheel) last. */
typedef struct member {
	const char *name;
	const zip_entry *entry; /* NULL for a new one */
	gboolean info;
} member;

static int in_order(gconstpointer a, gconstpointer b)
{
	const member *x = a, *y = b;

	if (x->info != y->info)
		return x->info ? 1 : -1;
	return strcmp(x->name, y->name);
}

static GArray *members_of(const wheel *w, const wheel_rewrite *how)
{
	GArray *list = g_array_new(FALSE, FALSE, sizeof(member));

	for (guint i = 0; i < w->zip->n_entries; i++) {
		const zip_entry *e = &w->zip->entries[i];
		member m = {e->name, e, g_str_has_prefix(e->name, w->dist_info)};
		if (e->folder || wheel_is_record(w, e->name))
			continue;
		g_array_append_val(list, m);
	}
	GHashTableIter iter;
	gpointer name;
	if (how->contents)
		g_hash_table_iter_init(&iter, how->contents);
	while (how->contents && g_hash_table_iter_next(&iter, &name, NULL)) {
		member m = {name, NULL, g_str_has_prefix(name, w->dist_info)};
		if (!zip_find(w->zip, name))
			g_array_append_val(list, m);
	}
	g_array_sort(list, in_order);
	return list;
}

static gboolean add(zip_writer *out, GString *record, const char *name, const void *data,
	gsize size, gboolean executable, GError **err)
{
	guint8 sha256[32];

	digest_raw(data, size, sha256);
	wheel_record_append(record, name, sha256, (gint64)size);
	return zip_writer_add(out, name, data, size, executable, err);
}

gboolean wheel_rewrite_to(const wheel *w, const wheel_rewrite *how, int fd, GError **err)
{
	g_autoptr(zip_writer) out = zip_writer_new(fd, w->zip->path, how->mtime);
	g_autoptr(GString) record = g_string_new(NULL);
	g_autoptr(GArray) list = members_of(w, how);
	g_autofree char *wheel_path = g_strconcat(w->dist_info, "WHEEL", NULL);
	g_autofree char *record_path = g_strconcat(w->dist_info, "RECORD", NULL);
	g_autofree char *info = wheel_file(w, how);

	for (guint i = 0; i < list->len; i++) {
		const member *m = &g_array_index(list, member, i);
		const zip_entry *e = m->entry;
		gsize size;
		if (g_str_equal(m->name, wheel_path)) {
			if (!add(out, record, m->name, info, strlen(info), FALSE, err))
				return FALSE;
			continue;
		}
		GBytes *changed = how->contents
					  ? g_hash_table_lookup(how->contents, m->name)
					  : NULL;
		g_autoptr(GBytes) bytes =
			changed ? g_bytes_ref(changed) : zip_read(w->zip, e, err);
		if (!bytes)
			return FALSE;
		const void *data = g_bytes_get_data(bytes, &size);
		/* a new library or program is executable, as installers make it */
		gboolean x = e ? (e->mode & 0111) != 0 : elf_magic(data, size);
		if (!add(out, record, m->name, data, size, x, err))
			return FALSE;
	}
	wheel_record_append(record, record_path, NULL, -1);
	return zip_writer_add(out, record_path, record->str, record->len, FALSE, err) &&
	       zip_writer_finish(out, err);
}
