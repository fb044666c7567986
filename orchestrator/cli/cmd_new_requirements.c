#include "base/error.h"
#include "base/fs.h"
#include "build/closure.h"
#include "cli/common.h"
#include "cli/new.h"
#include "cli/output.h"

#define FILE_MAX (4 << 20)

static GPtrArray *read_lines(const options *o, GError **err)
{
	g_autoptr(GBytes) bytes = fs_read(o->requirements, FILE_MAX, err);
	g_autoptr(GPtrArray) skipped = g_ptr_array_new_with_free_func(g_free);
	gsize size;

	if (!bytes) {
		if (err && *err)
			(*err)->code = EXIT_INPUT;
		return NULL;
	}
	const char *data = g_bytes_get_data(bytes, &size);
	g_autofree char *text = g_strndup(data ? data : "", size);
	GPtrArray *lines = requirements_parse(text, skipped, err);
	if (!lines)
		error_line(err, "--> %s", o->requirements);
	for (guint i = 0; lines && i < skipped->len; i++) {
		g_autofree char *shown = text_escape(g_ptr_array_index(skipped, i), -1);
		output_note("%s: `%s` is not followed", o->requirements, shown);
	}
	return lines;
}

gboolean new_without_wheel(const options *o, const build_context *c,
	const starter_request *r, const char *path, const char *target, gboolean *written,
	GError **err)
{
	g_auto(starter) s = {0};
	GError *problem = NULL;

	*written = FALSE;
	if (g_file_test(path, G_FILE_TEST_EXISTS)) {
		output_note("%s %s has no wheel for %s; %s exists already", r->name,
			r->version, target, path);
		return TRUE;
	}
	if (starter_pypi(c, r, &s, &problem)) {
		*written = new_write(o, &s, path, err);
		return *written;
	}
	if (problem->code >= EXIT_SIGNAL) {
		g_propagate_error(err, problem);
		return FALSE;
	}
	error_note(&problem, "%s %s has no wheel for %s", r->name, r->version, target);
	output_failure(problem);
	g_error_free(problem);
	return TRUE;
}

static gboolean write_one(const options *o, const build_context *c,
	const host_python *python, const closure_package *p, const platform *target,
	GPtrArray *paths, GError **err)
{
	g_autofree char *path = new_default_path(p->name);
	starter_request r = {.name = p->name,
		.version = p->version,
		.python = python,
		.crates = !o->no_fetch};
	gboolean written;

	if (g_ptr_array_find_with_equal_func(paths, path, g_str_equal, NULL))
		return TRUE; /* another target wanted it too */
	if (!new_without_wheel(o, c, &r, path, target->name, &written, err))
		return FALSE;
	if (written)
		g_ptr_array_add(paths, g_steal_pointer(&path));
	return TRUE;
}

gboolean new_from_requirements(const options *o, const build_context *c,
	const host_python *python, GPtrArray *paths, GError **err)
{
	g_autoptr(GPtrArray) lines = read_lines(o, err);
	g_autoptr(GPtrArray) targets = lines ? common_targets(o, NULL, err) : NULL;
	guint total = 0, lacking = 0;

	if (!targets)
		return FALSE;
	for (guint t = 0; t < targets->len; t++) {
		const platform *target = g_ptr_array_index(targets, t);
		if (!platform_check_wheels(target, err))
			return FALSE;
		g_autoptr(GPtrArray) all = closure_resolve(c, lines, python, target, err);
		if (!all)
			return FALSE;
		for (guint i = 0; i < all->len; i++) {
			const closure_package *p = g_ptr_array_index(all, i);
			total++;
			if (p->has_wheel)
				continue;
			lacking++;
			if (!write_one(o, c, python, p, target, paths, err))
				return FALSE;
		}
	}
	output_note("%u of %u packages lack a wheel; %u recipes written", lacking, total,
		paths->len);
	return TRUE;
}
