#include "build/go_modules.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "format/digest.h"
#include "format/go_hash.h"
#include "format/go_module.h"
#include "plan/lock_go.h"
#include <stdio.h>
#include <string.h>

#define MAX_MOD (16 << 20)

static char *module_folder(const go_project *p)
{
	return g_build_filename(p->source, p->folder ? p->folder : ".", NULL);
}

/* ---- asking the go command ---- */

#define LATER_RELEASES 12 /* of Go, two a year */

/* With `later`, the files that only a newer Go than this one compiles too (`//go:build
 * go1.27`): the lock serves whatever Go a machine has. */
static char *tag_list(const go_tool *go, const go_project *p, gboolean later)
{
	g_autoptr(GPtrArray) tags = g_ptr_array_new_with_free_func(g_free);
	int minor = 0;

	for (guint i = 0; p->tags && i < p->tags->len; i++)
		g_ptr_array_add(tags, g_strdup(g_ptr_array_index(p->tags, i)));
	if (later && sscanf(go->version, "1.%d", &minor) == 1)
		for (int n = 1; n <= LATER_RELEASES; n++)
			g_ptr_array_add(tags, g_strdup_printf("go1.%d", minor + n));
	g_ptr_array_add(tags, NULL);
	g_autofree char *list = g_strjoinv(",", (char **)tags->pdata);
	return g_strconcat("-tags=", list, NULL);
}

/* Every GOARCH that programs are built for, `first` first. */
static GPtrArray *architectures(const char *first)
{
	GPtrArray *list = g_ptr_array_new();

	g_ptr_array_add(list, (gpointer)first);
	for (const platform *p = platforms; p->name; p++)
		if (p->builds_go && !g_ptr_array_find_with_equal_func(
					    list, p->goarch, g_str_equal, NULL))
			g_ptr_array_add(list, (gpointer)p->goarch);
	return list;
}

static gboolean list_for(const go_tool *go, const go_project *p, const char *work,
	const registry_go *r, gboolean has_sum, const char *goarch, gboolean later,
	process_result *result, GError **err)
{
	g_autofree char *tags = tag_list(go, p, later);
	g_autofree char *folder = module_folder(p);
	g_autofree char *arch = g_strconcat("GOARCH=", goarch, NULL);
	g_auto(GStrv) proxy = go_proxy_environment(r);
	g_autoptr(GPtrArray) env = g_ptr_array_new();
	const char *args[] = {"list", "-deps", has_sum ? "-mod=readonly" : "-mod=mod",
		tags, "-f", "{{.ImportPath}}", p->package ? p->package : ".", NULL};

	for (char **e = proxy; *e; e++)
		g_ptr_array_add(env, *e);
	g_ptr_array_add(env, arch);
	g_ptr_array_add(env, (gpointer) "GOOS=linux");
	g_ptr_array_add(env, (gpointer)(p->cgo ? "CGO_ENABLED=1" : "CGO_ENABLED=0"));
	g_ptr_array_add(env, NULL);
	go_run run = {.args = args,
		.cwd = folder,
		.work = work,
		.env = (const char *const *)env->pdata};
	return go_tool_run(go, &run, result, err);
}

static gboolean list_all(const go_tool *go, const go_project *p, const char *work,
	const registry_go *r, gboolean has_sum, const platform *target, GError **err)
{
	g_autoptr(GPtrArray) archs = architectures(target->goarch);

	for (guint i = 0; i < 2 * archs->len; i++) {
		const char *arch = g_ptr_array_index(archs, i / 2);
		g_auto(process_result) result = {0};
		if (!list_for(go, p, work, r, has_sum, arch, i % 2, &result, err))
			return FALSE;
		if (result.timed_out)
			return error_set(err, EXIT_TIME, "X0531",
				"the go command took too long to find the modules");
		if (result.exit_code == 0)
			continue;
		/* Elsewhere only what its failing downloads leave out would matter. */
		if (i > 0 && !strstr(result.err, "verifying "))
			continue;
		return go_proxy_failed(result.err,
			"the go command cannot load the source", EXIT_BUILD, "X0943",
			err);
	}
	return TRUE;
}

/* ---- what it fetched ---- */

typedef struct collector {
	const build_context *ctx;
	GHashTable *sum; /* the source's go.sum; NULL: it has none */
	const char *top; /* cache/download */
	lock_go *out;
} collector;

static gboolean vouched(const collector *c, const lock_module *m, gboolean mod,
	const char *h1, GError **err)
{
	const char *want = c->sum ? go_sum_get(c->sum, m->path, m->version, mod) : NULL;

	if (!c->sum || g_strcmp0(want, h1) == 0)
		return TRUE;
	error_set(err, EXIT_INTEGRITY, "X0662", "%s %s is not the module it should be",
		m->path, m->version);
	error_line(err, "expected: %s   (go.sum of the source%s)",
		want ? want : "nothing", mod ? ", go.mod" : "");
	error_line(err, "     got: %s", h1);
	error_note(err, "nothing of it was used");
	return FALSE;
}

static gboolean take_mod(
	const collector *c, const char *file, lock_module *m, GError **err)
{
	g_autoptr(GBytes) bytes = fs_read(file, MAX_MOD, err);
	gsize size;

	if (!bytes)
		return FALSE;
	const void *data = g_bytes_get_data(bytes, &size);
	m->mod_h1 = go_hash_mod(data, size);
	m->mod_size = (gint64)size;
	if (!vouched(c, m, TRUE, m->mod_h1, err))
		return FALSE;
	m->mod_sha256 = store_blob_add_bytes(c->ctx->store, data, size, err);
	return m->mod_sha256 != NULL;
}

static gboolean take_zip(
	const collector *c, const char *file, lock_module *m, GError **err)
{
	if (!g_file_test(file, G_FILE_TEST_EXISTS))
		return TRUE;
	g_autoptr(zip_file) zip = zip_open(file, err);
	m->h1 = zip ? go_hash_zip(zip, m->path, m->version, err) : NULL;
	if (!m->h1 || !vouched(c, m, FALSE, m->h1, err))
		return FALSE;
	m->size = (gint64)zip->size;
	m->sha256 = store_blob_add_file(c->ctx->store, file, err);
	return m->sha256 != NULL;
}

/* One "…/PATH/@v/VERSION.mod". */
static gboolean take_module(
	collector *c, const char *dir, const char *name, const char *path, GError **err)
{
	g_autofree char *stem = g_strndup(name, strlen(name) - strlen(".mod"));
	g_autofree char *mod = g_build_filename(dir, name, NULL);
	g_autofree char *zip = g_strconcat(dir, "/", stem, ".zip", NULL);
	g_autoptr(lock_module) m = g_new0(lock_module, 1);

	m->path = g_strdup(path);
	m->version = go_module_unescape(stem);
	if (!m->version || !go_version_valid(m->version))
		return TRUE; /* no module's file */
	if (!take_mod(c, mod, m, err) || !take_zip(c, zip, m, err))
		return FALSE;
	g_ptr_array_add(c->out->modules, g_steal_pointer(&m));
	return TRUE;
}

/* Walks cache/download; `rel` is the escaped path so far, NULL at the top. */
static gboolean collect(collector *c, const char *rel, int depth, GError **err)
{
	g_autofree char *dir =
		rel ? g_build_filename(c->top, rel, NULL) : g_strdup(c->top);
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	gboolean files = rel && g_str_has_suffix(rel, "/@v");
	g_autofree char *escaped = files ? g_strndup(rel, strlen(rel) - 3) : NULL;
	g_autofree char *path = files ? go_module_unescape(escaped) : NULL;
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *sub =
			rel ? g_build_filename(rel, name, NULL) : g_strdup(name);
		if (!rel && g_str_equal(name, "sumdb"))
			continue;
		if (path && g_str_has_suffix(name, ".mod")) {
			if (!take_module(c, dir, name, path, err))
				return FALSE;
		} else if (!files && depth < 64) {
			if (!collect(c, sub, depth + 1, err))
				return FALSE;
		}
	}
	return TRUE;
}

static GHashTable *read_sum(const go_project *p, gboolean *there, GError **err)
{
	g_autofree char *folder = module_folder(p);
	g_autofree char *path = g_build_filename(folder, "go.sum", NULL);

	*there = g_file_test(path, G_FILE_TEST_EXISTS);
	if (!*there)
		return NULL;
	g_autoptr(GBytes) bytes = fs_read(path, MAX_MOD, err);
	if (!bytes)
		return NULL;
	g_autofree char *text =
		g_strndup(g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	return go_sum_parse(text, "go.sum of the source", err);
}

gboolean go_modules_resolve(const build_context *ctx, const go_tool *go,
	const go_project *p, const platform *target, lock_go *out, GError **err)
{
	const registry_go *r = go_proxy_settings(ctx, err);
	gboolean has_sum;
	g_autoptr(GHashTable) sum = r ? read_sum(p, &has_sum, err) : NULL;
	g_autofree char *work = NULL;

	if (!r || (has_sum && !sum))
		return FALSE;
	work = store_temp_dir(ctx->store, err);
	if (!work)
		return FALSE;
	g_autofree char *modules = go_run_modules(work);
	g_autofree char *top = g_build_filename(modules, "cache", "download", NULL);
	if (!out->modules)
		out->modules =
			g_ptr_array_new_with_free_func((GDestroyNotify)lock_module_free);
	collector c = {.ctx = ctx, .sum = sum, .top = top, .out = out};
	gboolean ok = list_all(go, p, work, r, has_sum, target, err) &&
		      collect(&c, NULL, 0, err);
	lock_go_sort(out);
	fs_remove_tree(work, NULL);
	return ok;
}

/* ---- from the lock ---- */

gboolean go_modules_fetch(
	const build_context *ctx, const item *i, GPtrArray *items, GError **err)
{
	const lock_go *lock = &i->source->lock->go;

	for (guint n = 0; lock->modules && n < lock->modules->len; n++) {
		const lock_module *m = g_ptr_array_index(lock->modules, n);
		fetch_item *mod = go_proxy_item(ctx, i->source, m->path, m->version,
			"mod", m->mod_sha256, m->mod_size, err);
		if (!mod)
			return FALSE;
		g_ptr_array_add(items, mod);
		mod->where = g_strdup(i->source->lock->path);
		if (!m->sha256)
			continue;
		fetch_item *zip = go_proxy_item(ctx, i->source, m->path, m->version,
			"zip", m->sha256, m->size, err);
		if (!zip)
			return FALSE;
		g_ptr_array_add(items, zip);
		zip->where = g_strdup(i->source->lock->path);
	}
	return TRUE;
}

static gboolean write_file(
	const char *folder, const char *name, const GString *text, GError **err)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	return fs_write_atomic(path, text->str, text->len, 0644, err);
}

/* All selected modules become requirements: what -mod=mod added when it was locked. */
static gboolean complete_mod(const char *folder, const char *module, const lock_go *lock,
	gboolean sum_missing, GError **err)
{
	g_autofree char *path = g_build_filename(folder, "go.mod", NULL);
	gboolean there = g_file_test(path, G_FILE_TEST_EXISTS);
	g_autoptr(GString) text = g_string_new(NULL);

	if (there && !sum_missing)
		return TRUE;
	if (there) {
		g_autoptr(GBytes) bytes = fs_read(path, MAX_MOD, err);
		if (!bytes)
			return FALSE;
		g_string_append_len(text, g_bytes_get_data(bytes, NULL),
			(gssize)g_bytes_get_size(bytes));
	} else {
		g_string_append_printf(text, "module %s\n", module);
	}
	for (guint n = 0; lock && lock->modules && n < lock->modules->len; n++) {
		const lock_module *m = g_ptr_array_index(lock->modules, n);
		if (m->sha256)
			g_string_append_printf(
				text, "\nrequire %s %s", m->path, m->version);
	}
	g_string_append_c(text, '\n');
	return write_file(folder, "go.mod", text, err);
}

static gboolean complete_sum(const char *folder, const lock_go *lock, GError **err)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint n = 0; lock->modules && n < lock->modules->len; n++) {
		const lock_module *m = g_ptr_array_index(lock->modules, n);
		if (m->h1)
			g_string_append_printf(
				text, "%s %s %s\n", m->path, m->version, m->h1);
		g_string_append_printf(
			text, "%s %s/go.mod %s\n", m->path, m->version, m->mod_h1);
	}
	return write_file(folder, "go.sum", text, err);
}

gboolean go_modules_complete(
	const go_project *p, const char *module, const lock_go *lock, GError **err)
{
	g_autofree char *folder = module_folder(p);
	g_autofree char *sum = g_build_filename(folder, "go.sum", NULL);
	gboolean missing = !g_file_test(sum, G_FILE_TEST_EXISTS);

	if (!complete_mod(folder, module, lock, missing, err))
		return FALSE;
	return !missing || !lock || complete_sum(folder, lock, err);
}
