#include "ship/sbom.h"
#include "format/digest.h"
#include "format/project_name.h"
#include "format/purl.h"
#include "format/json.h"
#include <string.h>

static void file_free(void *data)
{
	sbom_file *f = data;

	g_free(f->path);
	g_free(f->sha256);
	g_free(f);
}

sbom_part *sbom_part_new(const char *name, const char *version)
{
	sbom_part *p = g_new0(sbom_part, 1);

	p->name = g_strdup(name);
	p->version = g_strdup(version);
	p->files = g_ptr_array_new_with_free_func(file_free);
	return p;
}

void sbom_part_free(sbom_part *p)
{
	if (!p)
		return;
	g_free(p->name);
	g_free(p->version);
	g_free(p->purl);
	g_free(p->sha256);
	g_free(p->licence);
	g_ptr_array_unref(p->files);
	g_free(p);
}

void sbom_part_add_file(sbom_part *p, const char *path, const char *sha256)
{
	sbom_file *f = g_new0(sbom_file, 1);

	f->path = g_strdup(path);
	f->sha256 = g_strdup(sha256);
	g_ptr_array_add(p->files, f);
}

/* What is known under one purl, gathered. */
typedef struct entry {
	const sbom_part *part; /* the first that said so */
	char *purl;
	GPtrArray *files; /* borrowed sbom_file * */
} entry;

static void entry_free(void *data)
{
	entry *e = data;

	g_free(e->purl);
	g_ptr_array_unref(e->files);
	g_free(e);
}

static char *purl_of(const sbom_part *p)
{
	return p->purl ? g_strdup(p->purl) : purl_generic(p->name, p->version);
}

static int by_purl(gconstpointer a, gconstpointer b)
{
	const entry *x = *(entry *const *)a, *y = *(entry *const *)b;

	return strcmp(x->purl, y->purl);
}

static int by_path(gconstpointer a, gconstpointer b)
{
	const sbom_file *x = *(sbom_file *const *)a, *y = *(sbom_file *const *)b;

	return strcmp(x->path, y->path);
}

static GPtrArray *gather(const GPtrArray *parts)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(entry_free);
	g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint n = 0; n < parts->len; n++) {
		const sbom_part *p = g_ptr_array_index(parts, n);
		g_autofree char *purl = purl_of(p);
		entry *e = g_hash_table_lookup(known, purl);
		if (!e) {
			e = g_new0(entry, 1);
			e->part = p;
			e->purl = g_steal_pointer(&purl);
			e->files = g_ptr_array_new();
			g_hash_table_insert(known, e->purl, e);
			g_ptr_array_add(out, e);
		}
		for (guint k = 0; k < p->files->len; k++)
			g_ptr_array_add(e->files, g_ptr_array_index(p->files, k));
	}
	g_ptr_array_sort(out, by_purl);
	for (guint n = 0; n < out->len; n++)
		g_ptr_array_sort(((entry *)g_ptr_array_index(out, n))->files, by_path);
	return out;
}

static void set_hash(json_t *object, const char *sha256)
{
	if (sha256)
		json_object_set_new(object, "hashes",
			json_pack("[{s:s, s:s}]", "alg", "SHA-256", "content", sha256));
}

static json_t *file_json(const sbom_file *f)
{
	json_t *j = json_object();

	json_object_set_new(j, "type", json_string("file"));
	json_set_text(j, "bom-ref", f->path);
	json_set_text(j, "name", f->path);
	set_hash(j, f->sha256);
	return j;
}

static json_t *entry_json(const entry *e)
{
	const sbom_part *p = e->part;
	json_t *j = json_object(), *files = json_array();

	json_object_set_new(j, "type", json_string("library"));
	json_set_text(j, "bom-ref", e->purl);
	json_set_text(j, "name", p->name);
	json_set_text(j, "version", p->version);
	set_hash(j, p->sha256);
	if (p->licence) {
		json_t *licence = json_object();
		json_t *holder = p->spdx ? licence : json_object();
		json_set_text(licence, p->spdx ? "expression" : "name", p->licence);
		if (!p->spdx)
			json_object_set_new(holder, "license", licence);
		json_object_set_new(j, "licenses", json_pack("[o]", holder));
	}
	json_set_text(j, "purl", e->purl);
	for (guint n = 0; n < e->files->len; n++)
		json_array_append_new(files, file_json(g_ptr_array_index(e->files, n)));
	if (e->files->len)
		json_object_set_new(j, "components", files);
	else
		json_decref(files);
	return j;
}

static char *dump(const json_t *j)
{
	char *raw = json_dumps(j, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	char *out = g_strconcat(raw, "\n", NULL);

	free(raw);
	return out;
}

/* A UUID of the contents (RFC 9562, version 8: as the application likes). */
static char *serial(const char *text)
{
	guint8 h[32];

	digest_raw(text, strlen(text), h);
	h[6] = (guint8)((h[6] & 0x0f) | 0x80);
	h[8] = (guint8)((h[8] & 0x3f) | 0x80);
	GString *out = g_string_new("urn:uuid:");
	for (int n = 0; n < 16; n++)
		g_string_append_printf(out, "%s%02x",
			n == 4 || n == 6 || n == 8 || n == 10 ? "-" : "", h[n]);
	return g_string_free(out, FALSE);
}

char *sbom_text(const char *project, const char *version, const GPtrArray *parts)
{
	g_autofree char *name = project_name_normalize(project);
	g_autofree char *own = purl_pypi(name, version, NULL);
	g_autoptr(GPtrArray) entries = gather(parts);
	json_t *root = json_object(), *list = json_array(), *needs = json_array();
	json_t *subject = json_object();

	json_object_set_new(subject, "type", json_string("library"));
	json_set_text(subject, "bom-ref", own);
	json_set_text(subject, "name", project);
	json_set_text(subject, "version", version);
	json_set_text(subject, "purl", own);
	for (guint n = 0; n < entries->len; n++) {
		const entry *e = g_ptr_array_index(entries, n);
		json_array_append_new(list, entry_json(e));
		json_array_append_new(needs, json_string(e->purl));
	}
	json_object_set_new(root, "bomFormat", json_string("CycloneDX"));
	json_object_set_new(root, "specVersion", json_string("1.5"));
	json_object_set_new(root, "version", json_integer(1));
	json_object_set_new(root, "metadata",
		json_pack("{s:{s:[{s:s, s:s}]}, s:o}", "tools", "components", "type",
			"application", "name", "xorch", "component", subject));
	json_object_set_new(root, "components", list);
	json_object_set_new(root, "dependencies",
		json_pack("[{s:s, s:o}]", "ref", own, "dependsOn", needs));
	g_autofree char *bare = dump(root);
	g_autofree char *number = serial(bare);
	json_object_set_new(root, "serialNumber", json_string(number));
	char *out = dump(root);
	json_decref(root);
	return out;
}
