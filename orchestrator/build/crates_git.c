#include "build/crates_git.h"
#include "base/error.h"
#include "base/fs.h"
#include "build/rust_cargo.h"
#include "build/rust_project.h"
#include "build/subproject.h"
#include "format/settings_file.h"
#include <string.h>

#define BY "cargo"
#define DEPTH_MAX 6
#define FOLDERS_MAX 20000

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

static int depth_of(const char *rel)
{
	int n = *rel ? 1 : 0;

	for (; *rel; rel++)
		n += *rel == '/';
	return n;
}

/* Nearer to the top; of several as near the first by name. */
static gboolean is_nearer(const char *a, const char *b)
{
	int by_depth = depth_of(a) - depth_of(b);

	return by_depth < 0 || (by_depth == 0 && strcmp(a, b) < 0);
}

/* The packages below `rel`: name -> folder below the repository's top, "" being that. */
static void find_packages(
	GHashTable *found, const char *top, const char *rel, guint *seen)
{
	g_autofree char *folder = g_build_filename(top, rel, NULL);
	g_autofree char *manifest = g_build_filename(rel, "Cargo.toml", NULL);
	g_autoptr(GPtrArray) all = rust_project_toml(top, manifest);
	const char *own = all ? settings_get(all, "package", "name") : NULL;
	const char *other = own ? g_hash_table_lookup(found, own) : NULL, *name;
	g_autoptr(GDir) dir =
		depth_of(rel) < DEPTH_MAX ? g_dir_open(folder, 0, NULL) : NULL;

	if (own && (!other || is_nearer(rel, other)))
		g_hash_table_insert(found, g_strdup(own), g_strdup(rel));
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *below = g_build_filename(rel, name, NULL);
		g_autofree char *full = g_build_filename(top, below, NULL);
		if (name[0] == '.' || ++*seen > FOLDERS_MAX ||
			g_file_test(full, G_FILE_TEST_IS_SYMLINK) ||
			!g_file_test(full, G_FILE_TEST_IS_DIR))
			continue;
		find_packages(found, top, below, seen);
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

typedef struct placing {
	const build_context *ctx;
	const recipe_lock *lock;
	const char *folder, *seen;
	GHashTable *repositories; /* crates_git_folder -> its packages */
	GString *out;
} placing;

/* The packages of the crate's repository, which is copied when its first crate comes. */
static GHashTable *place_repository(placing *p, const locked_wrap *w, GError **err)
{
	const char *name = crates_git_folder(p->lock, w);
	g_autofree char *to = g_build_filename(p->folder, name, NULL);
	GHashTable *found = g_hash_table_lookup(p->repositories, name);
	guint seen = 0;

	if (found)
		return found;
	if (!fs_mkdir_p(p->folder, 0755, err) || !subproject_place(p->ctx, w, to, err))
		return NULL;
	found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_insert(p->repositories, g_strdup(name), found);
	find_packages(found, to, "", &seen);
	return found;
}

static gboolean place_one(placing *p, const locked_wrap *w, guint number, GError **err)
{
	GHashTable *packages = place_repository(p, w, err);
	const char *rel = packages ? g_hash_table_lookup(packages, w->name) : NULL;

	if (!packages)
		return FALSE;
	if (!rel)
		return error_set(err, EXIT_INPUT, "X0951",
			"the repository of crate %s holds no such package, at commit %s",
			w->name, w->commit);
	g_autofree char *inside =
		g_build_filename(p->seen, crates_git_folder(p->lock, w), rel, NULL);
	g_autofree char *url = rust_cargo_string(g_ptr_array_index(w->urls, 0));
	g_autofree char *path = rust_cargo_string(inside);
	g_string_append_printf(p->out,
		"[patch.%s.xorch-%u]\n"
		"package = \"%s\"\n"
		"path = %s\n",
		url, number, w->name, path);
	return TRUE;
}

char *crates_git_place(const build_context *ctx, const recipe_lock *lock,
	const char *folder, const char *seen, GError **err)
{
	g_autoptr(GString) out = g_string_new(NULL);
	g_autoptr(GHashTable) repositories = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_hash_table_unref);
	placing p = {ctx, lock, folder, seen, repositories, out};

	for (guint n = 0; lock->wraps && n < lock->wraps->len; n++) {
		const locked_wrap *w = g_ptr_array_index(lock->wraps, n);
		if (locked_wrap_is_by(w, BY) && !place_one(&p, w, n, err))
			return NULL;
	}
	return g_string_free(g_steal_pointer(&out), FALSE);
}
