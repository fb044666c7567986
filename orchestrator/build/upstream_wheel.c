#include "build/upstream_wheel.h"
#include "base/error.h"
#include "base/event.h"
#include "build/fetch.h"
#include "build/wheel_install.h"
#include "format/elf.h"
#include "format/pep440.h"
#include "format/pep508.h"
#include "plan/known_library.h"
#include "plan/wheel_tags.h"
#include <elf.h>
#include <stdio.h>
#include <string.h>

#define ABI3_OLDEST 9	      /* the oldest Python there is to build with */
#define WHEEL_MAX (128 << 20) /* larger ones are not worth the guess */

void upstream_wheel_clear(upstream_wheel *u)
{
	g_free(u->file);
	g_free(u->abi3);
	g_clear_pointer(&u->extensions, g_ptr_array_unref);
	g_clear_pointer(&u->modules, g_ptr_array_unref);
	g_clear_pointer(&u->libraries, g_ptr_array_unref);
	g_clear_pointer(&u->linked, g_ptr_array_unref);
	g_clear_pointer(&u->programs, g_ptr_array_unref);
	g_clear_pointer(&u->shared, g_ptr_array_unref);
	g_clear_pointer(&u->optional, g_ptr_array_unref);
	g_clear_pointer(&u->asked, g_ptr_array_unref);
	memset(u, 0, sizeof *u);
}

static const index_file *best(const pypi_project *p, const char *version,
	const char *arch, guint minor, gboolean *pure)
{
	/* New enough for every policy there is. */
	const wheel_host host = {.minor = minor, .arch = arch, .glibc_minor = 99};
	const index_file *found = NULL;
	guint64 top = 0;

	*pure = FALSE;
	for (guint i = 0; i < p->page->files->len; i++) {
		const index_file *f = g_ptr_array_index(p->page->files, i);
		if (!f->is_wheel || !f->version || !f->sha256 ||
			!pep440_equal(f->version, version))
			continue;
		g_autoptr(wheel_name) name = wheel_name_parse(f->filename, NULL);
		guint64 rank = name ? wheel_tags_rank(name, &host) : 0;
		if (rank &&
			g_strv_contains((const char *const *)name->platforms, "any")) {
			*pure = TRUE;
			continue;
		}
		if (rank > top) {
			top = rank;
			found = f;
		}
	}
	return found;
}

static void add_once(GPtrArray *list, const char *text)
{
	if (!g_ptr_array_find_with_equal_func(list, text, g_str_equal, NULL))
		g_ptr_array_add(list, g_strdup(text));
}

/* Modules that only an x86 machine has. */
static gboolean is_for_x86(const char *path)
{
	static const char *const words[] = {"sse", "avx", "x86", "amd64", "ssse3", NULL};

	for (const char *const *w = words; *w; w++)
		if (strstr(path, *w))
			return TRUE;
	return FALSE;
}

/* On Linux, by CPython 3.minor; `extra` "": without one. */
static gboolean applies(const pep508_requirement *r, guint minor, const char *extra)
{
	g_autofree char *version = g_strdup_printf("3.%u", minor);
	g_autofree char *full = g_strdup_printf("3.%u.0", minor);
	const pep508_environment e = {.python_version = version,
		.python_full_version = full,
		.implementation_version = full,
		.implementation_name = "cpython",
		.platform_python_implementation = "CPython",
		.os_name = "posix",
		.sys_platform = "linux",
		.platform_system = "Linux",
		.platform_machine = "aarch64",
		.platform_release = "",
		.platform_version = "",
		.extra = extra};

	return pep508_applies(r, &e);
}

static const wheel_field *is_field(const wheel *w, guint i, const char *key)
{
	const wheel_field *f = g_ptr_array_index(w->metadata, i);

	return g_ascii_strcasecmp(f->key, key) == 0 ? f : NULL;
}

static gboolean applies_with_any(const wheel *w, const pep508_requirement *r, guint minor)
{
	for (guint i = 0; r->marker && i < w->metadata->len; i++) {
		const wheel_field *f = is_field(w, i, "Provides-Extra");
		if (f && applies(r, minor, f->value))
			return TRUE;
	}
	return FALSE;
}

static void read_requirements(upstream_wheel *out, const wheel *w, guint minor)
{
	for (guint i = 0; i < w->metadata->len; i++) {
		const wheel_field *f = is_field(w, i, "Requires-Dist");
		g_autoptr(pep508_requirement) r = f ? pep508_parse(f->value, NULL) : NULL;
		gboolean always = r && applies(r, minor, "");
		if (!always && (!r || r->url || !applies_with_any(w, r, minor)))
			continue;
		g_autofree char *text = pep508_text(r);
		if (!always)
			add_once(out->optional, text);
		add_once(out->asked, r->normalised);
	}
}

/* A module of cffi's needs cffi to be imported, which a wheel may leave to those who
 * want it. */
static gboolean needs_absent_cffi(const wheel *w, guint minor, GBytes *bytes)
{
	static const char name[] = "_cffi_backend";
	gsize size;
	const char *data = g_bytes_get_data(bytes, &size);

	if (!data || !memmem(data, size, name, strlen(name)))
		return FALSE;
	for (guint i = 0; i < w->metadata->len; i++) {
		const wheel_field *f = is_field(w, i, "Requires-Dist");
		g_autoptr(pep508_requirement) r = f ? pep508_parse(f->value, NULL) : NULL;
		if (r && g_str_equal(r->normalised, "cffi") && applies(r, minor, ""))
			return FALSE;
	}
	return TRUE;
}

static gboolean is_code(const wheel *w, const zip_entry *e)
{
	g_autoptr(GBytes) bytes = e->folder ? NULL : zip_read(w->zip, e, NULL);
	gsize size = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	return size > SELFMAG && memcmp(data, ELFMAG, SELFMAG) == 0;
}

static void look_at(upstream_wheel *out, const wheel *w, guint minor, const zip_entry *e)
{
	g_autofree char *base = g_path_get_basename(e->name);
	g_autofree char *dir = g_path_get_dirname(e->name);

	if (g_str_has_suffix(dir, ".data/scripts") && is_code(w, e)) {
		out->code = TRUE;
		add_once(out->programs, base);
	}
	if (e->folder || !strstr(base, ".so"))
		return;
	out->code = TRUE;
	if (g_str_has_suffix(dir, ".libs")) {
		add_once(out->libraries, base);
		return;
	}
	g_autoptr(GBytes) bytes = zip_read(w->zip, e, NULL);
	g_autoptr(elf_file) f = bytes ? elf_file_open(bytes, e->name, 0, NULL) : NULL;
	for (guint i = 0; f && i < f->needed->len; i++) {
		const char *needed = g_ptr_array_index(f->needed, i);
		add_once(out->libraries, needed);
		if (known_library_hash(needed))
			add_once(out->linked, needed);
	}
	const char *dot = strchr(base, '.');
	gboolean tagged =
		g_str_has_prefix(dot, ".cpython-") || g_str_equal(dot, ".abi3.so");
	if (!tagged) {
		const char *below = wheel_below_scheme(e->name);
		add_once(out->shared, below ? below : e->name);
		return;
	}
	g_autofree char *stem = g_strndup(base, (gsize)(dot - base));
	g_autofree char *path = g_str_equal(dir, ".") ? g_strdup(stem)
						      : g_build_filename(dir, stem, NULL);
	if (bytes && (needs_absent_cffi(w, minor, bytes) ||
			     (f && elf_file_is_plain_library(f)))) {
		g_autofree char *module = g_strdelimit(g_strdup(path), "/", '.');
		guint at;
		if (g_ptr_array_find_with_equal_func(
			    out->modules, module, g_str_equal, &at))
			g_ptr_array_remove_index(out->modules, at);
	}
	if (!is_for_x86(path))
		add_once(out->extensions, path);
}

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean read_wheel(
	const char *path, guint minor, upstream_wheel *out, GError **err)
{
	g_autoptr(wheel) w = wheel_open(path, FALSE, err);

	if (!w)
		return FALSE;
	out->extensions = g_ptr_array_new_with_free_func(g_free);
	out->libraries = g_ptr_array_new_with_free_func(g_free);
	out->linked = g_ptr_array_new_with_free_func(g_free);
	out->programs = g_ptr_array_new_with_free_func(g_free);
	out->shared = g_ptr_array_new_with_free_func(g_free);
	out->modules = wheel_modules(w);
	out->optional = g_ptr_array_new_with_free_func(g_free);
	out->asked = g_ptr_array_new_with_free_func(g_free);
	read_requirements(out, w, minor);
	for (guint i = 0; i < w->zip->n_entries; i++)
		look_at(out, w, minor, &w->zip->entries[i]);
	/* under a name that says nothing of it */
	for (guint i = 0; !out->code && i < w->zip->n_entries; i++)
		out->code = is_code(w, &w->zip->entries[i]);
	g_ptr_array_sort(out->extensions, by_text);
	g_ptr_array_sort(out->libraries, by_text);
	for (guint i = out->modules->len; i-- > 0;)
		if (is_for_x86(g_ptr_array_index(out->modules, i)))
			g_ptr_array_remove_index(out->modules, i);
	return TRUE;
}

/* The wheel in the store. */
static char *get(const build_context *ctx, const pypi_project *p, const index_file *f,
	GError **err)
{
	g_autoptr(GPtrArray) items =
		g_ptr_array_new_with_free_func((GDestroyNotify)fetch_item_free);
	fetch_options options = {.offline = ctx->offline};
	fetch_item *item = pypi_fetch_item(p, f, err);

	if (!item)
		return NULL;
	g_ptr_array_add(items, item);
	return fetch_blobs(ctx->store, items, &options, err) ? g_strdup(item->path)
							     : NULL;
}

static void keep_common(GPtrArray *list, const GPtrArray *other)
{
	for (guint i = list->len; i-- > 0;)
		if (!g_ptr_array_find_with_equal_func((GPtrArray *)other,
			    g_ptr_array_index(list, i), g_str_equal, NULL))
			g_ptr_array_remove_index(list, i);
}

/* Only a better guess: what cannot be had is passed over. */
static void compare_with_aarch64(const build_context *ctx, const pypi_project *p,
	const char *version, guint minor, upstream_wheel *out)
{
	gboolean pure;
	g_auto(upstream_wheel) other = {0};
	const index_file *f = best(p, version, "aarch64", minor, &pure);

	if (!f || f->size > WHEEL_MAX)
		return;
	g_autofree char *path = get(ctx, p, f, NULL);
	if (!path || !read_wheel(path, minor, &other, NULL))
		return;
	keep_common(out->extensions, other.extensions);
	keep_common(out->modules, other.modules);
	for (guint i = 0; i < other.linked->len; i++)
		add_once(out->linked, g_ptr_array_index(other.linked, i));
	out->compared = TRUE;
}

gboolean upstream_wheel_read(const build_context *ctx, const pypi_project *p,
	const char *version, guint minor, upstream_wheel *out, GError **err)
{
	guint abi;

	memset(out, 0, sizeof *out);
	const index_file *f = best(p, version, "x86_64", minor, &out->pure);
	if (!f)
		return TRUE;
	out->pure = FALSE;
	g_autoptr(wheel_name) name = wheel_name_parse(f->filename, NULL);
	if (g_strv_contains((const char *const *)name->abis, "abi3") &&
		sscanf(name->pythons[0], "cp3%u", &abi) == 1)
		out->abi3 = g_strdup_printf("3.%u", MAX(abi, ABI3_OLDEST));
	if (f->size > WHEEL_MAX) {
		event_log(EVENT_NOTE, f->filename, "too large to be looked into");
		return TRUE;
	}
	g_autofree char *path = get(ctx, p, f, err);
	if (!path)
		return FALSE;
	GError *problem = NULL;
	if (!read_wheel(path, minor, out, &problem)) {
		/* Not ours to judge: the guess is left out. */
		event_log(EVENT_NOTE, f->filename, "cannot be read as a wheel: %s",
			problem->message);
		g_error_free(problem);
		return TRUE;
	}
	compare_with_aarch64(ctx, p, version, minor, out);
	out->file = g_strdup(f->filename);
	return TRUE;
}
