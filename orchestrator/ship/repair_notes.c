#include "base/fs.h"
#include "format/debian_copyright.h"
#include "format/digest.h"
#include "ship/repair_parts.h"
#include "ship/sbom.h"
#include <string.h>

#define LICENCE_MAX (4 << 20)

/* ---- licences ---- */

/* One licence as .dist-info/licenses/PACKAGE/FILE. */
static gboolean add_licence(
	repairing *r, const char *package, const char *path, GError **err)
{
	g_autoptr(GBytes) bytes = fs_read(path, LICENCE_MAX, err);
	g_autofree char *base = g_path_get_basename(path);

	if (!bytes)
		return FALSE;
	g_hash_table_insert(r->contents,
		g_strdup_printf("%slicenses/%s/%s", r->wheel->dist_info, package, base),
		g_steal_pointer(&bytes));
	return TRUE;
}

static gboolean add_folder_licences(repairing *r, const char *name, GError **err)
{
	g_autofree char *folder = g_build_filename(r->o->licences, name, NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *file;

	while (dir && (file = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(folder, file, NULL);
		if (!add_licence(r, name, path, err))
			return FALSE;
	}
	return TRUE;
}

gboolean repair_add_licences(repairing *r, GError **err)
{
	g_autoptr(GDir) dir = r->o->licences ? g_dir_open(r->o->licences, 0, NULL) : NULL;
	const char *name;

	for (guint n = 0; n < r->grafts->len; n++) {
		const foreign *f = g_ptr_array_index(r->grafts, n);
		if (f->owner->licence &&
			!add_licence(r, f->owner->package, f->owner->licence, err))
			return FALSE;
	}
	for (guint n = 0; r->o->parts && n < r->o->parts->len; n++) {
		const repair_owner *o = g_ptr_array_index(r->o->parts, n);
		if (o->licence && !add_licence(r, o->package, o->licence, err))
			return FALSE;
	}
	while (dir && (name = g_dir_read_name(dir)))
		if (!add_folder_licences(r, name, err))
			return FALSE;
	return TRUE;
}

/* ---- list of parts ---- */

/* In SPDX's words where the owner or debian/copyright says so, else by the latter's. */
static void set_licence(sbom_part *p, const repair_owner *o)
{
	g_autoptr(GBytes) bytes =
		o->licence ? fs_read(o->licence, LICENCE_MAX, NULL) : NULL;

	p->spdx = o->expression != NULL;
	if (o->expression)
		p->licence = g_strdup(o->expression);
	else if (bytes)
		p->licence = debian_copyright_licence(
			g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), &p->spdx);
	if (!p->licence && bytes) {
		g_autofree char *base = g_path_get_basename(o->licence);
		p->licence = g_strdup_printf("see licenses/%s/%s", o->package, base);
	}
}

static sbom_part *part_by(const repair_owner *o, const char *name)
{
	sbom_part *p = sbom_part_new(name, o->version);

	p->purl = g_strdup(o->purl);
	p->sha256 = g_strdup(o->sha256);
	set_licence(p, o);
	return p;
}

static sbom_part *part_of(const repairing *r, const foreign *f)
{
	const repair_owner *o = f->owner;
	sbom_part *p = part_by(o, o->bare ? f->soname : o->package);
	g_autofree char *path = g_strdup_printf("%s/%s", r->folder, f->file);
	GBytes *bytes = g_hash_table_lookup(r->contents, path);
	gsize size = 0;
	const void *data = g_bytes_get_data(bytes, &size);
	g_autofree char *sha256 = digest_bytes(data, size);

	sbom_part_add_file(p, path, sha256);
	return p;
}

/* A wheel that is repaired twice has a list of each time. New string. */
static char *free_name(const repairing *r)
{
	char *name = g_strdup_printf("%ssboms/xorch.cdx.json", r->wheel->dist_info);

	for (int n = 2; zip_find(r->wheel->zip, name); n++) {
		g_free(name);
		name = g_strdup_printf(
			"%ssboms/xorch-%d.cdx.json", r->wheel->dist_info, n);
	}
	return name;
}

void repair_add_sbom(repairing *r)
{
	g_autoptr(GPtrArray) all =
		g_ptr_array_new_with_free_func((GDestroyNotify)sbom_part_free);
	const char *version = wheel_header(r->wheel->metadata, "Version");
	const char *name = wheel_header(r->wheel->metadata, "Name");

	if (!r->o->sbom)
		return;
	for (guint n = 0; n < r->grafts->len; n++)
		g_ptr_array_add(all, part_of(r, g_ptr_array_index(r->grafts, n)));
	for (guint n = 0; r->o->parts && n < r->o->parts->len; n++) {
		const repair_owner *o = g_ptr_array_index(r->o->parts, n);
		g_ptr_array_add(all, part_by(o, o->package));
	}
	if (!all->len)
		return;
	char *text = sbom_text(name ? name : r->wheel->name->name,
		version ? version : r->wheel->name->version, all);
	g_hash_table_insert(
		r->contents, free_name(r), g_bytes_new_take(text, strlen(text)));
}
