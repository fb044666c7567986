#include "build/step_rust.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/crates.h"
#include "build/crates_git.h"
#include "build/fetch.h"
#include "build/pipeline_private.h"
#include "build/rust_cargo.h"
#include "build/source.h"
#include "format/cargo_lock.h"
#include "format/cargo_manifest.h"
#include "plan/release.h"
#include <elf.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>

#define SANDBOX_PYO3 "/xorch/pyo3"
#define LOCK_MAX (16 << 20)
#define MANIFEST_MAX (1 << 20)

gboolean step_rust_used(const item *i)
{
	const recipe *r = i->recipe;
	const lock_environment *e = recipe_lock_environment(
		i->source->lock, i->python_tag, i->platform->name);

	if (r->build.backend == BACKEND_MATURIN ||
		r->build.backend == BACKEND_SETUPTOOLS_RUST || r->toolchain.rust ||
		r->cargo.manifest)
		return TRUE;
	for (guint n = 0; e && n < e->packages->len; n++) {
		const locked_file *f = g_ptr_array_index(e->packages, n);
		if (g_str_equal(f->name, "maturin") ||
			g_str_equal(f->name, "setuptools-rust"))
			return TRUE;
	}
	return FALSE;
}

/* ---- locking ---- */

static char *read_lock_file(const char *source, const char *rel, GError **err)
{
	g_autofree char *path = g_build_filename(source, rel, NULL);
	g_autoptr(GBytes) bytes = fs_read(path, LOCK_MAX, err);
	gsize size;

	if (!bytes)
		return NULL;
	const char *data = g_bytes_get_data(bytes, &size);
	return g_strndup(data ? data : "", size);
}

/* The crates of the Cargo.lock that counts: elements cargo_crate *. */
static GPtrArray *crates_of(const char *source, const rust_project *p, GError **err)
{
	g_autofree char *text = read_lock_file(source, p->lock, err);

	return text ? cargo_lock_parse(text, p->lock, err) : NULL;
}

static gboolean resolve(pipeline *p, const item *i, const char *source,
	rust_project *project, sandbox_level level, GError **err)
{
	g_auto(rust_toolchain) rust = {0};

	if (!rust_prepare(p->ctx, i->recipe->toolchain.rust, i->platform, &rust, err))
		return FALSE;
	rust_cargo c = {.ctx = p->ctx,
		.rust = &rust,
		.source = source,
		.manifest = project->manifest,
		.level = level};
	if (!rust_cargo_resolve(&c, project->lock != NULL, err))
		return FALSE;
	rust_project_clear(project);
	return rust_project_find(i->recipe, source, project, err);
}

/* cargo would end the build for it. The compiler may be told not to mind, and the
 * recipe's maker may bring another: so no error. */
static void warn_of_version(const item *i, const rust_project *p, const char *source)
{
	g_autofree char *have = rust_version_of(i->recipe->toolchain.rust);
	g_autofree char *wants = rust_project_wants(p, source);

	if (release_rust_is_newer(wants, have))
		event_log(EVENT_WARNING, i->id,
			"%s %s wants Rust %s, there is %s: take an older release, or "
			"name a newer compiler in toolchain.rust",
			i->recipe->package.name, i->recipe->package.version, wants, have);
}

/* Cargo.toml, and the Cargo.lock that counts: cargo.renew puts aside the one that the
 * private copy `source` has. */
static gboolean find_project(
	const item *i, const char *source, rust_project *out, GError **err)
{
	if (!rust_project_find(i->recipe, source, out, err))
		return FALSE;
	if (!out->lock || !i->recipe->cargo.renew)
		return TRUE;
	g_autofree char *path = g_build_filename(source, out->lock, NULL);
	g_clear_pointer(&out->lock, g_free);
	return g_unlink(path) == 0 ||
	       error_set_errno(err, EXIT_HOST, "X0820", errno, "cannot remove %s", path);
}

static GPtrArray *find_crates(
	pipeline *p, const item *i, const char *source, sandbox_level level, GError **err)
{
	g_auto(rust_project) project = {0};

	if (!source_unpack(p->ctx, i, source, level, err) ||
		!find_project(i, source, &project, err))
		return NULL;
	warn_of_version(i, &project, source);
	if ((!project.lock || !i->recipe->cargo.locked) &&
		!resolve(p, i, source, &project, level, err))
		return NULL;
	if (!project.lock) { /* cargo said it wrote one */
		error_set(err, EXIT_INPUT, "X0953", "cargo wrote no Cargo.lock");
		return NULL;
	}
	return crates_of(source, &project, err);
}

static GPtrArray *to_locked(const GPtrArray *crates)
{
	GPtrArray *out = g_ptr_array_new_with_free_func((GDestroyNotify)locked_file_free);

	for (guint n = 0; n < crates->len; n++) {
		const cargo_crate *c = g_ptr_array_index(crates, n);
		if (c->git)
			continue;
		g_autofree char *file =
			g_strdup_printf("%s-%s.crate", c->name, c->version);
		g_ptr_array_add(
			out, locked_file_new(c->name, c->version, file, c->sha256, -1));
	}
	return out;
}

static gboolean lock_crates(pipeline *p, item *i, GError **err)
{
	g_autoptr(GPtrArray) blobs =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = p->ctx->offline};
	const sandbox_info *info = sandbox_choose(p->options.level, err);

	if (!info || !source_fetch(p->ctx, i, blobs, err) ||
		!fetch_blobs(p->ctx->store, blobs, &options, err) ||
		!source_obtain(p->ctx, i, err))
		return FALSE;
	g_autofree char *dir = store_temp_dir(p->ctx->store, err);
	if (!dir)
		return FALSE;
	g_autofree char *source = g_build_filename(dir, "src", NULL);
	gint64 begun = event_step_begin(i->id, "crates");
	g_autoptr(GPtrArray) crates = find_crates(p, i, source, info->level, err);
	event_step_end(i->id, "crates", begun, crates != NULL);
	fs_remove_tree(dir, NULL);
	if (!crates || !crates_git_lock(p->ctx, crates, i->source->lock, err))
		return FALSE;
	recipe_lock_set_crates(i->source->lock, to_locked(crates));
	return TRUE;
}

/* With --upgrade the crates of a recipe are resolved once in a run, not for each of
 * its items. */
static gboolean is_renewed(pipeline *p, const item *i)
{
	return !p->options.upgrade ||
	       g_hash_table_contains(p->crates_renewed, i->source->lock);
}

static gboolean rust_lock(pipeline *p, item *i, GError **err)
{
	g_auto(rust_toolchain) rust = {0};

	if (!step_rust_used(i))
		return TRUE;
	if (!rust_describe(p->ctx, i->recipe->toolchain.rust, i->platform, &rust, err))
		return FALSE;
	if (i->source->lock->crates && is_renewed(p, i))
		return TRUE;
	if (p->ctx->locked) {
		error_set(err, EXIT_LOCK, "X0407", "the crates are not locked");
		error_note(err, "%s has no `crates`", i->source->lock->path);
		error_help(err, "run `xorch lock %s` and commit the lock",
			i->source->recipe->path);
		return FALSE;
	}
	if (!lock_crates(p, i, err))
		return FALSE;
	g_hash_table_add(p->crates_renewed, i->source->lock);
	return TRUE;
}

/* ---- key and downloads ---- */

static gboolean not_locked(const item *i, GError **err)
{
	error_set(err, EXIT_LOCK, "X0407", "the crates are not locked");
	error_note(err, "%s has no `crates`", i->source->lock->path);
	error_help(err, "run `xorch lock %s`", i->source->recipe->path);
	return FALSE;
}

static gboolean rust_add_to_key(pipeline *p, item *i, key *k, GError **err)
{
	const GPtrArray *crates = i->source->lock->crates;
	g_auto(rust_toolchain) rust = {0};

	if (!step_rust_used(i))
		return TRUE;
	if (!crates)
		return not_locked(i, err);
	if (!rust_describe(p->ctx, i->recipe->toolchain.rust, i->platform, &rust, err))
		return FALSE;
	key_add(k, "rust version", rust.version);
	key_add(k, "rust toolchain", rust.key);
	for (guint n = 0; n < crates->len; n++) {
		const locked_file *f = g_ptr_array_index(crates, n);
		g_autofree char *name = g_strdup_printf("crate %s", f->file);
		g_autofree char *value = g_strndup(f->sha256, 16);
		key_add(k, name, value);
	}
	return TRUE;
}

static gboolean rust_fetch(pipeline *p, item *i, GError **err)
{
	g_auto(rust_toolchain) rust = {0};

	if (!step_rust_used(i))
		return TRUE;
	if (!i->source->lock->crates)
		return not_locked(i, err);
	return rust_prepare(p->ctx, i->recipe->toolchain.rust, i->platform, &rust, err) &&
	       crates_fetch(p->ctx, i->source->lock->crates, rust.cargo,
		       i->source->lock->path, err);
}

/* ---- the build step ---- */

static gboolean is_locked(const recipe_lock *lock, const cargo_crate *c)
{
	for (guint n = 0; !c->git && n < lock->crates->len; n++) {
		const locked_file *f = g_ptr_array_index(lock->crates, n);
		if (g_str_equal(f->name, c->name) &&
			g_str_equal(f->version, c->version) &&
			g_str_equal(f->sha256, c->sha256))
			return TRUE;
	}
	return c->git && crates_git_covers(lock, c);
}

/* Everything the source's own Cargo.lock names must have been locked. */
static gboolean lock_covers(
	const item *i, const char *source, const rust_project *project, GError **err)
{
	g_autoptr(GPtrArray) crates = crates_of(source, project, err);

	if (!crates)
		return FALSE;
	for (guint n = 0; n < crates->len; n++) {
		const cargo_crate *c = g_ptr_array_index(crates, n);
		if (is_locked(i->source->lock, c))
			continue;
		error_set(err, EXIT_LOCK, "X0954",
			"the source's %s and the recipe's lock differ", project->lock);
		error_line(err, "%s %s, %s %.16s…, is not in %s", c->name, c->version,
			c->git ? "commit" : "sha256", c->git ? c->commit : c->sha256,
			i->source->lock->path);
		error_help(err, "run `xorch lock --upgrade %s`", i->source->recipe->path);
		return FALSE;
	}
	return TRUE;
}

/* The crates of a build: of the registry, and from git. */
typedef struct crate_folders {
	char *registry, *git; /* host folders; git may be NULL */
	char *patches;	      /* cargo's settings for git's, as the step sees them */
} crate_folders;

static void crate_folders_clear(crate_folders *f)
{
	g_free(f->registry);
	g_free(f->git);
	g_free(f->patches);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(crate_folders, crate_folders_clear)

static gboolean place_crates(
	pipeline *p, const step_site *site, crate_folders *out, GError **err)
{
	const recipe_lock *lock = site->item->source->lock;
	g_autofree char *folder = g_build_filename(site->scratch, "cargo-git", NULL);
	const char *seen = site->level == SANDBOX_BWRAP ? SANDBOX_CARGO_GIT : folder;

	out->registry = crates_tree(p->ctx, lock->crates, NULL, err);
	out->patches =
		out->registry ? crates_git_place(p->ctx, lock, folder, seen, err) : NULL;
	if (out->patches && *out->patches)
		out->git = g_steal_pointer(&folder);
	return out->patches != NULL;
}

static gboolean check_source(pipeline *p, const step_site *site,
	const rust_toolchain *rust, const crate_folders *crates, rust_project *project,
	GError **err)
{
	const item *i = site->item;
	gboolean locked = i->recipe->cargo.locked;

	if (!find_project(i, site->source, project, err))
		return FALSE;
	if (project->lock && locked && !lock_covers(i, site->source, project, err))
		return FALSE;
	rust_cargo c = {.ctx = p->ctx,
		.rust = rust,
		.source = site->source,
		.manifest = project->manifest,
		.level = site->level,
		.patches = crates->patches};
	return rust_cargo_check(&c, crates->registry, crates->git, err);
}

static gboolean is_before(const char *version, guint minor)
{
	g_auto(GStrv) parts = g_strsplit(version, ".", 3);

	return g_strv_length(parts) > 1 && g_str_equal(parts[0], "0") &&
	       g_ascii_strtoull(parts[1], NULL, 10) < minor;
}

/* Before 0.23 PyO3's features are nothing to it beside its file. */
static gboolean file_decides(const item *i)
{
	const GPtrArray *crates = i->source->lock->crates;

	for (guint n = 0; crates && n < crates->len; n++) {
		const locked_file *f = g_ptr_array_index(crates, n);
		if (g_str_equal(f->name, "pyo3-build-config") &&
			is_before(f->version, 23))
			return TRUE;
	}
	return FALSE;
}

/* Is it the stable ABI that is built for, and from which Python on? */
static gboolean for_stable_abi(
	const step_site *site, const rust_project *project, guint *minor)
{
	const char *said = site->item->recipe->python.abi3;
	g_autofree char *path = fs_resolve_beneath(site->source, project->manifest, NULL);
	g_autoptr(GBytes) bytes = path ? fs_read(path, MANIFEST_MAX, NULL) : NULL;
	gsize size = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	g_autofree char *text = g_strndup(data ? data : "", size);
	gboolean own = cargo_manifest_abi3(text, minor);

	if (said && (!own || !*minor))
		*minor = (guint)g_ascii_strtoull(strchr(said, '.') + 1, NULL, 10);
	return own || said;
}

/* The file PyO3 believes above all else (0.14 and newer; every key but these is too
 * new or too old for some version). An abi3 feature of the project comes on top, since
 * 0.23; an older one is told. Extensions never link to a libpython, so nothing is said
 * of where one is. */
static char *pyo3_config(const step_site *site, const rust_project *project)
{
	const item *i = site->item;
	gboolean threads = strchr(i->python->abiflags, 't') != NULL;
	guint oldest = 0, minor = i->python->minor;
	gboolean stable =
		!threads && file_decides(i) && for_stable_abi(site, project, &oldest);

	if (stable && oldest && oldest < minor)
		minor = oldest;
	return g_strdup_printf("implementation=CPython\n"
			       "version=3.%u\n"
			       "%s"
			       "shared=true\n"
			       "pointer_width=%d\n"
			       "build_flags=%s\n"
			       "suppress_build_script_link_lines=true\n",
		minor, stable ? "abi3=true\n" : "",
		i->platform->elf_class == ELFCLASS32 ? 32 : 64,
		threads ? "Py_GIL_DISABLED" : "");
}

static gboolean add_pyo3(
	const step_site *site, const rust_project *project, step_extras *x, GError **err)
{
	g_autofree char *folder = g_build_filename(site->scratch, "pyo3", NULL);
	g_autofree char *path = g_build_filename(folder, "config.txt", NULL);
	g_autofree char *text = pyo3_config(site, project);

	if (!fs_mkdir_p(folder, 0755, err) ||
		!fs_write_atomic(path, text, strlen(text), 0644, err))
		return FALSE;
	step_extras_bind(x, folder, SANDBOX_PYO3, FALSE);
	step_extras_env(x, "PYO3_CONFIG_FILE", "{" SANDBOX_PYO3 "}/config.txt");
	/* For build scripts that run a Python (cffi): the build machine's, which
	 * answers for the target. */
	step_extras_env(x, "PYO3_PYTHON", "{" SANDBOX_ENV_DIR "}/bin/python");
	return TRUE;
}

static gboolean add_cargo_home(
	const step_site *site, step_extras *x, const crate_folders *crates, GError **err)
{
	g_autofree char *folder = g_build_filename(site->scratch, "cargo", NULL);
	const char *seen =
		site->level == SANDBOX_BWRAP ? SANDBOX_CRATES : crates->registry;

	step_extras_bind(x, crates->registry, SANDBOX_CRATES, FALSE);
	if (crates->git)
		step_extras_bind(x, crates->git, SANDBOX_CARGO_GIT, FALSE);
	step_extras_bind(x, folder, SANDBOX_CARGO_HOME, TRUE);
	step_extras_env(x, "CARGO_HOME", "{" SANDBOX_CARGO_HOME "}");
	return rust_cargo_home(folder, seen, crates->patches, err);
}

/* For the target alone: build scripts and procedural macros are built without. Paths
 * of the build, constant or not, have no place in a wheel. */
static void add_rustflags(const item *i, const crate_folders *crates, step_extras *x)
{
	g_autofree char *triple = g_ascii_strup(i->platform->rust_triple, -1);
	g_autofree char *name = g_strdup_printf(
		"CARGO_TARGET_%s_RUSTFLAGS", g_strdelimit(triple, "-.", '_'));
	g_autoptr(GString) flags = g_string_new(NULL);

	if (i->recipe->wheel.strip)
		g_string_append(flags, "-Cstrip=symbols ");
	g_string_append(flags, "--remap-path-prefix={" SANDBOX_SRC "}=src "
			       "--remap-path-prefix={" SANDBOX_CRATES "}=crates "
			       "--remap-path-prefix={" SANDBOX_CARGO_HOME "}=cargo");
	/* What comes from a folder is the project's own to cargo, warnings and all. */
	if (crates->git)
		g_string_append(flags, " --remap-path-prefix={" SANDBOX_CARGO_GIT
				       "}=crates --cap-lints=warn");
	step_extras_env(x, name, flags->str);
}

/* Shell words, as maturin's front end splits them: no word of ours needs quotes, and a
 * feature cannot hold any. */
static char *maturin_args(const item *i)
{
	const recipe *r = i->recipe;
	g_autoptr(GString) out = g_string_new(NULL);

	/* xorch repairs and tags by its own audit; maturin's hook adds `--compatibility
	 * off` itself, and ones before 1.8 refuse a second. 1.4 had only this option for
	 * the rest, which newer ones still take for `--auditwheel skip`. */
	g_string_append_printf(
		out, "--skip-auditwheel --target %s", i->platform->rust_triple);
	if (r->cargo.locked)
		g_string_append(out, " --locked");
	g_string_append(out, " --offline");
	if (r->cargo.no_default_features)
		g_string_append(out, " --no-default-features");
	for (guint n = 0; r->cargo.features && n < r->cargo.features->len; n++) {
		g_autofree char *word =
			g_shell_quote(g_ptr_array_index(r->cargo.features, n));
		g_string_append_printf(out, " --features %s", word);
	}
	/* The oldest Python of an abi3 wheel, where the project leaves it open. */
	const char *minor = r->python.abi3 ? strchr(r->python.abi3, '.') : NULL;
	if (minor && !strchr(i->python->abiflags, 't'))
		g_string_append_printf(out, " --features pyo3/abi3-py3%s", minor + 1);
	if (r->cargo.manifest) {
		g_autofree char *word = g_shell_quote(r->cargo.manifest);
		g_string_append_printf(out, " --manifest-path %s", word);
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}

static gboolean has_file(const step_site *site, const char *folder, const char *name)
{
	g_autofree char *path =
		g_build_filename(site->cross->sysroot_tree, folder, name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* openssl-sys looks for OpenSSL by itself in many places, none of them right in a
 * cross build. Where only archives are (a library by recipe), they are linked. */
static void add_openssl(const step_site *site, step_extras *x)
{
	g_autofree char *folder =
		g_strdup_printf("usr/lib/%s", site->item->platform->multiarch);
	g_autofree char *libraries = g_strdup_printf("{" SANDBOX_SYSROOT "}/%s", folder);

	step_extras_env(x, "OPENSSL_NO_VENDOR", "1");
	if (!has_file(site, "usr/include/openssl", "opensslv.h"))
		return;
	step_extras_env(x, "OPENSSL_LIB_DIR", libraries);
	step_extras_env(x, "OPENSSL_INCLUDE_DIR", "{" SANDBOX_SYSROOT "}/usr/include");
	if (!has_file(site, folder, "libssl.so"))
		step_extras_env(x, "OPENSSL_STATIC", "1");
}

/* Only maturin can be told which features to build with. */
static gboolean features_act(const step_site *site, GError **err)
{
	const recipe *r = site->item->recipe;

	if ((!r->cargo.features && !r->cargo.no_default_features) ||
		g_str_has_prefix(site->project->backend, "maturin"))
		return TRUE;
	error_set(err, EXIT_INPUT, "X0956",
		"cargo.features and no_default_features act with maturin only");
	error_line(err, "the project's backend is %s", site->project->backend);
	error_help(err, "its setup.py names the features (RustExtension(features=…)): "
			"change it by a patch");
	return FALSE;
}

static gboolean rust_step(pipeline *p, step_site *site, step_extras *x, GError **err)
{
	const item *i = site->item;
	g_auto(rust_toolchain) rust = {0};
	g_auto(rust_project) project = {0};
	g_auto(crate_folders) crates = {0};

	if (!step_rust_used(i))
		return TRUE;
	if (!features_act(site, err) ||
		!rust_prepare(p->ctx, i->recipe->toolchain.rust, i->platform, &rust, err))
		return FALSE;
	if (!place_crates(p, site, &crates, err) ||
		!check_source(p, site, &rust, &crates, &project, err))
		return FALSE;
	g_autofree char *args = maturin_args(i);
	step_extras_bind(x, rust.tree, SANDBOX_RUST, FALSE);
	step_extras_bind(x, rust.tools, SANDBOX_RUST_TOOLS, FALSE);
	step_extras_path(x, SANDBOX_RUST_TOOLS "/bin");
	step_extras_env(x, "CARGO", "{" SANDBOX_RUST_TOOLS "}/bin/cargo");
	step_extras_env(x, "RUSTC", "{" SANDBOX_RUST_TOOLS "}/bin/rustc");
	step_extras_env(x, "CARGO_TERM_COLOR", "never");
	step_extras_env(x, "CARGO_INCREMENTAL", "0");
	step_extras_env(x, "MATURIN_PEP517_ARGS", args);
	add_rustflags(i, &crates, x);
	add_openssl(site, x);
	return add_cargo_home(site, x, &crates, err) && add_pyo3(site, &project, x, err);
}

const step_part step_rust = {.name = "rust",
	.lock = rust_lock,
	.add_to_key = rust_add_to_key,
	.fetch = rust_fetch,
	.prepare = rust_step};
