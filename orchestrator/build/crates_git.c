#include "build/crates_git.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/rust_cargo.h"
#include "build/subproject.h"
#include "format/settings_file.h"
#include <string.h>

#define BY "cargo"
#define DEPTH_MAX 6
#define FOLDERS_MAX 20000
#define TOML_MAX (4 << 20)

/* ---- locking ---- */

static locked_wrap *row_of(const cargo_crate *c)
{
	locked_wrap *w = locked_wrap_new(c->name, NULL);

	w->by = g_strdup(BY);
	w->directory = g_strdup_printf("%s-%s", c->name, c->version);
	w->revision = g_strdup(c->commit);
	w->submodules = TRUE; /* as cargo does */
	g_ptr_array_add(w->urls, g_strdup(c->git));
	return w;
}

static gboolean lock_one(
	const build_context *ctx, const cargo_crate *c, GPtrArray *rows, GError **err)
{
	g_autoptr(locked_wrap) row = row_of(c);
	const char *why = locked_wrap_problem(row);

	if (why) {
		g_autofree char *shown = text_escape(c->git, -1);
		error_set(err, EXIT_INPUT, "X0951",
			"Cargo.lock: crate %s %s: its repository cannot be locked, which "
			"%s",
			c->name, c->version, why);
		error_line(err, "source: %s", shown);
		error_help(err, "a patch in the recipe may name a released version");
		return FALSE;
	}
	g_autofree char *found = subproject_lock_git(ctx, row, c->commit, err);
	if (!found) {
		error_note(err, "crate %s %s of Cargo.lock", c->name, c->version);
		return FALSE;
	}
	g_ptr_array_add(rows, g_steal_pointer(&row));
	return TRUE;
}

gboolean crates_git_lock(const build_context *ctx, const GPtrArray *crates,
	recipe_lock *lock, GError **err)
{
	g_autoptr(GPtrArray) rows =
		g_ptr_array_new_with_free_func((GDestroyNotify)locked_wrap_free);

	for (guint n = 0; n < crates->len; n++) {
		const cargo_crate *c = g_ptr_array_index(crates, n);
		if (c->git && !lock_one(ctx, c, rows, err))
			return FALSE;
	}
	recipe_lock_put_wraps(lock, rows, TRUE);
	return TRUE;
}

gboolean crates_git_covers(const recipe_lock *lock, const cargo_crate *c)
{
	g_autofree char *place = g_strdup_printf("%s-%s", c->name, c->version);

	for (guint n = 0; lock->wraps && n < lock->wraps->len; n++) {
		const locked_wrap *w = g_ptr_array_index(lock->wraps, n);
		if (locked_wrap_is_by(w, BY) && g_str_equal(w->directory, place) &&
			g_str_equal(w->commit, c->commit) &&
			g_str_equal(g_ptr_array_index(w->urls, 0), c->git))
			return TRUE;
	}
	return FALSE;
}

/* ---- builds ---- */

typedef struct search {
	const char *crate;
	char *found; /* the folder, below the repository's top; "" is that */
	int depth;
	guint seen;
} search;

static gboolean is_package(const char *folder, const char *name)
{
	g_autofree char *path = g_build_filename(folder, "Cargo.toml", NULL);
	g_autoptr(GBytes) bytes = fs_read(path, TOML_MAX, NULL);
	gsize size = 0;
	const char *data = bytes ? g_bytes_get_data(bytes, &size) : NULL;
	g_autofree char *text = g_strndup(data ? data : "", size);
	g_autoptr(GPtrArray) all = settings_parse_toml(text);

	return g_strcmp0(settings_get(all, "package", "name"), name) == 0;
}

/* The nearest to the top; of several as near the first by name. */
static void look(search *s, const char *top, const char *rel, int depth)
{
	g_autofree char *folder = g_build_filename(top, rel, NULL);
	g_autoptr(GDir) dir = g_dir_open(folder, 0, NULL);
	const char *name;

	if (s->found &&
		(depth > s->depth || (depth == s->depth && strcmp(rel, s->found) > 0)))
		return;
	if (is_package(folder, s->crate)) {
		g_free(s->found);
		s->found = g_strdup(rel);
		s->depth = depth;
		return;
	}
	while (dir && depth < DEPTH_MAX && (name = g_dir_read_name(dir))) {
		g_autofree char *below =
			*rel ? g_build_filename(rel, name, NULL) : g_strdup(name);
		g_autofree char *full = g_build_filename(top, below, NULL);
		if (name[0] == '.' || ++s->seen > FOLDERS_MAX ||
			g_file_test(full, G_FILE_TEST_IS_SYMLINK) ||
			!g_file_test(full, G_FILE_TEST_IS_DIR))
			continue;
		look(s, top, below, depth + 1);
	}
}

const char *crates_git_folder(const recipe_lock *lock, const locked_wrap *w)
{
	for (guint n = 0; n < lock->wraps->len; n++) {
		const locked_wrap *other = g_ptr_array_index(lock->wraps, n);
		if (locked_wrap_is_by(other, BY) && g_str_equal(other->tree, w->tree))
			return other->directory;
	}
	return w->directory;
}

static gboolean place_one(const build_context *ctx, const recipe_lock *lock,
	const locked_wrap *w, const char *folder, const char *seen, GString *out,
	guint number, GError **err)
{
	const char *name = crates_git_folder(lock, w);
	g_autofree char *to = g_build_filename(folder, name, NULL);
	search s = {.crate = w->name};

	if (!fs_mkdir_p(folder, 0755, err) ||
		(g_str_equal(name, w->directory) && !subproject_place(ctx, w, to, err)))
		return FALSE;
	look(&s, to, "", 0);
	if (!s.found)
		return error_set(err, EXIT_INPUT, "X0951",
			"the repository of crate %s holds no such package, at commit %s",
			w->name, w->commit);
	g_autofree char *inside = g_build_filename(seen, name, s.found, NULL);
	g_autofree char *url = rust_cargo_string(g_ptr_array_index(w->urls, 0));
	g_autofree char *path = rust_cargo_string(inside);
	g_string_append_printf(out,
		"[patch.%s.xorch-%u]\n"
		"package = \"%s\"\n"
		"path = %s\n",
		url, number, w->name, path);
	g_free(s.found);
	return TRUE;
}

char *crates_git_place(const build_context *ctx, const recipe_lock *lock,
	const char *folder, const char *seen, GError **err)
{
	g_autoptr(GString) out = g_string_new(NULL);

	for (guint n = 0; lock->wraps && n < lock->wraps->len; n++) {
		const locked_wrap *w = g_ptr_array_index(lock->wraps, n);
		if (locked_wrap_is_by(w, BY) &&
			!place_one(ctx, lock, w, folder, seen, out, n, err))
			return NULL;
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}
