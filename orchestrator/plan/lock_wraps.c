#include "plan/lock_wraps.h"
#include "plan/lock_text.h"
#include "plan/recipe_fields.h"
#include <string.h>

void locked_wrap_free(locked_wrap *w)
{
	if (!w)
		return;
	g_free(w->name);
	g_free(w->by);
	g_free(w->file);
	g_free(w->directory);
	g_free(w->revision);
	g_clear_pointer(&w->urls, g_ptr_array_unref);
	g_free(w->sha256);
	g_free(w->commit);
	g_free(w->tree);
	g_free(w);
}

locked_wrap *locked_wrap_new(const char *name, const GPtrArray *urls)
{
	locked_wrap *w = g_new0(locked_wrap, 1);

	w->name = g_strdup(name);
	w->urls = g_ptr_array_new_with_free_func(g_free);
	for (guint n = 0; urls && n < urls->len; n++)
		g_ptr_array_add(w->urls, g_strdup(g_ptr_array_index(urls, n)));
	w->size = -1;
	return w;
}

const char *locked_wrap_place(const locked_wrap *w)
{
	return w->file ? w->file : w->directory;
}

static const char *check_entry(const char *text)
{
	return strchr(text, '/') || text[0] == '.' || !text[0] ? "wants a file name"
							       : NULL;
}

/* Plain http too: what comes is held against the sha256 or the commit. */
static const char *check_address(const char *text)
{
	g_autofree char *safe = g_str_has_prefix(text, "http://")
					? g_strconcat("https://", text + 7, NULL)
					: g_strdup(text);

	return check_url(safe);
}

const char *locked_wrap_problem(const locked_wrap *w)
{
	const char *const names[] = {w->name, w->file, w->directory};
	const char *why = NULL;

	for (guint n = 0; !why && n < G_N_ELEMENTS(names); n++)
		why = names[n] ? check_entry(names[n]) : NULL;
	for (guint n = 0; !why && n < w->urls->len; n++)
		why = check_address(g_ptr_array_index(w->urls, n));
	return why;
}

gboolean locked_wrap_is_by(const locked_wrap *w, const char *by)
{
	return g_strcmp0(w->by, by) == 0;
}

static const char *check_by(const char *text)
{
	return g_str_equal(text, "cmake") || g_str_equal(text, "cargo")
		       ? NULL
		       : "wants cmake or cargo";
}

static void wrap_init(void *out)
{
	*(locked_wrap *)out = (locked_wrap){.size = -1};
}

static const bind_field wrap_fields[] = {
	{"name", BIND_STRING, offsetof(locked_wrap, name), BIND_REQUIRED,
		.check = check_entry,
		.doc = "of the .wrap file; as CMake declares it; of the crate"},
	{"by", BIND_STRING, offsetof(locked_wrap, by), .check = check_by,
		.doc = "cmake, cargo; else Meson"},
	{"directory", BIND_STRING, offsetof(locked_wrap, directory), .check = check_entry,
		.doc = "in subprojects; of a patch none"},
	{"file", BIND_STRING, offsetof(locked_wrap, file), .check = check_entry,
		.doc = "name in subprojects/packagecache"},
	{"urls", BIND_STRLIST, offsetof(locked_wrap, urls), BIND_REQUIRED,
		.check = check_address, .doc = "where the source says it is"},
	{"size", BIND_INT, offsetof(locked_wrap, size), 0, .min = 0, .max = G_MAXINT64,
		.doc = "bytes"},
	{"sha256", BIND_STRING, offsetof(locked_wrap, sha256), .check = lock_check_sha256,
		.doc = "of the file"},
	{"revision", BIND_STRING, offsetof(locked_wrap, revision),
		.doc = "git, of CMake: its GIT_TAG; of cargo: the commit"},
	{"commit", BIND_STRING, offsetof(locked_wrap, commit), .doc = "git: commit"},
	{"tree", BIND_STRING, offsetof(locked_wrap, tree), .check = lock_check_sha256,
		.doc = "git: sha256 over the files"},
	{"submodules", BIND_BOOL, offsetof(locked_wrap, submodules),
		.doc = "git: those of the repository too"},
	{0}};
const bind_struct lock_wrap_binding = {
	"a locked subproject", sizeof(locked_wrap), wrap_fields, wrap_init};

gboolean lock_wraps_are_whole(const GPtrArray *rows)
{
	for (guint n = 0; rows && n < rows->len; n++) {
		const locked_wrap *w = g_ptr_array_index(rows, n);
		gboolean file = w->file && w->sha256 && !w->commit;
		gboolean git = w->directory && w->commit && w->tree && !w->file &&
			       w->urls->len == 1;
		/* CMake's own word is what a repository is found by in a build */
		gboolean cmake = !w->by || file || w->revision;
		if ((!file && !git) || !w->urls->len || !cmake)
			return FALSE;
	}
	return TRUE;
}

GPtrArray *lock_wraps_take(const GPtrArray *rows)
{
	GPtrArray *all = g_ptr_array_new_with_free_func((GDestroyNotify)locked_wrap_free);

	for (guint n = 0; n < rows->len; n++) {
		const locked_wrap *r = g_ptr_array_index(rows, n);
		locked_wrap *w = locked_wrap_new(r->name, r->urls);
		w->by = g_strdup(r->by);
		w->revision = g_strdup(r->revision);
		w->file = g_strdup(r->file);
		w->directory = g_strdup(r->directory);
		w->size = r->size;
		w->sha256 = g_strdup(r->sha256);
		w->commit = g_strdup(r->commit);
		w->tree = g_strdup(r->tree);
		w->submodules = r->submodules;
		g_ptr_array_add(all, w);
	}
	return all;
}

void lock_wraps_text(GString *out, const GPtrArray *wraps)
{
	static const char lead[] = "    ";

	if (wraps && wraps->len)
		g_string_append(out, "wraps:\n");
	for (guint n = 0; wraps && n < wraps->len; n++) {
		const locked_wrap *w = g_ptr_array_index(wraps, n);
		const char *const first[][2] = {
			{"by", w->by}, {"directory", w->directory}, {"file", w->file}};
		const char *const more[][2] = {{"sha256", w->sha256},
			{"revision", w->revision}, {"commit", w->commit},
			{"tree", w->tree}};
		lock_text_value(out, "  - ", "name", w->name);
		for (guint k = 0; k < G_N_ELEMENTS(first); k++)
			if (first[k][1])
				lock_text_value(out, lead, first[k][0], first[k][1]);
		lock_text_list(out, lead, "urls", w->urls);
		if (w->size >= 0)
			g_string_append_printf(
				out, "%ssize: %" G_GINT64_FORMAT "\n", lead, w->size);
		for (guint k = 0; k < G_N_ELEMENTS(more); k++)
			if (more[k][1])
				lock_text_value(out, lead, more[k][0], more[k][1]);
		if (w->submodules) {
			g_string_append(out, lead);
			g_string_append(out, "submodules: true\n");
		}
	}
}
