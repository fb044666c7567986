#include "build/linked_archives.h"
#include "base/fs.h"
#include "format/link_map.h"
#include "format/zip.h"
#include <string.h>

/* Of a module with debug sections by function; larger ones are of no use here. */
#define MAP_MAX (256 << 20)
#define MAPS_MAX 20000

static GPtrArray *strings_new(void)
{
	return g_ptr_array_new_with_free_func(g_free);
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* layout -> GPtrArray of archives, of all maps with that layout. */
static GHashTable *read_maps(const char *folder)
{
	GHashTable *out = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
	g_autoptr(GDir) d = g_dir_open(folder, 0, NULL);
	const char *name;

	for (guint n = 0; d && (name = g_dir_read_name(d)) && n < MAPS_MAX; n++) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autoptr(GBytes) bytes = g_file_test(path, G_FILE_TEST_IS_SYMLINK)
						  ? NULL
						  : fs_read(path, MAP_MAX, NULL);
		if (!bytes)
			continue;
		g_autoptr(link_map) map = link_map_parse(
			g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
		if (!*map->layout)
			continue;
		GPtrArray *known = g_hash_table_lookup(out, map->layout);
		if (!known) {
			known = strings_new();
			g_hash_table_insert(out, g_steal_pointer(&map->layout), known);
		}
		g_ptr_array_extend_and_steal(known, g_steal_pointer(&map->archives));
	}
	return out;
}

/* FALSE: an ELF file that no map fits. */
static gboolean add_file(
	GHashTable *maps, GBytes *bytes, const char *name, GPtrArray *out)
{
	g_autoptr(elf_file) f =
		elf_magic(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes))
			? elf_file_open(bytes, name, 0, NULL)
			: NULL;
	g_autofree char *layout = f ? link_map_layout(f) : NULL;
	const GPtrArray *archives = layout ? g_hash_table_lookup(maps, layout) : NULL;

	for (guint n = 0; archives && n < archives->len; n++) {
		const char *path = g_ptr_array_index(archives, n);
		if (!g_ptr_array_find_with_equal_func(out, path, g_str_equal, NULL))
			g_ptr_array_add(out, g_strdup(path));
	}
	return !f || archives;
}

GPtrArray *linked_archives(const char *wheel, const char *folder, GPtrArray *unknown)
{
	GPtrArray *out = strings_new();
	g_autoptr(zip_file) zip = zip_open(wheel, NULL);
	g_autoptr(GHashTable) maps = read_maps(folder);

	for (guint n = 0; zip && n < zip->n_entries; n++) {
		const zip_entry *e = &zip->entries[n];
		g_autoptr(GBytes) bytes = e->folder || g_str_has_suffix(e->name, ".py")
						  ? NULL
						  : zip_read(zip, e, NULL);
		if (bytes && !add_file(maps, bytes, e->name, out) && unknown)
			g_ptr_array_add(unknown, g_strdup(e->name));
	}
	g_ptr_array_sort(out, by_text);
	return out;
}
