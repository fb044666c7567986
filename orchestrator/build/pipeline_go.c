#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include "base/fs.h"
#include "build/builder.h"
#include "build/floor.h"
#include "build/go_modcache.h"
#include "build/go_modules.h"
#include "build/go_std.h"
#include "build/go_step.h"
#include "build/pipeline_private.h"
#include "build/pipeline_step.h"
#include "build/source.h"
#include "build/source_kind.h"
#include "format/digest.h"
#include <string.h>

/* The builder of `kind: go-binary`: one program a target, by the go command alone;
 * with `go.cgo: true` with compiler, sysroot and floor of the target. */

static const recipe_source *first_source(const recipe *r)
{
	return g_ptr_array_index(r->sources, 0);
}

static const char *module_folder(const recipe *r)
{
	return first_source(r)->subdirectory;
}

/* B18, and what no sysroot exists for. */
static gboolean check_target_of(const item *i, GError **err)
{
	const platform *p = i->platform;

	if (!platform_check_go(p, err))
		return FALSE;
	if (!i->recipe->go.cgo || p->builds_wheels)
		return TRUE;
	error_set(err, EXIT_INPUT, "X0942", "cgo is not possible for %s", p->name);
	if (g_str_equal(p->goarch, "arm"))
		error_note(err,
			"C for ARMv%s needs start files and a libgcc of that level; "
			"Debian's armhf, which the sysroot is made of, are ARMv7 "
			"and would crash on it",
			p->goarm);
	else
		error_note(err, "no sysroot exists for it");
	error_help(err, "leave %s out of `targets`, or build it with `go: {cgo: false}`",
		p->name);
	return FALSE;
}

/* ---- lock ---- */

static void add_strings(key *k, const char *name, const GPtrArray *list)
{
	g_autoptr(GPtrArray) all = g_ptr_array_new();

	for (guint n = 0; list && n < list->len; n++)
		g_ptr_array_add(all, g_ptr_array_index(list, n));
	g_ptr_array_add(all, NULL);
	key_add_list(k, name, (const char *const *)all->pdata);
}

static gboolean add_patches(key *k, const recipe *r, const recipe_source *s, GError **err)
{
	for (guint n = 0; s->patches && n < s->patches->len; n++) {
		g_autofree char *path =
			fs_resolve_beneath(r->dir, g_ptr_array_index(s->patches, n), err);
		g_autofree char *hex = path ? digest_file(path, NULL, err) : NULL;
		if (!hex)
			return FALSE;
		key_add(k, "patch", hex);
	}
	return TRUE;
}

/* What the list of modules depends on. A folder of the repository changes daily: of
 * it the name alone, and the build says when a module is lacking. */
static char *lock_inputs(const item *i, GError **err)
{
	const recipe *r = i->recipe;
	g_autoptr(key) k = key_new("go modules", 1);

	for (guint n = 0; n < r->sources->len; n++) {
		const recipe_source *s = g_ptr_array_index(r->sources, n);
		const lock_source *l = source_locked(i->source->lock, s);
		key_add(k, "source", l ? l->kind : s->path);
		key_add(k, "hash", l ? l->commit ? l->tree : l->file->sha256 : NULL);
		key_add(k, "folder", s->target_directory);
		key_add(k, "module", s->subdirectory);
		if (!add_patches(k, r, s, err))
			return NULL;
	}
	key_add(k, "package", r->go.package);
	key_add_int(k, "cgo", r->go.cgo);
	add_strings(k, "tags", r->go.tags);
	return g_strndup(key_digest(k), 16);
}

static const char *main_module(const recipe *r)
{
	const recipe_source *s = first_source(r);

	return s->gomod ? s->gomod : r->package.name;
}

static gboolean resolve_in(
	pipeline *p, item *i, const char *dir, lock_go *out, GError **err)
{
	const recipe *r = i->recipe;
	const sandbox_info *info = sandbox_choose(p->options.level, err);
	g_autofree char *source = g_build_filename(dir, "src", NULL);
	go_project project = {.source = source,
		.folder = module_folder(r),
		.package = r->go.package,
		.tags = r->go.tags,
		.cgo = r->go.cgo};
	g_auto(go_tool) go = {0};
	g_autoptr(GPtrArray) blobs =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = p->ctx->offline};

	return info && source_fetch(p->ctx, i, blobs, err) &&
	       fetch_blobs(p->ctx->store, blobs, &options, err) &&
	       source_obtain(p->ctx, i, err) &&
	       source_unpack(p->ctx, i, source, info->level, err) &&
	       go_prepare(p->ctx, r->toolchain.go, &go, err) &&
	       go_modules_complete(&project, main_module(r), NULL, err) &&
	       go_modules_resolve(p->ctx, &go, &project, i->platform, out, err);
}

static gboolean must_not_resolve(
	const pipeline *p, const item *i, gboolean stale, GError **err)
{
	const char *lock = i->source->lock->path;

	if (stale && !p->options.renew) {
		error_set(err, EXIT_LOCK, "X0408",
			"what the Go modules were locked for changed since");
		error_note(err,
			"%s: section go; source, patches, go.package, go.tags or "
			"go.cgo are others now",
			lock);
		error_help(err, "run `xorch lock %s`", i->source->recipe->path);
		return TRUE;
	}
	if (p->ctx->locked) {
		error_set(err, EXIT_LOCK, "X0407", "the Go modules are not locked");
		error_note(err,
			i->source->lock_text ? "%s has no such section"
					     : "there is no %s",
			lock);
		error_help(err, "run `xorch lock %s` and commit the lock",
			i->source->recipe->path);
		return TRUE;
	}
	if (p->ctx->offline)
		return !error_set(err, EXIT_NETWORK, "X0501",
			"the Go modules of %s are not locked, and --offline forbids to "
			"ask for them",
			i->id);
	return FALSE;
}

static gboolean go_lock_item(pipeline *p, item *i, GError **err)
{
	lock_go *now = &i->source->lock->go;
	g_autofree char *inputs = lock_inputs(i, err);

	if (!inputs || !check_target_of(i, err))
		return FALSE;
	gboolean stale = now->inputs && !g_str_equal(now->inputs, inputs);
	if (now->inputs && !stale && !p->options.upgrade)
		return TRUE;
	if (must_not_resolve(p, i, stale, err))
		return FALSE;
	gint64 begun = event_step_begin(i->id, "lock");
	g_autofree char *dir = store_temp_dir(p->ctx->store, err);
	lock_go found = {0};
	gboolean ok = dir && resolve_in(p, i, dir, &found, err);
	if (dir)
		fs_remove_tree(dir, NULL);
	event_step_end(i->id, "lock", begun, ok);
	if (!ok) {
		lock_go_clear(&found);
		return FALSE;
	}
	lock_go_clear(now);
	*now = found;
	now->inputs = g_steal_pointer(&inputs);
	/* The other targets of this run: the same section. */
	return TRUE;
}

/* ---- key and downloads ---- */

static gboolean go_add_to_key(pipeline *p, item *i, key *k, GError **err)
{
	const lock_go *lock = &i->source->lock->go;
	g_auto(go_tool) go = {0};

	if (!lock->inputs) {
		error_set(err, EXIT_LOCK, "X0407", "the Go modules are not locked");
		error_note(err, "%s has no section go", i->source->lock->path);
		error_help(err, "run `xorch lock %s`", i->source->recipe->path);
		return FALSE;
	}
	if (!check_target_of(i, err) ||
		!go_describe(p->ctx, i->recipe->toolchain.go, &go, err))
		return FALSE;
	key_add(k, "Go", go.version);
	for (guint n = 0; lock->modules && n < lock->modules->len; n++) {
		const lock_module *m = g_ptr_array_index(lock->modules, n);
		g_autofree char *name =
			g_strdup_printf("module %s %s", m->path, m->version);
		g_autofree char *value = g_strdup_printf("%s %s", m->mod_h1, m->h1);
		key_add(k, name, value);
	}
	if (!i->recipe->go.cgo)
		return TRUE;
	cross_request request;
	g_auto(cross) c = {0};
	if (!pipeline_cross_request(p, i, &request, err) ||
		!cross_describe(p->ctx, &request, &c, err))
		return FALSE;
	key_add(k, "compilers", c.key);
	return TRUE;
}

static gboolean go_fetch(pipeline *p, item *i, GError **err)
{
	g_autoptr(GPtrArray) blobs =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = p->ctx->offline};
	g_auto(go_tool) go = {0};

	if (!go_prepare(p->ctx, i->recipe->toolchain.go, &go, err) ||
		!go_modules_fetch(p->ctx, i, blobs, err) ||
		!fetch_blobs(p->ctx->store, blobs, &options, err))
		return FALSE;
	if (!i->recipe->go.cgo)
		return TRUE;
	cross_request request;
	g_auto(cross) c = {0};
	/* the libraries are built later */
	return pipeline_cross_bare(p, i, &request, err) &&
	       cross_prepare(p->ctx, &request, &c, err);
}

/* ---- build ---- */

typedef struct prepared {
	go_tool go;
	cross cross;
	gboolean has_sum;
	char *modules, *std, *cache;
} prepared;

static void prepared_clear(prepared *r)
{
	go_tool_clear(&r->go);
	cross_clear(&r->cross);
	g_free(r->modules);
	g_free(r->std);
	g_free(r->cache);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(prepared, prepared_clear)

static gboolean prepare(pipeline *p, item *i, workplace *w, const sandbox_info *info,
	prepared *out, GError **err)
{
	const recipe *r = i->recipe;
	const lock_go *lock = &i->source->lock->go;
	go_project project = {.source = w->source, .folder = module_folder(r)};
	cross_request request;

	out->cache = g_build_filename(w->dir, "cache", NULL);
	if (!go_prepare(p->ctx, r->toolchain.go, &out->go, err) ||
		!pipeline_unpack(p, i, w, info->level, err))
		return FALSE;
	g_autofree char *sum = g_build_filename(
		w->source, project.folder ? project.folder : ".", "go.sum", NULL);
	out->has_sum = g_file_test(sum, G_FILE_TEST_EXISTS);
	if (!go_modules_complete(&project, main_module(r), lock, err))
		return FALSE;
	out->modules = go_modcache_prepare(p->ctx, lock, err);
	out->std =
		out->modules ? go_std_prepare(p->ctx, &out->go, i->platform, err) : NULL;
	if (!out->std)
		return FALSE;
	return !r->go.cgo || (pipeline_cross_request(p, i, &request, err) &&
				     cross_prepare(p->ctx, &request, &out->cross, err));
}

static gboolean go_build(
	pipeline *p, item *i, workplace *w, pipeline_finish finish, GError **err)
{
	const recipe *r = i->recipe;
	g_auto(prepared) ready = {0};
	gint64 begun = 0;

	pipeline_step(i, "prepare", &begun, TRUE);
	const sandbox_info *info = sandbox_choose(p->options.level, err);
	gboolean ok = info && prepare(p, i, w, info, &ready, err);
	fault_point("configure");
	if (!pipeline_step(i, "prepare", &begun, ok))
		return FALSE;

	g_autofree char *name = recipe_program_name(r, NULL);
	g_auto(pipeline_build_step) common = {0};
	pipeline_build_step_init(&common, p, i, w, r->go.cgo ? &ready.cross : NULL, info);
	go_step s = {.base = common.step,
		.go = &ready.go,
		.subdirectory = module_folder(r),
		.modules = ready.modules,
		.std = ready.std,
		.cache = ready.cache,
		.name = name,
		.package = r->go.package,
		.tags = r->go.tags,
		.ldflags = r->go.ldflags,
		.complete = !ready.has_sum};
	pipeline_step(i, "build", &begun, TRUE);
	fault_point("build");
	g_autofree char *program = go_step_run(&s, err);
	if (!pipeline_step(i, "build", &begun, program != NULL))
		return FALSE;
	g_free(i->sandbox);
	i->sandbox = g_strdup(sandbox_level_name(info->level));

	pipeline_step(i, "audit", &begun, TRUE);
	g_autofree char *folder = g_path_get_dirname(program);
	g_autofree char *names =
		r->go.cgo ? g_build_filename(ready.cross.sysroot_tree, FLOOR_NAMES, NULL)
			  : NULL;
	const char *paths[] = {store_dir(p->ctx->store), w->dir, "/xorch/", NULL};
	pipeline_product product = {.folder = folder,
		.source_date_epoch = s.base.source_date_epoch,
		.floor_names = names,
		.build_paths = paths};
	ok = finish(i, &product, p->options.finish_data, err);
	return pipeline_step(i, "audit", &begun, ok);
}

const builder builder_go = {.name = "go-binary",
	.lock = go_lock_item,
	.add_to_key = go_add_to_key,
	.fetch = go_fetch,
	.build = go_build};
