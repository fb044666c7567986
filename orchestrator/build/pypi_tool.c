#include "build/pypi_tool.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include "base/fs.h"
#include "build/beside.h"
#include "build/fetch.h"
#include "build/pypi.h"
#include "build/store.h"
#include "format/digest.h"
#include "format/pep440.h"
#include "format/wheel_name.h"
#include "format/zip.h"
#include <string.h>
#include <sys/utsname.h>

#define SECTION "any"

/* A wheel for this machine of the wanted family. */
static gboolean fits(
	const index_file *f, const char *version, const char *family, const char *machine)
{
	g_autoptr(wheel_name) w =
		f->is_wheel ? wheel_name_parse(f->filename, NULL) : NULL;
	gboolean found = FALSE;

	if (!w || !f->sha256 || f->yanked || g_strcmp0(f->version, version) != 0)
		return FALSE;
	for (char **p = w->platforms; *p; p++)
		found |= g_str_equal(*p, "any") ? g_str_equal(family, "any")
						: g_str_has_prefix(*p, family) &&
							  g_str_has_suffix(*p, machine);
	return found;
}

/* The file of `version`, or of the newest release that is none for trying out; a tool
 * may be published as wheels alone. */
static const index_file *find_wheel(
	const pypi_project *project, const char *version, const char *family)
{
	const index_file *best = NULL;
	g_autoptr(pep440_version) newest = NULL;
	struct utsname here;

	uname(&here);
	for (guint i = 0; i < project->page->files->len; i++) {
		const index_file *f = g_ptr_array_index(project->page->files, i);
		g_autoptr(pep440_version) v =
			f->version ? pep440_version_parse(f->version) : NULL;
		if (!v || !fits(f, version ? version : f->version, family, here.machine))
			continue;
		if (!version &&
			(pep440_version_is_prerelease(v) ||
				(newest && pep440_version_compare(v, newest) <= 0)))
			continue;
		g_clear_pointer(&newest, pep440_version_free);
		newest = g_steal_pointer(&v);
		best = f;
	}
	return best;
}

static locked_package *choose(const build_context *ctx, const toolchain_def *def,
	const char *family, GError **err)
{
	g_autoptr(pypi_project) project = pypi_project_get(ctx, def->project, err);
	const index_file *f = project ? find_wheel(project, def->version, family) : NULL;

	if (f)
		return locked_package_new(
			def->project, f->version, f->filename, f->sha256, f->size, FALSE);
	if (project) {
		error_set(err, EXIT_NETWORK, "X0504",
			"%s%s%s has no %s wheel for this machine", def->project,
			def->version ? " " : "", def->version ? def->version : "",
			family);
		error_line(err, "index: %s", project->index);
		pypi_note_newer(project, def->version, err);
	}
	return NULL;
}

/* Takes `section` over. */
static gboolean write_lock(const char *path, const toolchain_def *def, package_lock *lock,
	package_section *section, GError **err)
{
	const locked_package *p = g_ptr_array_index(section->packages, 0);

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
	const char *family, gboolean upgrade, GError **err)
{
	g_autofree char *path = catalog_lock_path(def->path);
	g_autoptr(package_lock) lock = package_lock_load(path, def->name, err);

	if (!lock)
		return NULL;
	package_section *section = package_lock_section(lock, SECTION);
	if (section && section->packages->len && !upgrade)
		return locked_package_copy(beside_choose(section, def->name, NULL));
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
	g_autoptr(locked_package) p = choose(ctx, def, family, err);
	if (!p)
		return NULL;
	section = package_section_new(SECTION, NULL, NULL, NULL);
	g_ptr_array_add(section->packages, locked_package_copy(p));
	return write_lock(path, def, lock, section, err) ? g_steal_pointer(&p) : NULL;
}

locked_package *pypi_tool_locked(const build_context *ctx, const char *name,
	const char *family, gboolean upgrade, toolchain_def **def, GError **err)
{
	*def = toolchain_def_find(name, err);
	return *def ? locked(ctx, *def, family, upgrade, err) : NULL;
}

char *pypi_tool_fetch(const build_context *ctx, const toolchain_def *def,
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

/* ---- a wheel with one program ---- */

static GBytes *program_of_wheel(const char *wheel, const char *name, GError **err)
{
	g_autoptr(zip_file) zip = zip_open(wheel, err);
	g_autofree char *tail = g_strconcat(".data/scripts/", name, NULL);

	for (guint i = 0; zip && i < zip->n_entries; i++)
		if (g_str_has_suffix(zip->entries[i].name, tail))
			return zip_read(zip, &zip->entries[i], err);
	if (zip)
		error_set(err, EXIT_INTEGRITY, "X0911", "%s holds no program %s", wheel,
			name);
	return NULL;
}

static GBytes *fetch_program(const build_context *ctx, const toolchain_def *def,
	const locked_package *p, GError **err)
{
	g_autofree char *wheel = pypi_tool_fetch(ctx, def, p, err);

	return wheel ? program_of_wheel(wheel, def->name, err) : NULL;
}

static GBytes *obtain_program(const build_context *ctx, const toolchain_def *def,
	const locked_package *p, GError **err)
{
	g_autofree char *path = NULL;
	GBytes *bytes = beside_read(p, def->name, &path);

	if (!bytes)
		return fetch_program(ctx, def, p, err);
	event_log(
		EVENT_DEBUG, NULL, "%s %s is taken from %s", def->name, p->version, path);
	return bytes;
}

char *pypi_tool_program(const build_context *ctx, const toolchain_def *def,
	const locked_package *p, const char *key, GError **err)
{
	g_autofree char *tree = store_tree_find(ctx->store, def->name, key);
	g_autoptr(GBytes) bytes = tree ? NULL : obtain_program(ctx, def, p, err);
	store_tree *staged =
		bytes ? store_tree_begin(ctx->store, def->name, key, &tree, err) : NULL;

	if (staged) {
		g_autofree char *path =
			g_build_filename(store_tree_dir(staged), def->name, NULL);
		fault_point("extract");
		gboolean ok = fs_write_atomic(path, g_bytes_get_data(bytes, NULL),
			g_bytes_get_size(bytes), 0755, err);
		tree = store_tree_finish(staged, ok, err);
	}
	return tree ? g_build_filename(tree, def->name, NULL) : NULL;
}

static gboolean set_program(const build_context *ctx, const toolchain_def *def,
	locked_package *p, GError **err)
{
	g_autoptr(GBytes) bytes = fetch_program(ctx, def, p, err);
	gsize size = 0;
	const void *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	if (!bytes)
		return FALSE;
	g_free(p->program);
	p->program = digest_bytes(data, size);
	return TRUE;
}

/* What pip takes on a machine with glibc. */
#define FOR_PIP "manylinux"

gboolean pypi_tool_lock_programs(
	const build_context *ctx, const toolchain_def *def, GError **err)
{
	g_autofree char *path = catalog_lock_path(def->path);
	g_autoptr(package_lock) lock = package_lock_load(path, def->name, err);
	package_section *old = lock ? package_lock_section(lock, SECTION) : NULL;
	g_autoptr(pypi_project) project =
		old ? pypi_project_get(ctx, def->project, err) : NULL;
	struct utsname here;

	if (!old || !project)
		return FALSE;
	const locked_package *meant = g_ptr_array_index(old->packages, 0);
	g_autoptr(package_section) s = package_section_new(SECTION, NULL, NULL, NULL);
	g_ptr_array_add(s->packages, locked_package_copy(meant));
	uname(&here);
	for (guint i = 0; i < project->page->files->len; i++) {
		const index_file *f = g_ptr_array_index(project->page->files, i);
		if (fits(f, meant->version, FOR_PIP, here.machine) &&
			strcmp(f->filename, meant->path) != 0)
			g_ptr_array_add(s->packages,
				locked_package_new(meant->name, meant->version,
					f->filename, f->sha256, f->size, FALSE));
	}
	for (guint i = 0; i < s->packages->len; i++)
		if (!set_program(ctx, def, g_ptr_array_index(s->packages, i), err))
			return FALSE;
	return write_lock(path, def, lock, g_steal_pointer(&s), err);
}
