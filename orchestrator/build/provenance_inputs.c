#include "build/provenance_inputs.h"
#include "base/error.h"
#include "build/go.h"
#include "build/item_record.h"
#include "build/overlay_choose.h"
#include "build/pipeline_graft.h"
#include "build/pipeline_host.h"
#include "build/pipeline_private.h"
#include "build/python_toml.h"
#include "build/rust.h"
#include "build/source_kind.h"
#include "build/step_overlay.h"
#include "build/step_rust.h"
#include "build/sysroot.h"
#include "format/public_url.h"
#include "format/purl.h"
#include "plan/lock_wraps.h"
#include <string.h>

typedef struct collector {
	pipeline *p;
	item *i;
	provenance_list *l;
	GPtrArray *definitions;
} collector;

void provenance_items(item *i, GPtrArray *out)
{
	if (g_ptr_array_find(out, i, NULL))
		return;
	g_ptr_array_add(out, i);
	for (guint n = 0; n < i->needs->len; n++) {
		item *other = g_ptr_array_index(i->needs, n);
		if (other->recipe && other->recipe->kind == RECIPE_LIBRARY)
			provenance_items(other, out);
	}
}

static void use_definition(collector *c, const char *path)
{
	g_autofree char *lock = catalog_lock_path(path);
	const char *const both[] = {path, lock};

	for (gsize n = 0; n < G_N_ELEMENTS(both); n++)
		if (g_file_test(both[n], G_FILE_TEST_EXISTS) &&
			!g_ptr_array_find_with_equal_func(
				c->definitions, both[n], g_str_equal, NULL))
			g_ptr_array_add(c->definitions, g_strdup(both[n]));
}

/* ---- sources ---- */

/* What the key says of a folder. */
static const char *path_digest(const item *i, const char *path)
{
	g_autofree char *name = g_strdup_printf("source path %s", path);
	const GPtrArray *inputs = key_inputs(i->key);

	for (guint n = 0; n < inputs->len; n++) {
		const key_input *in = g_ptr_array_index(inputs, n);
		if (g_str_equal(in->name, name))
			return in->value;
	}
	return NULL;
}

static void add_git(collector *c, const recipe_source *s, const lock_source *k)
{
	g_autofree char *url = public_url(s->git);
	g_autofree char *uri =
		url ? g_strdup_printf("%s%s@%s",
			      g_str_has_prefix(url, "git") ? "" : "git+", url, k->commit)
		    : NULL;
	json_t *row = provenance_add(c->l, "source", k->file->name, uri, NULL);

	if (!row)
		return;
	json_object_set_new(row, "digest", json_pack("{s:s}", "gitCommit", k->commit));
	provenance_annotate(row, "files", json_string(k->tree));
	if (s->tag)
		provenance_annotate(row, "tag", json_string(s->tag));
}

static void add_locked(collector *c, const recipe_source *s, const lock_source *k)
{
	const locked_file *f = k->file;
	g_autofree char *uri = NULL;

	switch (s->kind) {
	case SOURCE_PYPI:
		uri = purl_pypi(f->name, f->version, f->file);
		break;
	case SOURCE_GOMOD: {
		g_autofree char *v =
			g_strconcat(f->version[0] == 'v' ? "" : "v", f->version, NULL);
		uri = purl_golang(f->name, v, NULL);
		break;
	}
	case SOURCE_DEBSRC:
		uri = purl_debian(f->name, f->version, "source", k->suite);
		break;
	case SOURCE_URL:
		uri = s->urls && s->urls->len ? public_url(g_ptr_array_index(s->urls, 0))
					      : NULL;
		break;
	default:
		break;
	}
	json_t *row = provenance_add(c->l, "source", f->file, uri, f->sha256);
	if (k->h1)
		provenance_annotate(row, "h1", json_string(k->h1));
}

static void add_sources(collector *c)
{
	const recipe *r = c->i->recipe;

	for (guint n = 0; n < r->sources->len; n++) {
		const recipe_source *s = g_ptr_array_index(r->sources, n);
		const lock_source *k = source_locked(c->i->source->lock, s);
		const char *folder =
			s->kind == SOURCE_PATH ? path_digest(c->i, s->path) : NULL;
		if (folder)
			provenance_add(c->l, "source", s->path, NULL, folder);
		else if (k && k->commit)
			add_git(c, s, k);
		else if (k)
			add_locked(c, s, k);
	}
}

/* ---- compilers, sysroots, tools ---- */

static gboolean add_set(
	collector *c, const char *what, const package_set *set, GError **err)
{
	g_autofree char *purpose = g_strdup_printf("%s %s", what, set->name);
	g_autoptr(package_section) s = package_set_lock(c->p->ctx, set, FALSE, NULL, err);

	if (!s)
		return FALSE;
	use_definition(c, set->path);
	provenance_add_section(c->l, purpose, s, set->def);
	return TRUE;
}

static gboolean add_toolchain(
	collector *c, const char *name, const platform *target, GError **err)
{
	g_autoptr(toolchain_def) def = toolchain_def_find(name, err);

	if (!def)
		return FALSE;
	package_set set = package_set_of_toolchain(def, target);
	return add_set(c, "toolchain", &set, err);
}

static gboolean add_tool(collector *c, const char *name, GError **err)
{
	g_autofree char *path = provenance_add_tool(c->l, name, err);

	if (!path)
		return FALSE;
	use_definition(c, path);
	return TRUE;
}

static gboolean add_sysroot(
	collector *c, const char *name, const platform *target, GError **err)
{
	g_autoptr(sysroot_def) def = sysroot_def_find(name, err);

	if (!def)
		return FALSE;
	package_set set = sysroot_package_set(def, target, NULL);
	return add_set(c, "sysroot", &set, err);
}

/* As build/cross.h composes it. */
static gboolean add_cross(collector *c, GError **err)
{
	const item *i = c->i;
	const platform *host = platform_by_name("x86_64");
	g_autoptr(sysroot_def) def = sysroot_def_find(i->sysroot, err);

	if (!def)
		return FALSE;
	const char *own = cross_serves_build(def) ? i->sysroot : CROSS_BUILD_SYSROOT;
	const char *suite = def->packages.debian.suite;
	provenance_add_packages(c->l, "host package", suite, host_packages_locked(i));
	return add_toolchain(c, i->toolchain, i->platform, err) &&
	       add_toolchain(c, "clang", host, err) &&
	       add_sysroot(c, i->sysroot, i->platform, err) &&
	       add_sysroot(c, own, host, err);
}

/* ---- by kind ---- */

/* A program that was on the machine: its version is all that is known. */
static void add_installed(collector *c, const char *name, const char *version)
{
	g_autofree char *uri = purl_generic(name, version);

	provenance_annotate(provenance_add(c->l, "build machine", name, uri, NULL),
		"installed", json_true());
}

static gboolean add_rust(collector *c, GError **err)
{
	const recipe *r = c->i->recipe;
	g_auto(rust_toolchain) rust = {0};

	if (!step_rust_used(c->i))
		return TRUE;
	provenance_add_crates(c->l, c->i->source->lock->crates);
	if (!rust_describe(c->p->ctx, r->toolchain.rust, c->i->platform, &rust, err))
		return FALSE;
	if (!rust.definition) {
		add_installed(c, "rust", rust.version);
		return TRUE;
	}
	return add_toolchain(c, rust.definition, c->i->platform, err);
}

/* The target's files of build requirements that a recipe made. */
static void add_overlay(collector *c)
{
	const GPtrArray *list = step_overlay_entries(c->i);

	for (guint n = 0; list && n < list->len; n++) {
		const locked_file *f = g_ptr_array_index(list, n);
		if (f->file) {
			provenance_add_file(c->l, "overlay", f);
			continue;
		}
		g_autofree char *id = overlay_item_id(c->i, f);
		g_autoptr(item_record) made = item_record_last(c->p->ctx->store, id);
		if (made)
			provenance_add(c->l, "overlay", made->file, NULL, made->sha256);
	}
}

/* Subprojects of Meson and CMake, by the address that the source has. */
static void add_wraps(collector *c)
{
	const GPtrArray *wraps = c->i->source->lock->wraps;

	for (guint n = 0; wraps && n < wraps->len; n++) {
		const locked_wrap *w = g_ptr_array_index(wraps, n);
		g_autofree char *url = public_url(g_ptr_array_index(w->urls, 0));
		if (w->file) {
			provenance_add(c->l, "subproject", w->file, url, w->sha256);
			continue;
		}
		g_autofree char *uri =
			url ? g_strdup_printf("git+%s@%s", url, w->commit) : NULL;
		json_t *row = provenance_add(c->l, "subproject", w->name, uri, NULL);
		if (!row)
			continue;
		json_object_set_new(
			row, "digest", json_pack("{s:s}", "gitCommit", w->commit));
		provenance_annotate(row, "files", json_string(w->tree));
	}
}

static gboolean add_wheel(collector *c, GError **err)
{
	const item *i = c->i;
	const lock_environment *e = recipe_lock_environment(
		i->source->lock, i->python_tag, i->platform->name);

	if (e)
		provenance_add_files(c->l, "build requirement", e->packages);
	add_wraps(c);
	add_overlay(c);
	if (i->python)
		add_installed(c, "cpython", i->python->version);
	/* pyproject.toml, read by it, says what builds the wheel */
	if (i->python && python_toml_is_wheel(i->python) && !add_tool(c, "pip", err))
		return FALSE;
	return add_rust(c, err) && add_tool(c, "uv", err) &&
	       (!pipeline_grafts(c->p, c->i) || add_tool(c, "patchelf", err));
}

static gboolean add_go(collector *c, GError **err)
{
	g_auto(go_tool) go = {0};

	provenance_add_modules(c->l, &c->i->source->lock->go);
	if (!go_prepare(c->p->ctx, c->i->recipe->toolchain.go, &go, err))
		return FALSE;
	if (g_str_has_prefix(go.root, store_root(c->p->ctx->store)))
		return add_tool(c, "go", err);
	add_installed(c, "go", go.version);
	return TRUE;
}

static gboolean add_library(collector *c, GError **err)
{
	return add_tool(c, "cmake", err) && add_tool(c, "ninja", err) &&
	       add_tool(c, "meson", err);
}

gboolean provenance_inputs(
	pipeline *p, item *i, provenance_list *l, GPtrArray *definitions, GError **err)
{
	collector c = {p, i, l, definitions};
	const recipe *r = i->recipe;

	add_sources(&c);
	switch (r->kind) {
	case RECIPE_GO_BINARY:
		return add_go(&c, err) && (!r->go.cgo || add_cross(&c, err));
	case RECIPE_LIBRARY:
		return add_library(&c, err) && add_cross(&c, err);
	default:
		return add_wheel(&c, err) && add_cross(&c, err);
	}
}
