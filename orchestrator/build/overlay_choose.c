#include "build/overlay_choose.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/fetch.h"
#include "build/item_record.h"
#include "build/pipeline_private.h"
#include "build/pypi.h"
#include "build/python_resolve.h"
#include "build/tree_walk.h"
#include "format/archive.h"
#include "format/digest.h"
#include "format/pep440.h"
#include "format/wheel_name.h"
#include "format/zip.h"
#include "plan/wheel_tags.h"
#include "format/project_name.h"
#include <string.h>

#define RECIPES_DEFAULT "recipes"
#define SHOWN 5 /* files named in an error */

/* By the end of the name. The first are what may differ between machines; what comes
 * after them is laid over too, for it must fit the others. */
static const char *const telling[] = {
	".h", ".hh", ".hpp", ".hxx", ".inc", ".ipp", ".tcc", ".a", ".pc", ".mod", NULL};
static const char *const further[] = {
	".inl", ".pxd", ".pxi", ".cmake", ".f90", ".f", NULL};

static gboolean ends_in(const char *name, const char *const *ends)
{
	for (; *ends; ends++)
		if (g_str_has_suffix(name, *ends))
			return TRUE;
	return FALSE;
}

/* Of the site folder only: what .data/ holds goes elsewhere. */
static gboolean in_site(const char *name)
{
	const char *slash = strchr(name, '/');
	g_autofree char *top = slash ? g_strndup(name, (gsize)(slash - name)) : NULL;

	return top && !g_str_has_suffix(top, ".data") &&
	       !g_str_has_suffix(top, ".dist-info");
}

gboolean overlay_wants(const char *name)
{
	return in_site(name) && (ends_in(name, telling) || ends_in(name, further));
}

char *overlay_item_id(const item *i, const locked_file *f)
{
	return g_strdup_printf(
		"%s-%s-%s-%s", f->name, f->version, i->python_tag, i->platform->name);
}

/* Compiled for an ABI: neither pure nor a program in a wheel (py3-none-manylinux…). */
static gboolean is_compiled(const locked_file *f)
{
	g_autoptr(wheel_name) name = wheel_name_parse(f->file, NULL);

	return name && !g_strv_contains((const char *const *)name->platforms, "any") &&
	       !g_strv_contains((const char *const *)name->abis, "none");
}

static GPtrArray *telling_files(const zip_file *zip)
{
	GPtrArray *out = g_ptr_array_new();

	for (guint n = 0; n < zip->n_entries; n++)
		if (in_site(zip->entries[n].name) &&
			ends_in(zip->entries[n].name, telling))
			g_ptr_array_add(out, &zip->entries[n]);
	return out;
}

/* ---- recipes beside this one ---- */

static gboolean serves(const recipe *r, const char *target, const locked_file *f)
{
	if (r->kind != RECIPE_WHEEL || !g_str_equal(r->normalized, f->name) ||
		!pep440_equal(r->package.version, f->version))
		return FALSE;
	for (guint n = 0; n < r->targets->len; n++)
		if (g_str_equal(g_ptr_array_index(r->targets, n), target))
			return TRUE;
	return FALSE;
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *recipe_in(const char *folder, const char *target, const locked_file *f)
{
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func(g_free);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *normal = project_name_normalize(name);
		if (g_str_has_prefix(normal, f->name) && g_str_has_suffix(name, ".yaml"))
			g_ptr_array_add(paths, g_build_filename(folder, name, NULL));
	}
	g_ptr_array_sort(paths, by_text);
	for (guint n = 0; n < paths->len; n++) {
		const char *path = g_ptr_array_index(paths, n);
		g_autoptr(diag_list) problems = diag_list_new();
		g_autoptr(recipe) r = recipe_load(path, problems);
		if (r && serves(r, target, f))
			return g_strdup(path);
	}
	return NULL;
}

char *overlay_recipe(const recipe *asks, const char *target, const locked_file *f)
{
	char *beside = recipe_in(asks->dir, target, f);

	return beside ? beside : recipe_in(RECIPES_DEFAULT, target, f);
}

/* ---- PyPI ---- */

static locked_file *published(
	pipeline *p, const item *i, const locked_file *f, GError **err)
{
	g_autoptr(pypi_project) project = pypi_project_get(p->ctx, f->name, err);
	const index_file *best = NULL;
	guint64 best_rank = 0;
	/* Whatever C library it asks for: none of it runs. */
	wheel_host host = {.minor = i->python->minor,
		.free_threaded = i->python->free_threaded,
		.arch = i->platform->wheel_arch,
		.glibc_minor = 99};

	for (guint n = 0; project && n < project->page->files->len; n++) {
		const index_file *file = g_ptr_array_index(project->page->files, n);
		if (!file->is_wheel || !file->version || !file->sha256 ||
			!pep440_equal(file->version, f->version))
			continue;
		g_autoptr(wheel_name) name = wheel_name_parse(file->filename, NULL);
		if (!name || g_strv_contains((const char *const *)name->platforms, "any"))
			continue;
		guint64 rank = wheel_tags_rank(name, &host);
		if (rank > best_rank) {
			best_rank = rank;
			best = file;
		}
	}
	return best ? locked_file_new(f->name, f->version, best->filename, best->sha256,
			      best->size)
		    : NULL;
}

/* ---- the sdist ---- */

static gboolean take_digest(const tree_entry *e, void *data, GError **err)
{
	if (e->type != TREE_FILE || !ends_in(e->path, telling))
		return TRUE;
	char *hex = digest_file(e->full, NULL, err);
	return hex && (g_hash_table_add(data, hex), TRUE);
}

static char *fetch_sdist(pipeline *p, const locked_file *f, GError **err)
{
	g_autoptr(pypi_project) project = pypi_project_get(p->ctx, f->name, err);
	const index_file *sdist =
		project ? pypi_find_sdist(project, f->version, err) : NULL;
	fetch_item *wanted = sdist ? pypi_fetch_item(project, sdist, err) : NULL;
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = p->ctx->offline};

	if (!wanted)
		return NULL;
	g_ptr_array_add(items, wanted);
	return fetch_blobs(p->ctx->store, items, &options, err) ? g_strdup(wanted->path)
								: NULL;
}

/* Takes from `files` (zip_entry *) those that the sdist holds as they are. A release
 * without an sdist, or one that cannot be had, holds none. */
static void drop_those_of_sdist(
	pipeline *p, const locked_file *f, const zip_file *zip, GPtrArray *files)
{
	g_autofree char *sdist = fetch_sdist(p, f, NULL);
	g_autofree char *dest = sdist ? store_temp_name(p->ctx->store, NULL) : NULL;
	g_autoptr(GHashTable) digests =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	gboolean read = dest && archive_unpack(sdist, dest, &ARCHIVE_SDIST, NULL, NULL) &&
			tree_walk(dest, take_digest, digests, NULL);

	if (dest)
		fs_remove_tree(dest, NULL);
	for (guint n = files->len; read && n-- > 0;) {
		g_autoptr(GBytes) bytes =
			zip_read(zip, g_ptr_array_index(files, n), NULL);
		gsize size = 0;
		const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
		g_autofree char *hex = bytes ? digest_bytes(data, size) : NULL;
		if (hex && g_hash_table_contains(digests, hex))
			g_ptr_array_remove_index(files, n);
	}
}

/* ---- the choice ---- */

static gboolean was_built(pipeline *p, const item *i, const locked_file *f)
{
	g_autofree char *id = overlay_item_id(i, f);
	g_autoptr(item_record) r = item_record_last(p->ctx->store, id);

	return r != NULL;
}

static void nowhere(
	const item *i, const locked_file *f, const GPtrArray *files, GError **err)
{
	g_autofree char *target = item_python_version(i->python_tag);

	error_set(err, EXIT_BUILD, "X0990",
		"%s: the build reads headers or archives of %s %s, and there is no wheel "
		"of it for the target",
		i->source->recipe->path, f->name, f->version);
	error_line(err, "looked for: a wheel for %s and Python %s at the index",
		i->platform->wheel_arch, target);
	for (guint n = 0; n < files->len && n < SHOWN; n++) {
		const zip_entry *e = g_ptr_array_index(files, n);
		g_autofree char *name = text_escape(e->name, -1);
		error_line(err, "%s: made by its build, for one machine", name);
	}
	if (files->len > SHOWN)
		error_line(err, "and %u more", files->len - SHOWN);
	error_help(err,
		"put a recipe for it beside this one (`xorch new %s==%s`): it joins by "
		"itself, is built first and its files are taken",
		f->name, f->version);
}

static void add_lack(item *i, const locked_file *f)
{
	if (!i->lacks)
		i->lacks =
			g_ptr_array_new_with_free_func((GDestroyNotify)locked_file_free);
	g_ptr_array_add(i->lacks, locked_file_new(f->name, f->version, NULL, NULL, -1));
}

/* Adds to `out` what one package needs, if anything. */
static gboolean choose_one(
	pipeline *p, item *i, const locked_file *f, GPtrArray *out, GError **err)
{
	gboolean same_machine = g_str_equal(i->platform->name, "x86_64");

	if (!is_compiled(f))
		return TRUE;
	g_autofree char *blob = store_blob_find(p->ctx->store, f->sha256, f->size);
	g_autoptr(zip_file) zip = blob ? zip_open(blob, err) : NULL;
	if (!zip)
		return blob ? FALSE
			    : error_set(err, EXIT_NETWORK, "X0509",
				      "%s is not in the cache", f->file);
	g_autoptr(GPtrArray) files = telling_files(zip);
	if (!files->len)
		return TRUE;
	guint all = files->len;
	drop_those_of_sdist(p, f, zip, files);
	if (!files->len) {
		event_log(EVENT_DEBUG, i->id,
			"overlay: none for %s %s, its %u headers are those of its sdist",
			f->name, f->version, all);
		return TRUE;
	}
	locked_file *chosen = NULL;
	GError *problem = NULL;
	g_autofree char *own = overlay_recipe(i->source->recipe, i->platform->name, f);
	if (own)
		chosen = locked_file_new(f->name, f->version, NULL, NULL, -1);
	else if (same_machine)
		return TRUE;
	else
		chosen = published(p, i, f, &problem);
	if (problem) {
		g_propagate_error(err, problem);
		return FALSE;
	}
	if (!chosen)
		add_lack(i, f);
	if (!chosen && was_built(p, i, f))
		chosen = locked_file_new(f->name, f->version, NULL, NULL, -1);
	if (chosen) {
		event_log(EVENT_INFO, i->id, "overlay: %s %s for %s from %s", f->name,
			f->version, i->platform->name,
			chosen->file ? chosen->file : "xorch's own wheel");
		g_ptr_array_add(out, chosen);
		return TRUE;
	}
	nowhere(i, f, files, err);
	return FALSE;
}

GPtrArray *overlay_choose(pipeline *p, item *i, const GPtrArray *packages, GError **err)
{
	g_autoptr(GPtrArray) fetched =
		python_files_fetch(p->ctx, packages, i->source->lock->path, err);
	g_autoptr(GPtrArray) out =
		g_ptr_array_new_with_free_func((GDestroyNotify)locked_file_free);

	GError *first = NULL;

	if (!fetched)
		return NULL;
	g_clear_pointer(&i->lacks, g_ptr_array_unref);
	/* The first failure is told, and all that are lacking are found. */
	for (guint n = 0; n < packages->len; n++) {
		GError *problem = NULL;
		guint before = i->lacks ? i->lacks->len : 0;
		if (choose_one(p, i, g_ptr_array_index(packages, n), out, &problem))
			continue;
		gboolean lacking = i->lacks && i->lacks->len > before;
		if (first)
			g_error_free(problem);
		else
			first = problem;
		if (!lacking)
			break;
	}
	if (first) {
		g_propagate_error(err, first);
		return NULL;
	}
	return g_steal_pointer(&out);
}
