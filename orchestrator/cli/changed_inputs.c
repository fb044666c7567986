#include "cli/changed_inputs.h"
#include "build/cross.h"
#include "build/overlay_choose.h"
#include "cli/choice.h"
#include "cli/floor_option.h"
#include "cli/selection_needs.h"
#include "format/project_name.h"
#include "plan/catalog.h"
#include "plan/compiler_choice.h"
#include <string.h>

#define RECIPE "recipe:"

struct changed_catalog {
	const options *o;
	GHashTable *definitions; /* "sysroots/NAME" -> path or "" */
	GHashTable *more;	 /* sysroot's name -> one of the build machine, or ""; and
				  * "FLOOR TARGET NAME" -> sysroot's name */
	GHashTable *overlays;	 /* folder, name, version, target -> path or "" */
};

changed_catalog *changed_catalog_new(const options *o)
{
	changed_catalog *c = g_new0(changed_catalog, 1);

	c->o = o;
	c->definitions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	c->more = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	c->overlays = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return c;
}

void changed_catalog_free(changed_catalog *c)
{
	if (!c)
		return;
	g_hash_table_unref(c->definitions);
	g_hash_table_unref(c->more);
	g_hash_table_unref(c->overlays);
	g_free(c);
}

void changed_input_free(changed_input *i)
{
	g_free(i->what);
	g_free(i->path);
	g_free(i);
}

void changed_need_free(changed_need *n)
{
	g_free(n->name);
	g_free(n->path);
	g_free(n);
}

static void add(GPtrArray *out, const char *what, const char *path)
{
	changed_input *i = g_new(changed_input, 1);

	*i = (changed_input){g_strdup(what), g_strdup(path)};
	g_ptr_array_add(out, i);
}

/* A path of the recipe. What an expression of the target makes of it is one of those in
 * the folder before it. */
static void add_beside(
	GPtrArray *out, const char *what, const recipe *r, const char *path)
{
	const char *open = strstr(path, "${{");
	g_autofree char *settled =
		open ? g_strndup(path, (gsize)(open - path)) : g_strdup(path);
	char *slash = open ? strrchr(settled, '/') : NULL;

	if (open)
		settled[slash ? slash - settled : 0] = '\0';
	g_autofree char *full =
		*settled ? g_build_filename(r->dir, settled, NULL) : g_strdup(r->dir);
	add(out, what, full);
}

/* The definition that is used, and the file that would take its place if it were in this
 * project: what was there may be gone. */
static void add_definition(
	changed_catalog *c, GPtrArray *out, catalog_kind kind, const char *name)
{
	static const char *const folders[] = {"sysroots", "toolchains"};
	static const char *const kinds[] = {"sysroot", "toolchain"};
	g_autofree char *file = g_strdup_printf("%s/%s.yaml", folders[kind], name);
	const char *path = g_hash_table_lookup(c->definitions, file);

	if (!path) {
		char *found = catalog_find(kind, name, NULL);
		path = found ? found : g_strdup("");
		g_hash_table_insert(c->definitions, g_strdup(file), (char *)path);
	}
	g_autofree char *what = g_strdup_printf("the %s %s", kinds[kind], name);
	g_autofree char *own = g_strconcat("//", file, NULL);
	const char *const paths[] = {path, own};
	for (guint n = 0; n < G_N_ELEMENTS(paths); n++) {
		if (!*paths[n])
			continue;
		g_autofree char *lock = catalog_lock_path(paths[n]);
		add(out, what, paths[n]);
		add(out, what, lock);
	}
}

/* What the build machine's programs are linked against when this sysroot cannot be it
 * (build/cross.c). */
static const char *build_sysroot(changed_catalog *c, const char *name)
{
	const char *other = g_hash_table_lookup(c->more, name);

	if (other)
		return other;
	g_autoptr(sysroot_def) def = sysroot_def_find(name, NULL);
	other = def && cross_serves_build(def) ? "" : CROSS_BUILD_SYSROOT;
	g_hash_table_insert(c->more, g_strdup(name), g_strdup(other));
	return other;
}

/* The one that cli/selection_settle.c takes for a target. */
static const char *target_sysroot(
	changed_catalog *c, const recipe *r, const platform *target)
{
	const char *named = choice_sysroot(c->o, r), *known;
	g_autofree char *floor = floor_option(c->o, r, target, NULL);
	g_autofree char *what = g_strdup_printf(
		"%s %s %s", floor ? floor : "", target->name, named ? named : "");

	known = g_hash_table_lookup(c->more, what);
	if (known)
		return known;
	g_autoptr(sysroot_def) def =
		floor ? sysroot_for_floor(named, floor, target, NULL) : NULL;
	char *name = g_strdup(def ? def->name : named ? named : SYSROOT_DEFAULT);
	g_hash_table_insert(c->more, g_steal_pointer(&what), name);
	return name;
}

/* New string: as cli/selection_settle.c has it. */
static char *compiler_of(changed_catalog *c, const char *compiler, const char *sysroot)
{
	g_autofree char *what = g_strdup_printf("compiler %s %s", compiler, sysroot);
	const char *known = g_hash_table_lookup(c->more, what);

	if (known)
		return g_strdup(known);
	g_autoptr(sysroot_def) def = sysroot_def_find(sysroot, NULL);
	char *own = compiler_for_sysroot(compiler, def ? def->gcc : NULL);
	g_hash_table_insert(c->more, g_steal_pointer(&what), g_strdup(own));
	return own;
}

static void add_compilers(changed_catalog *c, GPtrArray *out, const recipe *r)
{
	const char *compiler = choice_toolchain(c->o, r);
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	for (const platform *p = platforms; p->name; p++) {
		const char *sysroot = p->builds_wheels ? target_sysroot(c, r, p) : NULL;
		if (!sysroot || !g_hash_table_add(seen, (gpointer)sysroot))
			continue;
		const char *other = build_sysroot(c, sysroot);
		add_definition(c, out, CATALOG_SYSROOT, sysroot);
		if (*other)
			add_definition(c, out, CATALOG_SYSROOT, other);
		g_autofree char *own = compiler_of(c, compiler, sysroot);
		if (!g_str_equal(own, compiler))
			add_definition(c, out, CATALOG_TOOLCHAIN, own);
	}
	add_definition(c, out, CATALOG_TOOLCHAIN, "clang"); /* of the build machine */
	if (!g_str_equal(compiler, "clang"))
		add_definition(c, out, CATALOG_TOOLCHAIN, compiler);
}

static gboolean locks_rust(const recipe_lock *lock)
{
	for (guint i = 0; i < lock->environments->len; i++) {
		const lock_environment *e = g_ptr_array_index(lock->environments, i);
		for (guint n = 0; n < e->packages->len; n++) {
			const locked_file *f = g_ptr_array_index(e->packages, n);
			if (g_str_equal(f->name, "maturin") ||
				g_str_equal(f->name, "setuptools-rust"))
				return TRUE;
		}
	}
	return FALSE;
}

static gboolean has_rust(const item_source *s)
{
	const recipe *r = s->recipe;

	return r->build.backend == BACKEND_MATURIN ||
	       r->build.backend == BACKEND_SETUPTOOLS_RUST || r->toolchain.rust ||
	       r->cargo.manifest || locks_rust(s->lock);
}

/* With a version any of the catalogue's may be the one. */
static void add_rust(changed_catalog *c, GPtrArray *out, const recipe *r)
{
	if (!r->toolchain.rust) {
		add_definition(c, out, CATALOG_TOOLCHAIN, "rust");
		return;
	}
	g_autoptr(GPtrArray) names = catalog_names(CATALOG_TOOLCHAIN);
	for (guint n = 0; n < names->len; n++)
		if (g_str_has_prefix(g_ptr_array_index(names, n), "rust"))
			add_definition(
				c, out, CATALOG_TOOLCHAIN, g_ptr_array_index(names, n));
}

static void add_definitions(changed_catalog *c, GPtrArray *out, const item_source *s)
{
	static const char *const of_library[] = {"cmake", "ninja", "meson", NULL};
	const recipe *r = s->recipe;

	if (r->kind != RECIPE_GO_BINARY || r->go.cgo)
		add_compilers(c, out, r);
	if (r->kind == RECIPE_GO_BINARY)
		add_definition(c, out, CATALOG_TOOLCHAIN, "go");
	for (guint n = 0; r->kind == RECIPE_LIBRARY && of_library[n]; n++)
		add_definition(c, out, CATALOG_TOOLCHAIN, of_library[n]);
	if (r->kind != RECIPE_WHEEL)
		return;
	add_definition(c, out, CATALOG_TOOLCHAIN, "uv");
	if (has_rust(s))
		add_rust(c, out, r);
	if (r->requirements.host && !r->wheel.repair_off)
		add_definition(c, out, CATALOG_TOOLCHAIN, "patchelf");
}

GPtrArray *changed_inputs_of(changed_catalog *c, const item_source *s)
{
	const recipe *r = s->recipe;
	GPtrArray *out =
		g_ptr_array_new_with_free_func((GDestroyNotify)changed_input_free);
	g_autofree char *lock = recipe_lock_path(r->path);

	add(out, "the recipe", r->path);
	add(out, "its lock", lock);
	for (guint n = 0; n < r->sources->len; n++) {
		const recipe_source *source = g_ptr_array_index(r->sources, n);
		for (guint k = 0; source->patches && k < source->patches->len; k++)
			add_beside(out, "the patch", r,
				g_ptr_array_index(source->patches, k));
		if (source->path)
			add_beside(out, "its source", r, source->path);
	}
	if (r->build.script_file)
		add_beside(out, "its script", r, r->build.script_file);
	add_definitions(c, out, s);
	return out;
}

static void add_need(GPtrArray *out, const char *name, const char *path)
{
	for (guint n = 0; n < out->len; n++)
		if (g_str_equal(((changed_need *)g_ptr_array_index(out, n))->path, path))
			return;
	changed_need *need = g_new(changed_need, 1);
	*need = (changed_need){g_strdup(name), g_strdup(path)};
	g_ptr_array_add(out, need);
}

static const char *overlay_path(
	changed_catalog *c, const recipe *r, const char *target, const locked_file *f)
{
	g_autofree char *question =
		g_strjoin("\n", r->dir, f->name, f->version, target, NULL);
	const char *path = g_hash_table_lookup(c->overlays, question);

	if (!path) {
		char *found = overlay_recipe(r, target, f);
		path = found ? found : g_strdup("");
		g_hash_table_insert(
			c->overlays, g_steal_pointer(&question), (char *)path);
	}
	return path;
}

/* None serves any more: then those that may have. */
static void add_former(GPtrArray *out, const recipe *r, const locked_file *f)
{
	g_autofree char *plain = g_strdup_printf("%s/%s.yaml", r->dir, f->name);
	g_autofree char *versioned =
		g_strdup_printf("%s/%s-%s.yaml", r->dir, f->name, f->version);

	add_need(out, f->name, plain);
	add_need(out, f->name, versioned);
}

static void add_overlays(changed_catalog *c, GPtrArray *out, const item_source *s,
	const lock_environment *e)
{
	for (guint n = 0; e->overlay && n < e->overlay->len; n++) {
		const locked_file *f = g_ptr_array_index(e->overlay, n);
		for (guint t = 0; !f->file && t < e->targets->len; t++) {
			const char *target = g_ptr_array_index(e->targets, t);
			const char *path = overlay_path(c, s->recipe, target, f);
			if (*path)
				add_need(out, f->name, path);
			else
				add_former(out, s->recipe, f);
		}
	}
}

GPtrArray *changed_needs_of(
	changed_catalog *c, const item_source *s, const GPtrArray *known)
{
	const recipe *r = s->recipe;
	const GPtrArray *host = r->requirements.host;
	GPtrArray *out =
		g_ptr_array_new_with_free_func((GDestroyNotify)changed_need_free);

	for (guint n = 0; host && n < host->len; n++) {
		const char *text = g_ptr_array_index(host, n);
		if (!g_str_has_prefix(text, RECIPE) || strstr(text, "${{"))
			continue;
		const char *name = text + strlen(RECIPE);
		g_autofree char *path = library_recipe(known, r, name);
		if (path)
			add_need(out, name, path);
	}
	for (guint n = 0; n < s->lock->environments->len; n++)
		add_overlays(c, out, s, g_ptr_array_index(s->lock->environments, n));
	return out;
}
