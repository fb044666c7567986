#include "build/closure.h"
#include "base/error.h"
#include "base/fs.h"
#include "base/instant.h"
#include "base/process.h"
#include "build/pypi.h"
#include "build/python_project.h"
#include "build/registry.h"
#include "build/uv.h"
#include "format/pep440.h"
#include "format/pep508.h"
#include "plan/wheel_tags.h"
#include <string.h>

/* A wheel for this glibc or an older one counts as published for the target. */
#define GLIBC_MINOR 36
#define LINE_MAX_BYTES 2000

static char *logical_line(char ***at)
{
	GString *line = g_string_new(NULL);

	for (char **l = *at; *l; l++) {
		gsize n = strlen(*l);
		gboolean more = n && (*l)[n - 1] == '\\';
		g_string_append_len(line, *l, (gssize)(more ? n - 1 : n));
		*at = l + 1;
		if (!more)
			break;
	}
	return g_string_free(line, FALSE);
}

/* A `#` at the start or after a blank begins a comment, ` --x` an option. */
static void cut_rest(char *line)
{
	for (char *p = line; *p; p++) {
		gboolean blank = p == line || g_ascii_isspace(p[-1]);
		if (blank && (*p == '#' || (p != line && p[0] == '-' && p[1] == '-'))) {
			*p = '\0';
			break;
		}
	}
	g_strstrip(line);
}

GPtrArray *requirements_parse(const char *text, GPtrArray *skipped, GError **err)
{
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *plain = g_utf8_make_valid(text, -1);
	g_auto(GStrv) lines = g_strsplit_set(plain, "\n", -1);
	char **at = lines;

	while (*at) {
		guint number = (guint)(at - lines) + 1;
		g_autofree char *line = logical_line(&at);
		g_strdelimit(line, "\r", ' ');
		cut_rest(line);
		if (!*line)
			continue;
		if (*line == '-') {
			if (skipped)
				g_ptr_array_add(skipped, g_strdup(line));
			continue;
		}
		GError *problem = NULL;
		g_autoptr(pep508_requirement) r = strlen(line) < LINE_MAX_BYTES
							  ? pep508_parse(line, &problem)
							  : NULL;
		if (r && !r->url) {
			g_ptr_array_add(out, g_strdup(line));
			continue;
		}
		g_autofree char *shown = text_escape(line, -1);
		error_set(err, EXIT_INPUT, "X0985", "line %u is no requirement: %s",
			number, shown);
		if (r)
			error_note(err, "it names a URL, which is not followed");
		else if (problem)
			error_note(err, "%s", problem->message);
		g_clear_error(&problem);
		return NULL;
	}
	return g_steal_pointer(&out);
}

static char *compile(const build_context *ctx, const GPtrArray *lines,
	const host_python *python, GError **err)
{
	g_autofree char *index = NULL;
	g_auto(uv) u = {0};
	g_auto(process_result) result = {0};
	g_autoptr(GString) text = g_string_new(NULL);
	g_autofree char *version = g_strdup_printf("3.%u", python->minor);
	g_autofree char *cut = instant_text(ctx->cut);
	const char *args[] = {"pip", "compile", "-", "--universal", "--python-version",
		version, "--python", python->executable, "--no-header", "--no-annotate",
		"--only-binary", ":all:", "--no-progress", "--color", "never", "--quiet",
		ctx->cut ? "--exclude-newer" : NULL, cut, NULL};

	for (guint i = 0; i < lines->len; i++)
		g_string_append_printf(text, "%s\n", (char *)g_ptr_array_index(lines, i));
	if (!registry_pypi(&index, err) || !uv_prepare(ctx, &u, err))
		return NULL;
	g_autofree char *work = store_temp_dir(ctx->store, err);
	if (!work)
		return NULL;
	g_autofree char *where = g_strconcat("UV_DEFAULT_INDEX=", index, NULL);
	const char *extra[] = {where, NULL};
	g_autoptr(GBytes) input = g_bytes_new(text->str, text->len);
	gboolean ok = uv_run(&u, args, work, extra, input, &result, err);
	fs_remove_tree(work, NULL);
	if (!ok)
		return NULL;
	if (result.exit_code == 0)
		return g_strdup(result.out);
	error_set(err, EXIT_BUILD, "X0986", "the requirements cannot be resolved");
	g_auto(GStrv) said = g_strsplit(result.err, "\n", 20);
	for (char **l = said; *l; l++) {
		g_autofree char *safe = text_escape(g_strchomp(*l), -1);
		if (*safe)
			error_line(err, "%s", safe);
	}
	error_help(err, "a package that publishes no wheel at all cannot be resolved "
			"without building it; name it directly: `xorch new NAME`");
	pypi_note_cut(ctx, err);
	return NULL;
}

static gboolean has_wheel(const pypi_project *p, const char *version,
	const host_python *python, const platform *target)
{
	const wheel_host host = {.minor = python->minor,
		.free_threaded = python->free_threaded,
		.arch = target->wheel_arch,
		.glibc_minor = GLIBC_MINOR};

	for (guint i = 0; i < p->page->files->len; i++) {
		const index_file *f = g_ptr_array_index(p->page->files, i);
		g_autoptr(wheel_name) name = NULL;
		if (!f->is_wheel || !f->version || !pep440_equal(f->version, version))
			continue;
		name = wheel_name_parse(f->filename, NULL);
		if (name && wheel_tags_rank(name, &host))
			return TRUE;
	}
	return FALSE;
}

static void package_free(gpointer data)
{
	closure_package *p = data;

	g_free(p->name);
	g_free(p->version);
	g_free(p);
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp((*(closure_package *const *)a)->name,
		(*(closure_package *const *)b)->name);
}

GPtrArray *closure_resolve(const build_context *ctx, const GPtrArray *lines,
	const host_python *python, const platform *target, GError **err)
{
	g_autoptr(GPtrArray) out = g_ptr_array_new_with_free_func(package_free);
	g_auto(python_markers) markers = {0};
	g_autofree char *pins = compile(ctx, lines, python, err);

	if (!pins)
		return NULL;
	python_markers_init(&markers, python, target);
	g_auto(GStrv) each = g_strsplit(pins, "\n", -1);
	for (char **l = each; *l; l++) {
		if (!*g_strstrip(*l) || **l == '#')
			continue;
		g_autoptr(pep508_requirement) r = pep508_parse(*l, err);
		if (!r)
			return NULL;
		if (!pep508_applies(r, &markers.environment))
			continue;
		if (!g_str_has_prefix(r->specifiers, "==")) {
			error_set(err, EXIT_BUILD, "X0986", "uv answered `%s`, not a pin",
				*l);
			return NULL;
		}
		g_autoptr(pypi_project) p = pypi_project_get(ctx, r->normalised, err);
		if (!p)
			return NULL;
		closure_package *c = g_new0(closure_package, 1);
		c->name = g_strdup(r->normalised);
		c->version = g_strdup(r->specifiers + 2);
		c->has_wheel = has_wheel(p, c->version, python, target);
		g_ptr_array_add(out, c);
	}
	g_ptr_array_sort(out, by_name);
	return g_steal_pointer(&out);
}
