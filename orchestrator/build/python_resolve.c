#include "build/python_resolve.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/instant.h"
#include "build/fetch.h"
#include "build/pypi.h"
#include "build/registry.h"
#include "format/pep440.h"
#include "format/pep508.h"
#include "plan/pins.h"
#include "plan/lock.h"
#include "plan/wheel_tags.h"
#include <gnu/libc-version.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

/* Several lines of a tool, indented under the error. */
static void error_text(GError **err, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint n = 0;

	for (char **line = lines; *line && n < 20; line++) {
		g_autofree char *safe = text_escape(g_strchomp(*line), -1);
		if (*safe && ++n)
			error_line(err, "%s", safe);
	}
}

/* What is refused may be there, only too new, or pinned to another version. */
static void note_limits(const build_context *ctx, GError **err)
{
	g_autofree char *pins = pins_text(ctx->pins);

	if (*pins)
		error_note(err, "pins of this project: %s",
			g_strdelimit(g_strchomp(pins), "\n", ' '));
	pypi_note_cut(ctx, err);
}

static GPtrArray *compile(const build_context *ctx, const uv *u,
	const host_python *python, const char *const *requires, const char *who,
	const char *work, GError **err)
{
	g_autofree char *index = NULL;
	g_autofree char *text = g_strjoinv("\n", (char **) requires);
	g_autoptr(GBytes) input = g_bytes_new(text, strlen(text));
	g_auto(process_result) result = {0};
	g_autofree char *cut = instant_text(ctx->cut);
	const char *args[] = {"pip", "compile", "-", "--python", python->executable,
		"--no-header", "--no-annotate", "--only-binary", ":all:", "--no-progress",
		"--color", "never", "--quiet", "--constraints", "pins.txt",
		ctx->cut ? "--exclude-newer" : NULL, cut, NULL};
	g_autofree char *pinned = pins_text(ctx->pins);
	g_autofree char *pins_file = g_build_filename(work, "pins.txt", NULL);

	if (!registry_pypi(&index, err) ||
		!fs_write_atomic(pins_file, pinned, strlen(pinned), 0644, err))
		return NULL;
	g_autofree char *where = g_strconcat("UV_DEFAULT_INDEX=", index, NULL);
	const char *extra[] = {where, NULL};
	if (!uv_run(u, args, work, extra, input, &result, err))
		return NULL;
	if (result.exit_code != 0) {
		error_set(err, EXIT_BUILD, "X0912",
			"the build requirements cannot be met for %s", python->tag);
		error_line(err, "asked for by: %s", who);
		error_text(err, result.err);
		note_limits(ctx, err);
		error_help(err, "only wheels are taken; a requirement that is published "
				"as source alone cannot be used yet");
		return NULL;
	}
	GPtrArray *pins = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) lines = g_strsplit(result.out, "\n", -1);
	for (char **line = lines; *line; line++)
		if (*g_strstrip(*line) && **line != '#')
			g_ptr_array_add(pins, g_strdup(*line));
	return pins;
}

static wheel_host host_of(const host_python *python, const struct utsname *here)
{
	wheel_host h = {.minor = python->minor,
		.free_threaded = python->free_threaded,
		.arch = here->machine};

	if (g_str_has_suffix(python->multiarch, "-musl"))
		h.musl_minor = 2;
	else if (sscanf(gnu_get_libc_version(), "2.%u", &h.glibc_minor) != 1)
		h.glibc_minor = 17;
	return h;
}

static const index_file *best_file(
	const pypi_project *project, const char *version, const host_python *python)
{
	const index_file *best = NULL;
	guint64 best_rank = 0;
	struct utsname here;

	uname(&here);
	wheel_host host = host_of(python, &here);
	for (guint i = 0; i < project->page->files->len; i++) {
		const index_file *f = g_ptr_array_index(project->page->files, i);
		if (!f->is_wheel || !f->version || !f->sha256 ||
			!pep440_equal(f->version, version) ||
			!pep440_python_matches(f->requires_python, python->version))
			continue;
		g_autoptr(wheel_name) name = wheel_name_parse(f->filename, NULL);
		guint64 rank = name ? wheel_tags_rank(name, &host) : 0;
		if (rank > best_rank ||
			(best && rank == best_rank &&
				strcmp(f->filename, best->filename) < 0)) {
			best = f;
			best_rank = rank;
		}
	}
	return best;
}

/* "cython==3.1.2" -> its file. */
static locked_file *pick(const build_context *ctx, const host_python *python,
	const char *pin, GError **err)
{
	g_autoptr(pep508_requirement) r = pep508_parse(pin, err);

	if (!r)
		return NULL;
	if (!g_str_has_prefix(r->specifiers, "==")) {
		error_set(err, EXIT_BUILD, "X0912", "uv answered `%s`, not a pin", pin);
		return NULL;
	}
	const char *version = r->specifiers + 2;
	g_autoptr(pypi_project) project = pypi_project_get(ctx, r->normalised, err);
	if (!project)
		return NULL;
	const index_file *f = best_file(project, version, python);
	if (f)
		return locked_file_new(
			r->normalised, f->version, f->filename, f->sha256, f->size);
	error_set(err, EXIT_BUILD, "X0913", "%s %s has no wheel for %s of this machine",
		r->normalised, version, python->tag);
	error_line(err, "index: %s", project->index);
	pypi_note_newer(project, version, err);
	error_help(err, "a build requirement that is published as source alone cannot be "
			"used yet; name an older release in requirements.build");
	return NULL;
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp((*(locked_file *const *)a)->name, (*(locked_file *const *)b)->name);
}

GPtrArray *python_resolve(const build_context *ctx, const uv *u,
	const host_python *python, const char *const *requires, const char *who,
	GError **err)
{
	g_autoptr(GPtrArray) files =
		g_ptr_array_new_with_free_func((GDestroyNotify)locked_file_free);

	if (!*requires)
		return g_steal_pointer(&files);
	if (ctx->offline) {
		error_set(err, EXIT_NETWORK, "X0508",
			"build requirements are not locked, and --offline forbids to "
			"ask");
		for (const char *const *r = requires; *r; r++)
			error_line(err, "%s   (%s, for %s)", *r, who, python->tag);
		error_help(err, "run `xorch fetch` once with the network on");
		return NULL;
	}
	g_autofree char *work = store_temp_dir(ctx->store, err);
	g_autoptr(GPtrArray) pins =
		work ? compile(ctx, u, python, requires, who, work, err) : NULL;
	if (work)
		fs_remove_tree(work, NULL);
	for (guint i = 0; pins && i < pins->len; i++) {
		locked_file *f = pick(ctx, python, g_ptr_array_index(pins, i), err);
		if (!f)
			return NULL;
		g_ptr_array_add(files, f);
	}
	if (!pins)
		return NULL;
	g_ptr_array_sort(files, by_name);
	return g_steal_pointer(&files);
}

GPtrArray *python_files_fetch(
	const build_context *ctx, const GPtrArray *files, const char *where, GError **err)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	g_autofree pypi_lookup *lookups = g_new0(pypi_lookup, files->len + 1);
	fetch_options options = {.offline = ctx->offline};

	for (guint i = 0; i < files->len; i++) {
		const locked_file *f = g_ptr_array_index(files, i);
		fetch_item *item = fetch_item_new(f->file, f->sha256, f->size, err);
		if (!item)
			return NULL;
		g_ptr_array_add(items, item);
		lookups[i] = (pypi_lookup){.context = ctx, .project = f->name};
		item->where = g_strdup(where);
		item->find_urls = pypi_find_urls;
		item->find_urls_data = &lookups[i];
	}
	if (!fetch_blobs(ctx->store, items, &options, err))
		return NULL;
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < items->len; i++) {
		const fetch_item *item = g_ptr_array_index(items, i);
		g_ptr_array_add(paths, g_strdup(item->path));
	}
	return paths;
}
