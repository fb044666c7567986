#include "build/rust.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/embedded.h"
#include "build/package_set.h"
#include "build/rust_rustup.h"
#include "build/store.h"
#include "build/toolchain.h"
#include "plan/catalog.h"
#include "plan/key.h"
#include "plan/package_lock.h"
#include "plan/release.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define KIND "rust"
/* Raise when the same inputs give other tools. */
#define TOOLS_VERSION 1

void rust_toolchain_clear(rust_toolchain *r)
{
	g_free(r->version);
	g_free(r->key);
	g_free(r->definition);
	g_free(r->tree);
	g_free(r->tools);
	g_free(r->cargo);
	memset(r, 0, sizeof *r);
}

/* ---- which one ---- */

/* What a wish comes to: a definition, or an installed toolchain. */
typedef struct choice {
	toolchain_def *def;
	rustup_toolchain rustup;
} choice;

static void choice_clear(choice *c)
{
	g_clear_pointer(&c->def, toolchain_def_free);
	rustup_toolchain_clear(&c->rustup);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(choice, choice_clear)

/* The first definition called rust… of that version. */
static toolchain_def *def_of_version(const char *version)
{
	g_autoptr(GPtrArray) names = catalog_names(CATALOG_TOOLCHAIN);

	for (guint i = 0; i < names->len; i++) {
		if (!g_str_has_prefix(names->pdata[i], "rust"))
			continue;
		toolchain_def *def = toolchain_def_find(names->pdata[i], NULL);
		if (def && g_strcmp0(def->version, version) == 0)
			return def;
		g_clear_pointer(&def, toolchain_def_free);
	}
	return NULL;
}

/* Is `version` to be taken rather than `best`, which may be NULL? */
static gboolean is_better(const char *version, const char *best, const char *wants)
{
	if (release_rust_is_newer(wants, version))
		return FALSE;
	return !best || (wants ? release_rust_is_newer(best, version)
			       : release_rust_is_newer(version, best));
}

/* Its packages are known for every target, so whoever names it gets it. */
static gboolean is_locked(const toolchain_def *def)
{
	g_autofree char *path = catalog_lock_path(def->path);
	g_autoptr(package_lock) lock = package_lock_load(path, def->name, NULL);
	const GPtrArray *roots = def->packages.roots;

	for (guint i = 0; lock && roots && i < roots->len; i++) {
		const package_roots *r = roots->pdata[i];
		if (r->target && !package_lock_section(lock, r->target))
			return FALSE;
	}
	return lock != NULL;
}

char *rust_version_for(const char *wants)
{
	g_autoptr(GPtrArray) names = catalog_names(CATALOG_TOOLCHAIN);
	char *best = NULL;

	for (guint i = 0; i < names->len; i++) {
		g_autoptr(toolchain_def) def =
			g_str_has_prefix(names->pdata[i], "rust")
				? toolchain_def_find(names->pdata[i], NULL)
				: NULL;
		if (!def || !def->version || !is_better(def->version, best, wants) ||
			(!g_str_equal(def->name, "rust") && !is_locked(def)))
			continue;
		g_free(best);
		best = g_strdup(def->version);
	}
	return best;
}

static gboolean not_there(const char *wish, GError **err)
{
	g_autoptr(toolchain_def) def = toolchain_def_find("rust", NULL);

	if (g_str_equal(wish, "rustup")) {
		error_set(
			err, EXIT_INPUT, "X0950", "rustup has no default toolchain here");
		error_help(err, "install one with `rustup default stable`, or leave "
				"`toolchain.rust` out: xorch brings its own");
		return FALSE;
	}
	error_set(err, EXIT_INPUT, "X0950", "there is no Rust %s here", wish);
	error_note(err, "toolchains/rust.yaml has %s",
		def && def->version ? def->version : "no version");
	error_help(err,
		"leave `toolchain.rust` out, or install it: `rustup toolchain "
		"install %s`",
		wish);
	return FALSE;
}

static gboolean choose(
	const char *wish, const platform *target, choice *out, GError **err)
{
	if (!target->rust_triple)
		return error_set(err, EXIT_INPUT, "X0950", "Rust knows no target for %s",
			target->name);
	if (!wish) {
		out->def = toolchain_def_find("rust", err);
		return out->def != NULL;
	}
	gboolean any = g_str_equal(wish, "rustup");
	out->def = any ? NULL : def_of_version(wish);
	if (out->def)
		return TRUE;
	if (!rustup_find(any ? NULL : wish, &out->rustup))
		return not_there(wish, err);
	g_autoptr(GPtrArray) libraries =
		rustup_libraries(&out->rustup, target->rust_triple);
	if (libraries->len)
		return TRUE;
	error_set(err, EXIT_INPUT, "X0950",
		"rustup's Rust %s has no standard library for %s", out->rustup.version,
		target->rust_triple);
	error_line(err, "in %s", out->rustup.dir);
	error_help(err,
		"add it: `rustup target add --toolchain %s %s`; or leave "
		"`toolchain.rust` out: xorch brings its own",
		out->rustup.version, target->rust_triple);
	return FALSE;
}

char *rust_version_of(const char *wish)
{
	gboolean any = g_strcmp0(wish, "rustup") == 0;
	g_auto(choice) c = {0};

	c.def = any	? NULL
		: !wish ? toolchain_def_find("rust", NULL)
			: def_of_version(wish);
	if (c.def)
		return g_strdup(c.def->version);
	return wish && rustup_find(any ? NULL : wish, &c.rustup)
		       ? g_strdup(c.rustup.version)
		       : NULL;
}

static char *installed_key(const rustup_toolchain *t, const platform *target)
{
	g_autoptr(key) k = key_new("rustup", 1);
	const char *const triples[] = {target->rust_triple, "x86_64-unknown-linux-gnu"};

	key_add(k, "compiler", t->identity);
	for (gsize n = 0; n < G_N_ELEMENTS(triples); n++) {
		g_autoptr(GPtrArray) names = rustup_libraries(t, triples[n]);
		g_ptr_array_add(names, NULL);
		key_add_list(k, triples[n], (const char *const *)names->pdata);
	}
	return g_strdup(key_digest(k));
}

static char *tools_key(const char *tree_key, const char *dir)
{
	const embedded_file *program = embedded_file_get("xorch-cc");
	g_autoptr(key) k = key_new("rust-tools", TOOLS_VERSION);

	key_add(k, "toolchain", tree_key);
	key_add(k, "folder", dir); /* an installed one's; else NULL */
	key_add_bytes(k, "wrapper", program->bytes, program->size);
	return g_strdup(key_digest(k));
}

static gboolean describe(const build_context *ctx, const choice *c,
	const platform *target, rust_toolchain *out, GError **err)
{
	if (!c->def) {
		out->installed = TRUE;
		out->version = g_strdup(c->rustup.version);
		out->key = installed_key(&c->rustup, target);
		return TRUE;
	}
	package_set set = package_set_of_toolchain(c->def, target);
	g_autoptr(package_section) section =
		package_set_lock(ctx, &set, FALSE, NULL, err);
	if (!section)
		return FALSE;
	out->version = g_strdup(c->def->version);
	out->definition = g_strdup(c->def->name);
	out->key = package_set_key(&set, section);
	return TRUE;
}

gboolean rust_describe(const build_context *ctx, const char *wish, const platform *target,
	rust_toolchain *out, GError **err)
{
	g_auto(choice) c = {0};

	memset(out, 0, sizeof *out);
	return choose(wish, target, &c, err) && describe(ctx, &c, target, out, err);
}

/* ---- its tools ---- */

/* Debian's rustc finds its libraries by its own place, which is the loader's when it
 * is started through that: it is told. cargo tells build scripts where it is itself;
 * so it is told, too. */
static char *tools_conf(const rust_toolchain *r, const char *dir)
{
	GString *out = g_string_new("xorch-wrapper 1\n");
	static const char *const names[] = {"cargo", "rustc"};
	const char *bin = r->installed ? "bin" : "usr/bin";

	g_string_append_printf(out, "dir rust %s\n", dir);
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_string_append_printf(
			out, "\ntool %s\nkind plain\ncpu other\n", names[i]);
		g_string_append_printf(out, "program ${rust}/%s/%s\n", bin, names[i]);
		if (!r->installed)
			g_string_append(out,
				"loader ${rust}/" TOOLCHAIN_LOADER "\n"
				"library_path ${rust}/lib/x86_64-linux-gnu:"
				"${rust}/usr/lib/x86_64-linux-gnu:${rust}/usr/lib\n");
		if (i == 0)
			g_string_append(out, "env CARGO=${self}\n");
		else if (!r->installed)
			g_string_append(out, "before --sysroot=${rust}/usr\n");
	}
	return g_string_free(out, FALSE);
}

static gboolean tools_fill(
	const rust_toolchain *r, const char *reference, const char *dir, GError **err)
{
	const embedded_file *program = embedded_file_get("xorch-cc");
	g_autofree char *bin = g_build_filename(dir, "bin", NULL);
	g_autofree char *cargo = g_build_filename(bin, "cargo", NULL);
	g_autofree char *rustc = g_build_filename(bin, "rustc", NULL);
	g_autofree char *path = g_build_filename(dir, "wrapper.conf", NULL);
	g_autofree char *conf = tools_conf(r, reference);

	if (!fs_mkdir_p(bin, 0755, err) ||
		!fs_write_atomic(path, conf, strlen(conf), 0644, err) ||
		!fs_write_atomic(cargo, program->bytes, program->size, 0755, err))
		return FALSE;
	/* It knows its name by /proc/self/exe: two names of one file. */
	return link(cargo, rustc) == 0 || error_set_errno(err, EXIT_HOST, "X0820", errno,
						  "cannot make the link %s", rustc);
}

static gboolean tools_prepare(const build_context *ctx, rust_toolchain *r, GError **err)
{
	g_autofree char *k = tools_key(r->key, r->installed ? r->tree : NULL);
	/* Trees lie side by side in the store, wherever that is. */
	g_autofree char *trees = g_strconcat(store_dir(ctx->store), "/trees/", NULL);
	g_autofree char *reference =
		g_str_has_prefix(r->tree, trees)
			? g_strconcat("../../", r->tree + strlen(trees), NULL)
			: g_strdup(r->tree);

	store_tree *tree = store_tree_begin(ctx->store, KIND, k, &r->tools, err);
	if (tree) {
		gboolean ok = tools_fill(r, reference, store_tree_dir(tree), err);
		r->tools = store_tree_finish(tree, ok, err);
	}
	return r->tools != NULL;
}

gboolean rust_prepare(const build_context *ctx, const char *wish, const platform *target,
	rust_toolchain *out, GError **err)
{
	g_auto(choice) c = {0};

	memset(out, 0, sizeof *out);
	if (!choose(wish, target, &c, err) || !describe(ctx, &c, target, out, err))
		return FALSE;
	if (c.def) {
		package_set set = package_set_of_toolchain(c.def, target);
		g_clear_pointer(&out->key, g_free);
		out->tree = package_set_tree(ctx, &set, &out->key, err);
	} else {
		out->tree = g_strdup(c.rustup.dir);
	}
	if (!out->tree)
		return FALSE;
	out->cargo = g_build_filename(
		out->tree, out->installed ? "bin" : "usr/bin", "cargo", NULL);
	return tools_prepare(ctx, out, err);
}
