#include "cli/repair_provenance.h"
#include "base/fs.h"
#include "build/pipeline_provenance.h"
#include "build/provenance_list.h"
#include "format/digest.h"
#include "format/intoto.h"
#include "format/project_name.h"
#include "format/purl.h"
#include "format/wheel_name.h"
#include <string.h>

#define STATEMENT_MAX (64 << 20)

void repair_provenance_clear(repair_provenance *p)
{
	g_clear_pointer(&p->sha256, g_free);
	g_clear_pointer(&p->sysroot, package_section_free);
	g_clear_pointer(&p->tools, json_decref);
	g_clear_pointer(&p->definitions, json_decref);
}

/* ---- what may fail ---- */

static gboolean add_definition(provenance_list *l, const char *path, GError **err)
{
	g_autofree char *lock = catalog_lock_path(path);
	const char *const both[] = {path, lock};

	for (gsize n = 0; n < G_N_ELEMENTS(both); n++) {
		g_autofree char *name = provenance_definition_name(both[n]);
		g_autofree char *hex = NULL;
		if (!g_file_test(both[n], G_FILE_TEST_EXISTS))
			continue;
		hex = digest_file(both[n], NULL, err);
		if (!hex)
			return FALSE;
		provenance_add(l, "definition", name, NULL, hex);
	}
	return TRUE;
}

static gboolean add_patchelf(provenance_list *l, GError **err)
{
	g_autofree char *path = provenance_add_tool(l, "patchelf", err);

	return path && add_definition(l, path, err);
}

/* Whether libraries were looked for elsewhere than in folders of --lib-dir. */
static gboolean asked_sysroot(const GPtrArray *owners)
{
	for (guint n = 0; n < owners->len; n++) {
		const repair_owner *o = g_ptr_array_index(owners, n);
		if (!o->bare)
			return TRUE;
	}
	return FALSE;
}

gboolean repair_provenance_prepare(
	repair_provenance *p, const repair_libraries *l, GError **err)
{
	const platform *target = p->how->platform;
	g_auto(provenance_list) tools = {0}, definitions = {0};
	gsize size;
	const void *data = g_bytes_get_data(p->bytes, &size);

	provenance_list_init(&tools);
	provenance_list_init(&definitions);
	p->sha256 = digest_bytes(data, size);
	p->def = target ? repair_libraries_sysroot(l) : NULL;
	if (p->how->patchelf && !add_patchelf(&tools, err))
		return FALSE;
	if (asked_sysroot(p->how->owners)) {
		p->suite = repair_libraries_packages(l, target);
		p->sysroot = repair_libraries_section(l, target, err);
		if (!p->sysroot || !add_definition(&definitions, p->def->path, err))
			return FALSE;
	}
	p->tools = json_incref(tools.rows);
	p->definitions = json_incref(definitions.rows);
	return TRUE;
}

/* ---- rows ---- */

static const locked_package *by_sha256(const GPtrArray *packages, const char *hex)
{
	for (guint n = 0; hex && packages && n < packages->len; n++) {
		const locked_package *l = g_ptr_array_index(packages, n);
		if (g_str_equal(l->sha256, hex))
			return l;
	}
	return NULL;
}

static json_t *row_with_uri(const provenance_list *l, const char *uri)
{
	gsize n;
	json_t *row;

	json_array_foreach(l->rows, n, row)
	{
		if (g_strcmp0(json_get_string(row, "uri"), uri) == 0)
			return row;
	}
	return NULL;
}

/* What it takes to have the very file again. */
static void annotate_package(
	json_t *row, const repair_provenance *p, const locked_package *l)
{
	provenance_annotate(row, "package", json_text(l->name));
	provenance_annotate(row, "version", json_text(l->version));
	if (!package_def_is_debian(&p->def->packages))
		return;
	provenance_annotate(row, "suite", json_text(p->def->packages.debian.suite));
	provenance_annotate(row, "path", json_text(l->path));
	provenance_annotate(row, "size", json_integer(l->size));
}

/* The row of the package that a library was taken from, added if need be. */
static json_t *package_row(
	const repair_provenance *p, provenance_list *l, const repair_graft *g)
{
	const locked_package *own =
		by_sha256(p->sysroot ? p->sysroot->packages : NULL, g->package_sha256);
	const locked_package *locked = own ? own : by_sha256(p->suite, g->package_sha256);
	gboolean of_suite = locked && !own;
	g_autofree char *purpose =
		g_strdup_printf("%s %s", of_suite ? "suite" : "sysroot",
			of_suite ? p->def->packages.debian.suite : p->def->name);
	g_autofree char *file = g_path_get_basename(locked ? locked->path : g->package);
	g_autofree char *uri =
		g->purl ? g_strdup(g->purl) : purl_generic(g->package, g->version);
	json_t *row = row_with_uri(l, uri);

	/* of an image: its package is one of what was pinned */
	if (!row && p->sysroot && *p->sysroot->image) {
		provenance_add_section(l, purpose, p->sysroot, &p->def->packages);
		row = row_with_uri(l, uri);
	}
	if (row)
		return row;
	row = provenance_add(l, purpose, file, uri, g->package_sha256);
	if (locked)
		annotate_package(row, p, locked);
	return row;
}

static json_t *graft_row(
	const repair_provenance *p, provenance_list *l, const repair_graft *g)
{
	g_autofree char *soname = g_utf8_make_valid(g->soname, -1);

	return g->package ? package_row(p, l, g)
			  : provenance_add(l, REPAIR_FOR_FOLDER, soname, NULL, g->sha256);
}

static void add_library(json_t *row, const repair_graft *g)
{
	json_t *annotations = json_get_object(row, "annotations");
	json_t *list = json_get_array(annotations, "libraries");

	if (!annotations)
		return;
	if (!list) {
		list = json_array();
		json_object_set_new(annotations, "libraries", list);
	}
	json_array_append_new(
		list, json_pack("{s:o, s:o, s:s}", "soname", json_text(g->soname), "file",
			      json_text(g->file), "sha256", g->sha256));
}

/* What it is by its own name; where it came from nobody said. New string, or NULL. */
static char *wheel_uri(const char *file)
{
	g_autoptr(wheel_name) n = wheel_name_parse(file, NULL);
	g_autofree char *name = n ? project_name_normalize(n->name) : NULL;

	return n ? purl_pypi(name, n->version, file) : NULL;
}

static json_t *dependencies(const repair_provenance *p)
{
	g_auto(provenance_list) l = {0};
	g_autofree char *uri = wheel_uri(p->name);
	const GPtrArray *grafts = p->result->grafts;
	gboolean packages = FALSE;

	provenance_list_init(&l);
	provenance_add(&l, REPAIR_FOR_WHEEL, p->name, uri, p->sha256);
	for (guint n = 0; grafts && n < grafts->len; n++) {
		const repair_graft *g = g_ptr_array_index(grafts, n);
		add_library(graft_row(p, &l, g), g);
		packages |= g->package != NULL;
	}
	if (packages)
		json_array_extend(l.rows, p->definitions);
	json_array_extend(l.rows, p->tools);
	return json_incref(l.rows);
}

/* ---- parameters ---- */

static json_t *external(const repair_provenance *p)
{
	const char *epoch = g_getenv("SOURCE_DATE_EPOCH");
	const repair_options *how = p->how;
	json_t *out = json_pack("{s:{s:o, s:{s:s}}}", "wheel", "name", json_text(p->name),
		"digest", "sha256", p->sha256);

	json_set_text(out, "target", how->platform ? how->platform->name : NULL);
	json_set_text(out, "sysroot", p->def ? p->def->name : NULL);
	json_set_text(out, "floor", how->floor);
	json_set_text(out, "sourceDateEpoch", epoch);
	if (how->exclude && how->exclude->len)
		json_object_set_new(out, "excludeLibraries", json_texts(how->exclude));
	return out;
}

static json_t *tags(char **names, const char *tag)
{
	json_t *list = json_array();

	for (char **t = names; t && *t; t++)
		json_array_append_new(list, json_text(*t));
	return json_pack("{s:o, s:o}", "platforms", list, "tag", json_text(tag));
}

static json_t *internal(const repair_provenance *p)
{
	const wheel_result *r = p->result;

	return json_pack("{s:o, s:o}", "before", tags(p->platforms, r->tag_before),
		"after", tags(r->tags, r->report->tag));
}

static json_t *predicate(const repair_provenance *p)
{
	return json_pack("{s:{s:s, s:o, s:o, s:o}, s:{s:{s:s, s:{s:s}}}}",
		"buildDefinition", "buildType", PROVENANCE_REPAIR_TYPE,
		"externalParameters", external(p), "internalParameters", internal(p),
		"resolvedDependencies", dependencies(p), "runDetails", "builder", "id",
		PROVENANCE_BUILDER, "version", "xorch", XORCH_VERSION);
}

/* ---- the text ---- */

/* All that stands beside the wheel as it came, signatures included, when a statement on
 * these very bytes is among it. New string, or NULL. */
static char *kept_text(const repair_provenance *p)
{
	g_autofree char *file = g_strconcat(p->path, INTOTO_SUFFIX, NULL);
	g_autoptr(GBytes) bytes = fs_read(file, STATEMENT_MAX, NULL);
	gsize size = 0;
	const char *text = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	g_autoptr(json_t) s = text ? intoto_read(text, size, file, NULL, NULL) : NULL;

	if (!s || g_strcmp0(intoto_sha256(s), p->sha256) != 0 || memchr(text, 0, size))
		return NULL;
	return g_strndup(text, size);
}

char *repair_provenance_text(const char *name, const char *sha256, const void *data)
{
	const repair_provenance *p = data;
	char *kept = p->keep && g_str_equal(sha256, p->sha256) ? kept_text(p) : NULL;
	g_autoptr(json_t) all = kept ? NULL : predicate(p);

	return kept ? kept : intoto_line(name, sha256, all);
}
