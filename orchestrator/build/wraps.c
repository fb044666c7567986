#include "build/wraps.h"
#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/pipeline_private.h"
#include "build/subproject.h"
#include "format/archive.h"
#include "format/meson_wrap.h"
#include "plan/known_library.h"
#include "plan/lock_wraps.h"
#include <string.h>

#define WRAP_MAX (64 << 10)
#define BUILD_MAX (4 << 20)
#define FOLDERS_MAX 20000
#define WRAPS_MAX 200

typedef struct search {
	pipeline *p;
	item *i;
	char *cache;	   /* packagecache of the project */
	char *folder;	   /* its subprojects */
	char *work;	   /* what is unpacked to be looked at */
	GPtrArray *all;	   /* meson_wrap *: not decided yet */
	GHashTable *known; /* names ever seen: the outermost wrap counts */
	wrap_words words;
	GPtrArray *locked; /* locked_wrap *, the caller's */
	guint folders;
} search;

static char *read_text(const char *path, gsize max)
{
	g_autoptr(GBytes) bytes = fs_read(path, max, NULL);
	gsize size = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;

	return data ? g_strndup(data, size) : g_strdup("");
}

static gboolean is_real_folder(const char *path)
{
	return g_file_test(path, G_FILE_TEST_IS_DIR) &&
	       !g_file_test(path, G_FILE_TEST_IS_SYMLINK);
}

/* Every meson.build below, without following links. */
static void read_words(search *s, const char *dir)
{
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;

	while (d && s->folders < FOLDERS_MAX && (name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(dir, name, NULL);
		if (g_str_equal(name, "meson.build")) {
			g_autofree char *text = read_text(path, BUILD_MAX);
			wrap_words_add(&s->words, text);
		} else if (is_real_folder(path)) {
			s->folders++;
			read_words(s, path);
		}
	}
}

static int by_name(gconstpointer a, gconstpointer b)
{
	return strcmp((*(meson_wrap *const *)a)->name, (*(meson_wrap *const *)b)->name);
}

static void read_wraps(search *s, const char *folder)
{
	g_autoptr(GDir) d = g_dir_open(folder, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(folder, name, NULL);
		g_autofree char *stem = g_strndup(name, strcspn(name, "."));
		const char *dot = strrchr(name, '.');
		if (!dot || strcmp(dot, ".wrap") != 0 ||
			g_hash_table_size(s->known) >= WRAPS_MAX)
			continue;
		g_free(stem);
		stem = g_strndup(name, (gsize)(dot - name));
		if (!g_hash_table_add(s->known, g_strdup(stem)))
			continue;
		g_autofree char *text = read_text(path, WRAP_MAX);
		g_ptr_array_add(s->all, meson_wrap_parse(stem, text));
	}
	g_ptr_array_sort(s->all, by_name);
}

/* ---- one wrap ---- */

/* The package of requirements.host that has what it is for. Borrowed, or NULL. */
static const char *host_has(const item *i, const meson_wrap *w)
{
	const GPtrArray *host = i->recipe->requirements.host;

	for (guint n = 0; host && n < host->len; n++) {
		const char *row = g_ptr_array_index(host, n);
		const char *colon = strchr(row, ':');
		g_autofree char *name =
			colon ? g_strndup(colon + 1, strcspn(colon + 1, "=")) : NULL;
		for (guint k = 0; name && k < w->provides->len; k++) {
			const char *word = g_ptr_array_index(w->provides, k);
			const known_library *h = known_library_by_name(word);
			if (g_str_has_prefix(row, "recipe:")
					? g_str_equal(word, name)
					: h && g_str_equal(h->deb, name))
				return row;
		}
	}
	return NULL;
}

static gboolean is_there(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, name, NULL);

	return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* What it holds may name further wraps, or bring them. */
static void look_inside(search *s, const char *folder)
{
	g_autofree char *root = g_build_filename(folder, "meson.build", NULL);
	g_autofree char *text = read_text(root, BUILD_MAX);
	g_autofree char *name = wrap_folder(text);
	g_autofree char *wraps = g_build_filename(folder, name, NULL);

	read_words(s, folder);
	read_wraps(s, wraps);
}

static void look_into(search *s, const char *archive, const char *name)
{
	g_autofree char *dir = g_build_filename(s->work, name, NULL);

	/* Meson will say what is wrong with one that cannot be unpacked. */
	if (archive_unpack(archive, dir, &ARCHIVE_SDIST, NULL, NULL))
		look_inside(s, dir);
}

static gboolean lock_file(search *s, const meson_wrap *w, GError **err)
{
	g_autofree char *where = g_strdup_printf("%s.wrap", w->name);
	g_autoptr(GPtrArray) rows =
		g_ptr_array_new_with_free_func((GDestroyNotify)locked_wrap_free);

	for (guint n = 0; n < w->files->len; n++) {
		const wrap_file *f = g_ptr_array_index(w->files, n);
		g_autofree char *path = NULL;
		if (is_there(s->cache, f->name))
			continue;
		locked_wrap *row = locked_wrap_new(w->name, f->urls);
		g_ptr_array_add(rows, row);
		row->file = g_strdup(f->name);
		row->directory = f->patch ? NULL : g_strdup(w->directory);
		row->sha256 = g_strdup(f->sha256);
		path = subproject_lock_file(s->p->ctx, where, row, err);
		if (!path)
			return FALSE;
		look_into(s, path, f->name);
	}
	for (guint n = 0; n < rows->len; n++)
		g_ptr_array_add(s->locked, g_ptr_array_index(rows, n));
	g_ptr_array_set_free_func(rows, NULL);
	return TRUE;
}

static gboolean lock_git(search *s, const meson_wrap *w, GError **err)
{
	g_autoptr(locked_wrap) row = locked_wrap_new(w->name, NULL);

	g_ptr_array_add(row->urls, g_strdup(w->git));
	row->directory = g_strdup(w->directory);
	row->submodules = w->submodules;
	g_autofree char *folder = subproject_lock_git(s->p->ctx, row, w->revision, err);
	if (!folder)
		return FALSE;
	g_ptr_array_add(s->locked, g_steal_pointer(&row));
	look_inside(s, folder);
	return TRUE;
}

/* A package that might stand for it; NULL: none known. */
static const char *known_package(const meson_wrap *w)
{
	for (guint n = 0; n < w->provides->len; n++) {
		const known_library *h =
			known_library_by_name(g_ptr_array_index(w->provides, n));
		if (h)
			return h->deb;
	}
	return NULL;
}

static void warn(const search *s, const meson_wrap *w, const char *why)
{
	const char *deb = wrap_words_call(&s->words, w) ? NULL : known_package(w);

	event_log(EVENT_WARNING, s->i->id,
		"%s.wrap cannot be had beforehand: %s; a build that wants it finds no "
		"network%s%s%s",
		w->name, why, deb ? " (deb:" : "", deb ? deb : "",
		deb ? " in requirements.host may take its place)" : "");
}

/* A wrap that some meson.build names. */
static gboolean decide(search *s, const meson_wrap *w, GError **err)
{
	const char *host = host_has(s->i, w);
	GError *why = NULL;

	if (is_there(s->folder, w->directory) ||
		(!w->files->len && !w->git && !w->unusable))
		return TRUE;
	if (host && !wrap_words_call(&s->words, w)) {
		event_log(EVENT_NOTE, s->i->id, "%s.wrap is left out: %s has it", w->name,
			host);
		return TRUE;
	}
	if (w->unusable) {
		warn(s, w, w->unusable);
		return TRUE;
	}
	if (w->git ? lock_git(s, w, &why) : lock_file(s, w, &why))
		return TRUE;
	g_autofree char *line = subproject_lacking(why, err);
	if (!line)
		return FALSE;
	warn(s, w, line);
	return TRUE;
}

/* Until nothing more is named: what was fetched may name others. */
static gboolean decide_all(search *s, GError **err)
{
	for (guint n = 0; n < s->all->len;) {
		if (!wrap_words_name(&s->words, g_ptr_array_index(s->all, n))) {
			n++;
			continue;
		}
		g_autoptr(meson_wrap) w = g_ptr_array_steal_index(s->all, n);
		if (!decide(s, w, err))
			return FALSE;
		n = 0;
	}
	return TRUE;
}

gboolean wraps_lock(
	pipeline *p, item *i, const char *project, GPtrArray *locked, GError **err)
{
	g_autofree char *root = g_build_filename(project, "meson.build", NULL);
	g_autofree char *text = read_text(root, BUILD_MAX);
	g_autofree char *name = wrap_folder(text);
	search s = {.p = p, .i = i, .locked = locked};
	gboolean ok = TRUE;

	s.folder = g_build_filename(project, name, NULL);
	s.cache = g_build_filename(s.folder, "packagecache", NULL);
	s.all = g_ptr_array_new_with_free_func((GDestroyNotify)meson_wrap_free);
	s.known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	wrap_words_init(&s.words);
	read_wraps(&s, s.folder);
	if (s.all->len) {
		s.work = store_temp_dir(p->ctx->store, err);
		read_words(&s, project);
		ok = s.work && decide_all(&s, err);
		if (s.work)
			fs_remove_tree(s.work, NULL);
	}
	g_free(s.folder);
	g_free(s.cache);
	g_free(s.work);
	g_ptr_array_unref(s.all);
	g_hash_table_unref(s.known);
	wrap_words_clear(&s.words);
	return ok;
}

/* ---- builds ---- */

gboolean wraps_place(
	const build_context *ctx, const item *i, const char *project, GError **err)
{
	const GPtrArray *wraps = i->source->lock->wraps;
	g_autofree char *root = g_build_filename(project, "meson.build", NULL);
	g_autofree char *text = read_text(root, BUILD_MAX);
	g_autofree char *name = wrap_folder(text);
	g_autofree char *cache = g_build_filename(project, name, "packagecache", NULL);

	for (guint n = 0; wraps && n < wraps->len; n++) {
		const locked_wrap *w = g_ptr_array_index(wraps, n);
		g_autofree char *to = g_build_filename(cache, locked_wrap_place(w), NULL);
		if (w->by || g_file_test(to, G_FILE_TEST_EXISTS))
			continue;
		if (!fs_mkdir_p(cache, 0755, err) || !subproject_place(ctx, w, to, err))
			return FALSE;
	}
	return TRUE;
}

gboolean wraps_used(const char *project, const locked_wrap *w)
{
	g_autofree char *root = g_build_filename(project, "meson.build", NULL);
	g_autofree char *text = read_text(root, BUILD_MAX);
	g_autofree char *name = wrap_folder(text);
	g_autofree char *path =
		w->directory ? g_build_filename(project, name, w->directory, NULL) : NULL;

	return path && g_file_test(path, G_FILE_TEST_IS_DIR);
}
