#include "build/cmake_fetches.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/pipeline_private.h"
#include "build/step_files.h"
#include "build/subproject.h"
#include "format/archive.h"
#include "format/cmake_fetch.h"
#include "format/cmake_text.h"
#include <string.h>

#define TEXT_MAX (4 << 20)
#define FILES_MAX 20000
#define FETCHES_MAX 200
#define PLACE "fetched"	      /* in STEP_FILES */
#define TAKEN "cmake-fetched" /* in the out folder */
#define PREFIX "xorch_"	      /* of the functions that are called in CMake's place */

typedef struct search {
	pipeline *p;
	const item *i;
	char *work;	   /* what is unpacked to be looked at; made when needed */
	GPtrArray *locked; /* locked_wrap *, the caller's */
	GHashTable *known; /* cmake_fetch_identity of all ever seen */
} search;

/* Folders and projects whose only use is in tests. */
static gboolean of_tests(const char *name)
{
	static const char *const words[] = {"test", "tests", "testing", "googletest",
		"gtest", "gmock", "catch", "catch2", "doctest", "benchmark", "benchmarks",
		"googlebenchmark", NULL};
	g_autofree char *lower = g_ascii_strdown(name, -1);

	return g_strv_contains(words, lower);
}

static gboolean is_cmake(const char *name)
{
	return g_str_equal(name, "CMakeLists.txt") || g_str_has_suffix(name, ".cmake");
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* NULL: not to be read, or no text. */
static char *read_text(const char *path)
{
	g_autoptr(GBytes) bytes = fs_read(path, TEXT_MAX, NULL);
	gsize size = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	return data && !memchr(data, '\0', size) ? g_strndup(data, size) : NULL;
}

typedef gboolean (*file_visit)(const char *path, void *data, GError **err);

/* Every CMake file below, without following links: those of a folder before those in
 * its folders, as CMake comes to them. */
static gboolean visit_files(
	const char *dir, guint *seen, file_visit visit, void *data, GError **err)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *entry;
	gboolean ok = TRUE;

	while (d && *seen < FILES_MAX && (entry = g_dir_read_name(d))) {
		g_ptr_array_add(names, g_strdup(entry));
		++*seen;
	}
	g_ptr_array_sort(names, by_name);
	for (guint n = 0; ok && n < 2 * names->len; n++) {
		const char *name = g_ptr_array_index(names, n % names->len);
		g_autofree char *path = g_build_filename(dir, name, NULL);
		gboolean folder = g_file_test(path, G_FILE_TEST_IS_DIR);
		if (g_file_test(path, G_FILE_TEST_IS_SYMLINK) ||
			folder != (n >= names->len))
			continue;
		if (folder)
			ok = of_tests(name) || visit_files(path, seen, visit, data, err);
		else if (is_cmake(name))
			ok = visit(path, data, err);
	}
	return ok;
}

static void warn(const search *s, const char *name, const char *why)
{
	event_log(EVENT_WARNING, s->i->id,
		"%s, which CMake fetches, cannot be had beforehand: %s; a build that "
		"wants it finds no network",
		name, why);
}

static gboolean is_taken(const search *s, const char *place)
{
	for (guint n = 0; n < s->locked->len; n++)
		if (g_str_equal(
			    locked_wrap_place(g_ptr_array_index(s->locked, n)), place))
			return TRUE;
	return FALSE;
}

/* NAME and what its address ends in, near-1.0.tar.gz, since CMake knows archives by their
 * names; of a repository NAME alone. With a number where another has that already. */
static char *free_place(const search *s, const cmake_fetch *f)
{
	const char *url = f->git ? "" : g_ptr_array_index(f->urls, 0);
	g_autofree char *path = g_strndup(url, strcspn(url, "?#"));
	g_autofree char *base = f->git ? NULL : g_path_get_basename(path);
	char *out = NULL;
	guint n = 1;

	do {
		g_autofree char *number = n > 1 ? g_strdup_printf("-%u", n) : NULL;
		g_free(out);
		out = g_strconcat(f->name, number ? number : "", base ? "-" : "",
			base ? base : "", NULL);
		n++;
	} while (is_taken(s, out));
	return out;
}

/* As CMake would: a folder that is alone in it is what is meant. */
static gboolean unpack_archive(const char *archive, const char *dir)
{
	archive_policy policy = ARCHIVE_SDIST;

	if (archive_unpack(archive, dir, &policy, NULL, NULL))
		return TRUE;
	policy.strip_top = FALSE;
	return archive_unpack(archive, dir, &policy, NULL, NULL);
}

static gboolean look_into(search *s, const char *folder, GError **err);

static gboolean look_into_archive(search *s, const char *archive, GError **err)
{
	if (!s->work && !(s->work = store_temp_dir(s->p->ctx->store, err)))
		return FALSE;
	g_autofree char *number = g_strdup_printf("%u", s->locked->len);
	g_autofree char *dir = g_build_filename(s->work, number, NULL);
	/* one that is none is handed on as it is */
	return !unpack_archive(archive, dir) || look_into(s, dir, err);
}

static gboolean may_be_locked(const locked_wrap *row, GError **err)
{
	const char *why = locked_wrap_problem(row);

	return !why || error_set(err, EXIT_INPUT, "X0411",
			       "its name or address is none for a lock, which %s", why);
}

static gboolean lock_one(search *s, const cmake_fetch *f, GError **err)
{
	g_autoptr(locked_wrap) row = locked_wrap_new(f->name, f->git ? NULL : f->urls);
	g_autofree char *found = NULL;
	gboolean archive = !f->git;

	row->by = g_strdup("cmake");
	if (archive) {
		row->file = free_place(s, f);
		row->sha256 = g_strdup(f->sha256);
		if (!may_be_locked(row, err))
			return FALSE;
		found = subproject_lock_file(s->p->ctx, "CMakeLists.txt", row, err);
	} else {
		g_ptr_array_add(row->urls, g_strdup(f->git));
		row->directory = free_place(s, f);
		row->revision = g_strdup(f->revision);
		row->submodules = f->submodules;
		if (!may_be_locked(row, err))
			return FALSE;
		found = subproject_lock_git(s->p->ctx, row, f->revision, err);
	}
	if (!found)
		return FALSE;
	g_ptr_array_add(s->locked, g_steal_pointer(&row));
	return archive ? look_into_archive(s, found, err) : look_into(s, found, err);
}

static gboolean decide(search *s, const cmake_fetch *f, GError **err)
{
	g_autofree char *lower = g_ascii_strdown(f->name, -1);
	GError *why = NULL;

	if (of_tests(lower) || g_hash_table_size(s->known) >= FETCHES_MAX ||
		!g_hash_table_add(s->known, cmake_fetch_identity(f)))
		return TRUE;
	if (f->unusable) {
		warn(s, f->name, f->unusable);
		return TRUE;
	}
	if (lock_one(s, f, &why))
		return TRUE;
	g_autofree char *line = subproject_lacking(why, err);
	if (!line)
		return FALSE;
	warn(s, f->name, line);
	return TRUE;
}

static gboolean read_file(const char *path, void *reading, GError **err)
{
	g_autofree char *text = read_text(path);

	(void)err;
	if (text)
		cmake_reading_add(reading, text);
	return TRUE;
}

/* What is fetched may fetch more. */
static gboolean look_into(search *s, const char *folder, GError **err)
{
	g_auto(cmake_reading) r;
	guint seen = 0;

	cmake_reading_init(&r);
	if (!visit_files(folder, &seen, read_file, &r, err))
		return FALSE;
	g_autoptr(GPtrArray) fetches = cmake_reading_fetches(&r);
	for (guint n = 0; n < fetches->len; n++)
		if (!decide(s, g_ptr_array_index(fetches, n), err))
			return FALSE;
	return TRUE;
}

gboolean cmake_fetches_lock(
	pipeline *p, const item *i, const char *project, GPtrArray *locked, GError **err)
{
	search s = {.p = p, .i = i, .locked = locked};

	s.known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	gboolean ok = look_into(&s, project, err);
	if (s.work)
		fs_remove_tree(s.work, NULL);
	g_free(s.work);
	g_hash_table_unref(s.known);
	return ok;
}

/* ---- builds ---- */

/* In place of CMake's: calls it, with another address where there is one for it. Words go
 * through as they are, empty ones and lists too. */
static const char function_text[] =
	"function(" PREFIX "@COMMAND@)\n"
	"	math(EXPR last \"${ARGC} - 1\")\n"
	"	set(revision \"\")\n"
	"	set(kind \"folder\")\n"
	"	set(key \"\")\n"
	"	foreach(at RANGE 0 ${last})\n"
	"		if(key STREQUAL \"GIT_TAG\")\n"
	"			set(revision \" ${ARGV${at}}\")\n"
	"		elseif(key STREQUAL \"DOWNLOAD_NO_EXTRACT\" AND ARGV${at})\n"
	"			set(kind \"file\")\n"
	"		endif()\n"
	"		set(key \"${ARGV${at}}\")\n"
	"	endforeach()\n"
	"	set(path \"\")\n"
	"	set(key \"\")\n"
	"	foreach(at RANGE 0 ${last})\n"
	"		set(word \"${ARGV${at}}\")\n"
	"		if(at AND word MATCHES \"^[A-Z][A-Z0-9_]*$\")\n"
	"			set(key \"${word}\")\n"
	"		elseif(key STREQUAL \"URL\" AND path STREQUAL \"\")\n"
	"			get_property(path GLOBAL PROPERTY \"xorch ${kind} "
	"${word}\")\n"
	"		elseif(key STREQUAL \"GIT_REPOSITORY\")\n"
	"			get_property(path GLOBAL PROPERTY \"xorch folder "
	"${word}${revision}\")\n"
	"		endif()\n"
	"	endforeach()\n"
	"	set(code \"\")\n"
	"	set(key \"\")\n"
	"	foreach(at RANGE 0 ${last})\n"
	"		set(word \"${ARGV${at}}\")\n"
	"		if(at AND word MATCHES \"^[A-Z][A-Z0-9_]*$\")\n"
	"			set(key \"${word}\")\n"
	"		endif()\n"
	"		if(path STREQUAL \"\" OR NOT key MATCHES "
	"\"^(URL|GIT_REPOSITORY|GIT_TAG)$\")\n"
	"			string(APPEND code \" [===[${word}]===]\")\n"
	"		endif()\n"
	"	endforeach()\n"
	"	if(NOT path STREQUAL \"\")\n"
	"		message(STATUS \"xorch: ${ARGV0} is what is locked: ${path}\")\n"
	"		get_filename_component(out \"$ENV{XORCH_WRAPPER_LOG}\" "
	"DIRECTORY)\n"
	"		file(APPEND \"${out}/" TAKEN "\" \"${ARGV0}\\n\")\n"
	"		string(APPEND code \" URL [===[${path}]===]\")\n"
	"	endif()\n"
	"	cmake_language(EVAL CODE \"@COMMAND@(${code})\")\n"
	"endfunction()\n";
static const char *const commands[] = {
	"fetchcontent_declare", "externalproject_add", NULL};

static void add_functions(GString *out)
{
	g_string_append(out, "cmake_policy(PUSH)\n"
			     "cmake_policy(VERSION 3.18)\n");
	for (guint n = 0; commands[n]; n++) {
		GString *text = g_string_new(function_text);
		g_string_replace(text, "@COMMAND@", commands[n], 0);
		g_string_append(out, text->str);
		g_string_free(text, TRUE);
	}
	g_string_append(out, "cmake_policy(POP)\n");
}

static gboolean call_ours(const char *path, void *data, GError **err)
{
	g_autofree char *text = read_text(path);
	g_autofree char *changed =
		text ? cmake_text_prefix(text, commands, PREFIX) : NULL;

	(void)data;
	return !changed || fs_write_atomic(path, changed, strlen(changed), 0644, err);
}

static gboolean call_ours_below(const char *folder, GError **err)
{
	guint seen = 0;

	return visit_files(folder, &seen, call_ours, NULL, err);
}

/* A row of the table that the functions look into. */
static void add_place(const step_site *site, GString *out, const char *kind,
	const locked_wrap *w, const char *place)
{
	g_autofree char *inside = g_build_filename(STEP_FILES, PLACE, place, NULL);
	g_autofree char *seen = step_site_path(site, inside);

	for (guint n = 0; n < w->urls->len; n++)
		g_string_append_printf(out,
			"set_property(GLOBAL PROPERTY [===[xorch %s %s%s%s]===] "
			"[===[%s]===])\n",
			kind, (const char *)g_ptr_array_index(w->urls, n),
			w->revision ? " " : "", w->revision ? w->revision : "", seen);
}

static gboolean place_one(const build_context *ctx, const step_site *site,
	const locked_wrap *w, GString *out, GError **err)
{
	const char *name = locked_wrap_place(w);
	g_autofree char *to = step_file_host(site, PLACE, name);
	g_autofree char *folder = g_path_get_dirname(to);

	if (!fs_mkdir_p(folder, 0755, err) || !subproject_place(ctx, w, to, err))
		return FALSE;
	if (!w->file) {
		add_place(site, out, "folder", w, name);
		return call_ours_below(to, err);
	}
	g_autofree char *unpacked = g_strconcat(name, ".d", NULL);
	g_autofree char *dir = step_file_host(site, PLACE, unpacked);
	gboolean archive = unpack_archive(to, dir);
	add_place(site, out, "file", w, name);
	add_place(site, out, "folder", w, archive ? unpacked : name);
	return !archive || call_ours_below(dir, err);
}

gboolean cmake_fetches_place(
	const build_context *ctx, const step_site *site, step_extras *x, GError **err)
{
	const GPtrArray *wraps = site->item->source->lock->wraps;
	g_autoptr(GString) out = g_string_new(
		"# Made by xorch: what is locked, in place of what CMake would fetch.\n"
		"include_guard(GLOBAL)\n");
	gboolean any = FALSE;

	for (guint n = 0; wraps && n < wraps->len; n++) {
		const locked_wrap *w = g_ptr_array_index(wraps, n);
		gboolean own = locked_wrap_is_by(w, "cmake");
		if (own && !place_one(ctx, site, w, out, err))
			return FALSE;
		any |= own;
	}
	if (any)
		add_functions(out);
	return (!any || call_ours_below(site->source, err)) &&
	       step_file_add(site, x, CMAKE_FETCHES, out->str, FALSE, err);
}

gboolean cmake_fetches_used(const char *out, const locked_wrap *w)
{
	g_autofree char *path = g_build_filename(out, TAKEN, NULL);
	g_autofree char *text = read_text(path);
	g_auto(GStrv) names = text ? g_strsplit(text, "\n", -1) : NULL;

	return names && g_strv_contains((const char *const *)names, w->name);
}
