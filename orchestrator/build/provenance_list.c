#include "build/provenance_list.h"
#include "build/beside.h"
#include "build/package_image.h"
#include "format/oci_reference.h"
#include "format/purl.h"
#include "plan/catalog.h"
#include <string.h>

void provenance_list_init(provenance_list *l)
{
	l->rows = json_array();
	l->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

void provenance_list_clear(provenance_list *l)
{
	g_clear_pointer(&l->rows, json_decref);
	g_clear_pointer(&l->seen, g_hash_table_unref);
}

/* RFC 6920, 3 and 4: base64url without padding. New string, or NULL. */
static char *named_information(const char *sha256)
{
	guint8 raw[32];

	for (gsize n = 0; n < sizeof raw; n++) {
		int high = g_ascii_xdigit_value(sha256[2 * n]);
		int low = high < 0 ? -1 : g_ascii_xdigit_value(sha256[2 * n + 1]);
		if (low < 0)
			return NULL;
		raw[n] = (guint8)(high << 4 | low);
	}
	g_autofree char *code = g_base64_encode(raw, sizeof raw);
	code[strcspn(code, "=")] = '\0';
	for (char *c = code; *c; c++)
		*c = *c == '+' ? '-' : *c == '/' ? '_' : *c;
	return g_strconcat("ni:///sha-256;", code, NULL);
}

json_t *provenance_add(provenance_list *l, const char *purpose, const char *name,
	const char *uri, const char *sha256)
{
	g_autofree char *id =
		g_strdup_printf("%s %s %s", name, uri ? uri : "", sha256 ? sha256 : "");

	if (!g_hash_table_add(l->seen, g_steal_pointer(&id)))
		return NULL;
	g_autofree char *own = uri || !sha256 ? NULL : named_information(sha256);
	json_t *row = json_pack("{s:s, s:s*, s:{s:s}}", "name", name, "uri",
		uri ? uri : own, "annotations", "for", purpose);
	if (sha256)
		json_object_set_new(row, "digest", json_pack("{s:s}", "sha256", sha256));
	json_array_append_new(l->rows, row);
	return row;
}

void provenance_annotate(json_t *row, const char *name, json_t *value)
{
	if (row)
		json_object_set_new(json_get_object(row, "annotations"), name, value);
	else
		json_decref(value);
}

void provenance_add_file(provenance_list *l, const char *purpose, const locked_file *f)
{
	g_autofree char *uri = purl_pypi(f->name, f->version, f->file);

	provenance_add(l, purpose, f->file, uri, f->sha256);
}

void provenance_add_files(provenance_list *l, const char *purpose, const GPtrArray *files)
{
	for (guint n = 0; files && n < files->len; n++) {
		const locked_file *f = g_ptr_array_index(files, n);
		if (f->file) /* else by a recipe, which is there itself */
			provenance_add_file(l, purpose, f);
	}
}

/* pool/main/g/glibc/libc6_2.31-13_arm64.deb -> arm64. New string or NULL. */
static char *deb_arch(const char *path)
{
	const char *underscore = strrchr(path, '_');

	if (!underscore || !g_str_has_suffix(underscore, ".deb"))
		return NULL;
	return g_strndup(underscore + 1, strlen(underscore) - 1 - strlen(".deb"));
}

static void add_deb(provenance_list *l, const char *purpose, const char *suite,
	const locked_package *p)
{
	g_autofree char *arch = deb_arch(p->path);
	g_autofree char *file = g_path_get_basename(p->path);
	/* one of another architecture is called NAME:ARCH */
	g_autofree char *name = g_strndup(p->name, strcspn(p->name, ":"));
	g_autofree char *uri = purl_debian(name, p->version, arch, suite);

	provenance_add(l, purpose, file, uri, p->sha256);
}

/* baseos/Packages/glibc-2.28-251.el8.aarch64.rpm */
static void add_rpm(provenance_list *l, const char *purpose, const char *distribution,
	const locked_package *p)
{
	g_autofree char *file = g_path_get_basename(p->path);
	g_autofree char *stem = g_strndup(file, strlen(file) - strlen(".rpm"));
	const char *dot = strrchr(stem, '.');
	g_autofree char *uri =
		purl_rpm(distribution, p->name, p->version, dot ? dot + 1 : NULL);

	provenance_add(l, purpose, file, uri, p->sha256);
}

void provenance_add_packages(provenance_list *l, const char *purpose, const char *suite,
	const GPtrArray *packages)
{
	for (guint n = 0; packages && n < packages->len; n++)
		add_deb(l, purpose, suite, g_ptr_array_index(packages, n));
}

static void add_wheel(provenance_list *l, const char *purpose, const locked_package *p)
{
	g_autofree char *uri = purl_pypi(p->name, p->version, p->path);

	provenance_add(l, purpose, p->path, uri, p->sha256);
}

/* Where the image's own registry has a layer (OCI distribution 1.1, end-2), whatever
 * mirror it came from. New string, or NULL. */
static char *layer_uri(const oci_reference *r, const locked_package *p)
{
	static const char hub[] = "docker.io";
	const char *host = !r			       ? NULL
			   : g_str_equal(r->host, hub) ? "registry-1.docker.io"
						       : r->host;

	return host ? g_strdup_printf("https://%s/v2/%s/%s", host, r->repository, p->path)
		    : NULL;
}

static void add_image(provenance_list *l, const char *purpose, const package_section *s)
{
	const char *reason;
	g_autofree char *uri = package_image_purl(s);
	g_autoptr(oci_reference) image = oci_reference_parse(s->image, &reason);

	provenance_add(l, purpose, s->image, uri, s->manifest);
	for (guint n = 0; n < s->packages->len; n++) {
		const locked_package *p = g_ptr_array_index(s->packages, n);
		g_autofree char *name = g_path_get_basename(p->path);
		g_autofree char *from = layer_uri(image, p);
		provenance_add(l, purpose, name, from, p->sha256);
	}
}

void provenance_add_section(provenance_list *l, const char *purpose,
	const package_section *s, const package_def *def)
{
	if (s->image && *s->image) {
		add_image(l, purpose, s);
		return;
	}
	for (guint n = 0; n < s->packages->len; n++) {
		const locked_package *p = g_ptr_array_index(s->packages, n);
		if (g_str_has_suffix(p->path, ".deb")) {
			add_deb(l, purpose, s->suite, p);
			continue;
		}
		if (g_str_has_suffix(p->path, ".rpm")) {
			add_rpm(l, purpose, def->rpm.distribution, p);
			continue;
		}
		add_wheel(l, purpose, p);
	}
}

char *provenance_add_tool(provenance_list *l, const char *name, GError **err)
{
	g_autoptr(toolchain_def) def = toolchain_def_find(name, err);
	g_autofree char *path = def ? catalog_lock_path(def->path) : NULL;
	g_autofree char *purpose = g_strdup_printf("toolchain %s", name);
	g_autoptr(package_lock) lock = path ? package_lock_load(path, name, err) : NULL;

	if (!lock)
		return NULL;
	for (guint n = 0; n < lock->sections->len; n++) {
		const package_section *s = g_ptr_array_index(lock->sections, n);
		const locked_package *p =
			s->packages->len ? beside_choose(s, name, NULL) : NULL;
		if (p)
			add_wheel(l, purpose, p);
	}
	return g_strdup(def->path);
}

char *provenance_definition_name(const char *path)
{
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *folder = g_path_get_basename(dir);
	g_autofree char *file = g_path_get_basename(path);

	return g_strconcat(folder, "/", file, NULL);
}

void provenance_add_crates(provenance_list *l, const GPtrArray *crates)
{
	for (guint n = 0; crates && n < crates->len; n++) {
		const locked_file *f = g_ptr_array_index(crates, n);
		g_autofree char *uri = purl_cargo(f->name, f->version);
		provenance_add(l, "crate", f->file, uri, f->sha256);
	}
}

void provenance_add_modules(provenance_list *l, const lock_go *go)
{
	for (guint n = 0; go->modules && n < go->modules->len; n++) {
		const lock_module *m = g_ptr_array_index(go->modules, n);
		g_autofree char *name = g_strdup_printf("%s@%s", m->path, m->version);
		g_autofree char *mod = g_strconcat(name, " go.mod", NULL);
		g_autofree char *uri = purl_golang(m->path, m->version, NULL);
		g_autofree char *mod_uri = purl_golang(m->path, m->version, "go.mod");
		if (m->sha256)
			provenance_annotate(
				provenance_add(l, "module", name, uri, m->sha256), "h1",
				json_string(m->h1));
		provenance_add(l, "module", mod, mod_uri, m->mod_sha256);
	}
}
