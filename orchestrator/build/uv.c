#include "build/uv.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include "base/fs.h"
#include "build/fetch.h"
#include "build/pypi.h"
#include "build/store.h"
#include "format/wheel_name.h"
#include "format/zip.h"
#include "plan/catalog.h"
#include "plan/key.h"
#include "plan/package_lock.h"
#include <string.h>
#include <sys/utsname.h>

#define KIND "uv"
#define SECTION "any"

void uv_clear(uv *u)
{
	g_free(u->program);
	g_free(u->version);
	g_free(u->key);
	memset(u, 0, sizeof *u);
}

/* The static build: musllinux_*_<this machine>. */
static gboolean fits(const index_file *f, const char *version, const char *machine)
{
	g_autoptr(wheel_name) w =
		f->is_wheel ? wheel_name_parse(f->filename, NULL) : NULL;
	gboolean found = FALSE;

	if (!w || !f->sha256 || f->yanked || g_strcmp0(f->version, version) != 0)
		return FALSE;
	for (char **p = w->platforms; *p; p++)
		found |= g_str_has_prefix(*p, "musllinux_") &&
			 g_str_has_suffix(*p, machine);
	return found;
}

static locked_package *choose(
	const build_context *ctx, const toolchain_def *def, GError **err)
{
	g_autoptr(pypi_project) project = pypi_project_get(ctx, def->project, err);
	g_autofree char *newest = NULL;
	struct utsname here;

	if (!project)
		return NULL;
	uname(&here);
	newest = def->version ? g_strdup(def->version) : pypi_newest(project, NULL, err);
	if (!newest)
		return NULL;
	for (guint i = 0; i < project->page->files->len; i++) {
		const index_file *f = g_ptr_array_index(project->page->files, i);
		if (fits(f, newest, here.machine))
			return locked_package_new(def->project, newest, f->filename,
				f->sha256, f->size, FALSE);
	}
	error_set(err, EXIT_NETWORK, "X0504", "%s %s has no static wheel for %s",
		def->project, newest, here.machine);
	error_line(err, "index: %s", project->index);
	return NULL;
}

static gboolean write_lock(const char *path, const toolchain_def *def, package_lock *lock,
	const locked_package *p, GError **err)
{
	package_section *section = package_section_new(SECTION, NULL, NULL, NULL);

	g_ptr_array_add(section->packages, locked_package_copy(p));
	package_lock_set(lock, section);
	g_autofree char *text = package_lock_text(lock);
	g_autoptr(GError) cause = NULL;
	if (fs_write_atomic(path, text, strlen(text), 0644, &cause)) {
		event_log(
			EVENT_INFO, NULL, "wrote %s: %s %s", path, def->name, p->version);
		return TRUE;
	}
	/* An installed catalogue belongs to somebody else: go on without. */
	event_log(EVENT_WARNING, NULL, "%s is not locked: %s", def->name, cause->message);
	(void)err;
	return TRUE;
}

static locked_package *locked(const build_context *ctx, const toolchain_def *def,
	gboolean upgrade, GError **err)
{
	g_autofree char *path = catalog_lock_path(def->path);
	g_autoptr(package_lock) lock = package_lock_load(path, def->name, err);

	if (!lock)
		return NULL;
	package_section *section = package_lock_section(lock, SECTION);
	if (section && section->packages->len && !upgrade)
		return locked_package_copy(g_ptr_array_index(section->packages, 0));
	if (ctx->locked) {
		error_set(
			err, EXIT_LOCK, "X0410", "toolchain %s is not locked", def->name);
		error_line(err, "lock: %s", path);
		error_help(err, "run `xorch lock` without --locked and commit the file");
		return NULL;
	}
	if (ctx->offline) {
		error_set(err, EXIT_NETWORK, "X0501",
			"toolchain %s is not locked, and --offline forbids to ask for it",
			def->name);
		return NULL;
	}
	g_autoptr(locked_package) p = choose(ctx, def, err);
	if (!p || !write_lock(path, def, lock, p, err))
		return NULL;
	return g_steal_pointer(&p);
}

static char *fetch_wheel(const build_context *ctx, const toolchain_def *def,
	const locked_package *p, GError **err)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	pypi_lookup lookup = {.context = ctx, .project = def->project};
	fetch_options options = {.offline = ctx->offline};
	fetch_item *item = fetch_item_new(p->path, p->sha256, p->size, err);

	if (!item)
		return NULL;
	g_ptr_array_add(items, item);
	item->where = g_strdup(def->path);
	item->find_urls = pypi_find_urls;
	item->find_urls_data = &lookup;
	return fetch_blobs(ctx->store, items, &options, err) ? g_strdup(item->path)
							     : NULL;
}

static gboolean unpack(const char *wheel, const char *dir, GError **err)
{
	g_autoptr(zip_file) zip = zip_open(wheel, err);

	for (guint i = 0; zip && i < zip->n_entries; i++) {
		const zip_entry *e = &zip->entries[i];
		if (!g_str_has_suffix(e->name, ".data/scripts/uv"))
			continue;
		g_autoptr(GBytes) bytes = zip_read(zip, e, err);
		g_autofree char *path = g_build_filename(dir, "uv", NULL);
		return bytes && fs_write_atomic(path, g_bytes_get_data(bytes, NULL),
					g_bytes_get_size(bytes), 0755, err);
	}
	return zip ? error_set(err, EXIT_INTEGRITY, "X0911", "%s holds no program uv",
			     wheel)
		   : FALSE;
}

gboolean uv_prepare(const build_context *ctx, uv *out, GError **err)
{
	g_autoptr(toolchain_def) def = toolchain_def_find("uv", err);
	g_autoptr(locked_package) p = def ? locked(ctx, def, FALSE, err) : NULL;

	memset(out, 0, sizeof *out);
	if (!p)
		return FALSE;
	g_autoptr(key) k = key_new("uv", 1);
	key_add(k, "wheel", p->sha256);
	out->key = g_strdup(key_digest(k));
	out->version = g_strdup(p->version);
	g_autofree char *tree = store_tree_find(ctx->store, KIND, out->key);
	if (!tree) {
		g_autofree char *wheel = fetch_wheel(ctx, def, p, err);
		store_tree *staged =
			wheel ? store_tree_begin(ctx->store, KIND, out->key, &tree, err)
			      : NULL;
		if (!staged && !tree)
			return FALSE;
		if (staged) {
			fault_point("extract");
			if (!unpack(wheel, store_tree_dir(staged), err)) {
				store_tree_abort(staged);
				return FALSE;
			}
			tree = store_tree_commit(staged, err);
			if (!tree)
				return FALSE;
		}
	}
	out->program = g_build_filename(tree, "uv", NULL);
	return TRUE;
}

gboolean uv_lock(const build_context *ctx, GError **err)
{
	g_autoptr(toolchain_def) def = toolchain_def_find("uv", err);
	g_autoptr(locked_package) p = def ? locked(ctx, def, TRUE, err) : NULL;

	return p != NULL;
}

/* Of this machine's environment only what the network needs. */
static const char *const kept[] = {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
	"http_proxy", "https_proxy", "all_proxy", "no_proxy", "SSL_CERT_FILE",
	"SSL_CERT_DIR", NULL};

static GPtrArray *environment(const char *work, const char *const *extra)
{
	GPtrArray *env = g_ptr_array_new_with_free_func(g_free);

	g_ptr_array_add(env, g_strdup("PATH=/usr/bin:/bin"));
	g_ptr_array_add(env, g_strdup("LC_ALL=C.UTF-8"));
	g_ptr_array_add(env, g_strdup("UV_NO_CONFIG=1"));
	g_ptr_array_add(env, g_strdup("UV_NO_PROGRESS=1"));
	g_ptr_array_add(env, g_strdup("UV_PYTHON_DOWNLOADS=never"));
	g_ptr_array_add(env, g_strdup("UV_SYSTEM_CERTS=1"));
	g_ptr_array_add(env, g_strdup("PYTHONDONTWRITEBYTECODE=1"));
	g_ptr_array_add(env, g_strdup_printf("HOME=%s", work));
	g_ptr_array_add(env, g_strdup_printf("TMPDIR=%s", work));
	g_ptr_array_add(env, g_strdup_printf("UV_CACHE_DIR=%s/cache", work));
	for (const char *const *name = kept; *name; name++)
		if (g_getenv(*name))
			g_ptr_array_add(
				env, g_strdup_printf("%s=%s", *name, g_getenv(*name)));
	for (; extra && *extra; extra++)
		g_ptr_array_add(env, g_strdup(*extra));
	g_ptr_array_add(env, NULL);
	return env;
}

gboolean uv_run(const uv *u, const char *const *args, const char *work,
	const char *const *extra, GBytes *input, process_result *result, GError **err)
{
	g_autoptr(GPtrArray) env = environment(work, extra);
	g_autoptr(GPtrArray) argv = g_ptr_array_new();

	g_ptr_array_add(argv, u->program);
	for (; *args; args++)
		g_ptr_array_add(argv, (gpointer)*args);
	g_ptr_array_add(argv, NULL);
	process_spec spec = {.argv = (const char *const *)argv->pdata,
		.env = (const char *const *)env->pdata,
		.cwd = work,
		.name = "uv",
		.input = input,
		.capture = TRUE,
		.timeout_s = 600};
	return process_run(&spec, result, err);
}
