#include "build/build_tools.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/builder_library.h"
#include "build/pypi_tool.h"
#include "build/store.h"
#include "format/zip.h"
#include "plan/key.h"
#include <string.h>

#define KIND "build-tool"
/* Raise it when a wheel is unpacked in another way. */
#define VERSION 1

typedef struct tool {
	const char *name, *family;
	const char *prefix; /* of the wheel's members that are taken */
	const char *folder; /* where they go in the tree */
	const char *program;
} tool;

/* In the order of the bits. */
static const tool tools[] = {
	{"cmake", "manylinux", "cmake/data/", "", "bin/cmake"},
	{"ninja", "manylinux", NULL, "bin/", "bin/ninja"},
	{"meson", "any", "mesonbuild/", "lib/mesonbuild/", "bin/meson"},
};

static const char meson_program[] =
	"#!/usr/bin/env python3\n"
	"import os\n"
	"import sys\n"
	"\n"
	"sys.dont_write_bytecode = True\n"
	"here = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))\n"
	"sys.path.insert(0, os.path.join(here, 'lib'))\n"
	"from mesonbuild.mesonmain import main\n"
	"\n"
	"sys.exit(main())\n";

static const tool *find(const char *name)
{
	for (guint n = 0; n < G_N_ELEMENTS(tools); n++)
		if (g_str_equal(tools[n].name, name))
			return &tools[n];
	return NULL;
}

gboolean build_tool_is(const char *name)
{
	return find(name) != NULL;
}

/* ---- which ---- */

static gboolean has_word(const char *text, const char *word)
{
	g_autofree char *pattern = g_strdup_printf("\\b%s\\b", word);

	return g_regex_match_simple(pattern, text, 0, 0);
}

static unsigned of_text(const char *text)
{
	unsigned which = 0;

	for (guint n = 0; n < G_N_ELEMENTS(tools); n++)
		if (has_word(text, tools[n].name))
			which |= 1U << n;
	/* meson writes files for ninja */
	return which & BUILD_TOOL_MESON ? which | BUILD_TOOL_NINJA : which;
}

static unsigned of_script(const recipe *r)
{
	unsigned which = 0;

	for (guint n = 0; r->build.script && n < r->build.script->len; n++)
		which |= of_text(g_ptr_array_index(r->build.script, n));
	if (r->build.script_file) {
		g_autofree char *path =
			fs_resolve_beneath(r->dir, r->build.script_file, NULL);
		g_autofree char *text = NULL;
		if (path && g_file_get_contents(path, &text, NULL, NULL))
			which |= of_text(text);
	}
	return which;
}

unsigned build_tools_of(const recipe *r, const char *project)
{
	switch (builder_library_backend(r, project)) {
	case BACKEND_CMAKE:
		return BUILD_TOOL_CMAKE;
	case BACKEND_MESON:
		return BUILD_TOOL_MESON | BUILD_TOOL_NINJA;
	case BACKEND_SCRIPT:
		return of_script(r);
	default:
		return 0;
	}
}

/* ---- made ready ---- */

/* Where a member goes, from the tree's top; NULL: not taken. New string. */
static char *place_of(const tool *t, const char *member)
{
	if (t->prefix)
		return g_str_has_prefix(member, t->prefix)
			       ? g_strconcat(t->folder, member + strlen(t->prefix), NULL)
			       : NULL;
	/* wherever the wheel keeps its one program */
	g_autofree char *base = g_path_get_basename(member);
	return g_str_equal(base, t->name) ? g_strconcat(t->folder, base, NULL) : NULL;
}

static gboolean take(const zip_file *zip, const zip_entry *e, const char *dir,
	const char *place, GError **err)
{
	g_autoptr(GBytes) bytes = zip_read(zip, e, err);
	g_autofree char *path = g_build_filename(dir, place, NULL);
	g_autofree char *folder = g_path_get_dirname(path);
	int mode = g_str_has_prefix(place, "bin/") ? 0755 : 0644;

	return bytes && fs_mkdir_p(folder, 0755, err) &&
	       fs_write_atomic(path, g_bytes_get_data(bytes, NULL),
		       g_bytes_get_size(bytes), mode, err);
}

static gboolean unpack(const tool *t, const char *wheel, const char *dir, GError **err)
{
	g_autoptr(zip_file) zip = zip_open(wheel, err);
	g_autofree char *program = g_build_filename(dir, t->program, NULL);
	g_autofree char *bin = g_path_get_dirname(program);

	for (guint n = 0; zip && n < zip->n_entries; n++) {
		const zip_entry *e = &zip->entries[n];
		g_autofree char *place = e->folder ? NULL : place_of(t, e->name);
		if (place && !take(zip, e, dir, place, err))
			return FALSE;
	}
	if (!zip)
		return FALSE;
	g_autofree char *lib = g_build_filename(dir, "lib", "mesonbuild", NULL);
	if (g_file_test(lib, G_FILE_TEST_IS_DIR) &&
		(!fs_mkdir_p(bin, 0755, err) ||
			!fs_write_atomic(program, meson_program, strlen(meson_program),
				0755, err)))
		return FALSE;
	return g_file_test(program, G_FILE_TEST_IS_REGULAR) ||
	       error_set(err, EXIT_INTEGRITY, "X0911", "%s holds no program %s", wheel,
		       t->name);
}

static char *tree_of(
	const build_context *ctx, const tool *t, char **key_out, GError **err)
{
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p =
		pypi_tool_locked(ctx, t->name, t->family, FALSE, &def, err);
	char *ready = NULL;

	if (!p)
		return NULL;
	if (key_out)
		*key_out = g_strdup(p->sha256);
	g_autoptr(key) k = key_new(KIND, VERSION);
	key_add(k, "wheel", p->sha256);
	ready = store_tree_find(ctx->store, KIND, key_digest(k));
	if (ready)
		return ready;
	g_autofree char *wheel = pypi_tool_fetch(ctx, def, p, err);
	store_tree *tree =
		wheel ? store_tree_begin(ctx->store, KIND, key_digest(k), &ready, err)
		      : NULL;
	if (!tree)
		return ready;
	return store_tree_finish(tree, unpack(t, wheel, store_tree_dir(tree), err), err);
}

char *build_tools_key(const build_context *ctx, GError **err)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint n = 0; n < G_N_ELEMENTS(tools); n++) {
		g_autoptr(toolchain_def) def = NULL;
		g_autoptr(locked_package) p = pypi_tool_locked(
			ctx, tools[n].name, tools[n].family, FALSE, &def, err);
		if (!p)
			return NULL;
		g_string_append_printf(
			text, "%s%s %s", n ? ", " : "", tools[n].name, p->version);
		g_string_append_printf(text, " %.16s", p->sha256);
	}
	return g_string_free(g_steal_pointer(&text), FALSE);
}

gboolean build_tools_prepare(
	const build_context *ctx, unsigned which, step_extras *x, GError **err)
{
	for (guint n = 0; n < G_N_ELEMENTS(tools); n++) {
		if (!(which & 1U << n))
			continue;
		g_autofree char *tree = tree_of(ctx, &tools[n], NULL, err);
		if (!tree)
			return FALSE;
		if (!x)
			continue;
		g_autofree char *inside =
			g_strconcat("/xorch/build-tools/", tools[n].name, NULL);
		g_autofree char *bin = g_strconcat(inside, "/bin", NULL);
		step_extras_bind(x, tree, inside, FALSE);
		step_extras_path(x, bin);
	}
	return TRUE;
}

char *build_tool_program(
	const build_context *ctx, const char *name, char **key_out, GError **err)
{
	const tool *t = find(name);
	g_autofree char *tree = t ? tree_of(ctx, t, key_out, err) : NULL;

	return tree ? g_build_filename(tree, t->program, NULL) : NULL;
}

gboolean build_tool_lock(const build_context *ctx, const char *name, GError **err)
{
	const tool *t = find(name);
	g_autoptr(toolchain_def) def = NULL;
	g_autoptr(locked_package) p =
		t ? pypi_tool_locked(ctx, t->name, t->family, TRUE, &def, err) : NULL;

	return p != NULL;
}
