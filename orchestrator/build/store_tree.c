/* Finished folders by key. Two locks a tree: KIND-KEY.lock while it is made,
 * KIND-KEY.use shared by those who use it and exclusive for those who remove it. */
#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include "base/fs.h"
#include "build/manifest.h"
#include "build/store_private.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct store_tree {
	store *store;
	lockfile *lock; /* KIND-KEY.lock */
	char *kind, *key;
	char *staging, *path, *manifest;
};

static char *use_path(const store *s, const char *kind, const char *key)
{
	g_autofree char *name = g_strconcat(kind, "-", key, ".use", NULL);

	return store_path(s, "locks", name);
}

static char *manifest_path(const char *tree)
{
	return g_strconcat(tree, ".manifest", NULL);
}

static gboolean held(store *s, const char *id)
{
	g_mutex_lock(&s->mutex);
	gboolean have = g_hash_table_contains(s->in_use, id);
	g_mutex_unlock(&s->mutex);
	return have;
}

static void hold(store *s, const char *id, lockfile *l)
{
	lockfile_touch(l);
	g_mutex_lock(&s->mutex);
	if (g_hash_table_contains(s->in_use, id))
		lockfile_release(l);
	else
		g_hash_table_insert(s->in_use, g_strdup(id), l);
	g_mutex_unlock(&s->mutex);
}

static gboolean write_manifest(
	store *s, const char *path, const char *manifest, GError **err)
{
	g_autofree char *temp = store_temp_name(s, err);

	return temp && manifest_write(path, manifest, temp, err);
}

static gboolean tree_is_good(store *s, const char *path, const char *id, gboolean below)
{
	g_autofree char *manifest = manifest_path(path);
	g_autofree char *why = NULL;
	struct stat st;
	manifest_state state;

	if (lstat(path, &st) < 0 || (st.st_uid != geteuid() && st.st_uid != 0))
		return FALSE;
	state = manifest_check(path, manifest, &why);
	if (state == MANIFEST_GOOD && s->verify_on_use)
		state = manifest_verify(path, manifest, &why);
	if (state == MANIFEST_MOVED) {
		/* A cache unpacked from an archive has other inodes: contents decide. */
		event_log(EVENT_INFO, NULL, "checking the cached tree %s in full (%s)",
			id, why);
		state = manifest_verify(path, manifest, &why);
		if (state == MANIFEST_GOOD && !below)
			write_manifest(s, path, manifest, NULL);
	}
	if (state == MANIFEST_BAD)
		event_log(EVENT_WARNING, NULL,
			"the cached tree %s is damaged (%s) and is made anew", id, why);
	return state == MANIFEST_GOOD;
}

/* A tree of the read-only layer: nobody can remove it under us who could not also
 * change it, so there is no lock to hold. */
static char *find_below(store *s, const char *kind, const char *key, const char *id)
{
	g_autofree char *path =
		s->lower ? g_build_filename(s->lower, "trees", kind, key, NULL) : NULL;

	if (!path || access(path, F_OK) < 0 || !tree_is_good(s, path, id, TRUE))
		return NULL;
	return g_steal_pointer(&path);
}

char *store_tree_find(store *s, const char *kind, const char *key)
{
	if (!store_name_check(kind, NULL) || !store_name_check(key, NULL) ||
		!store_mark_used(s, NULL))
		return NULL;
	g_autofree char *id = g_strconcat(kind, "/", key, NULL);
	g_autofree char *path = store_path(s, "trees", kind, key);
	if (access(path, F_OK) < 0)
		return find_below(s, kind, key, id);
	if (held(s, id))
		return g_steal_pointer(&path);
	g_autofree char *lock_path = use_path(s, kind, key);
	g_autoptr(lockfile) l = lockfile_try(lock_path, TRUE, NULL);
	if (!l)
		return NULL; /* being removed just now */
	if (!tree_is_good(s, path, id, FALSE))
		return NULL;
	hold(s, id, g_steal_pointer(&l));
	return g_steal_pointer(&path);
}

gboolean store_trees_unchanged(store *s, GError **err)
{
	g_autoptr(GPtrArray) ids = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	gpointer id;

	g_mutex_lock(&s->mutex);
	g_hash_table_iter_init(&iter, s->in_use);
	while (g_hash_table_iter_next(&iter, &id, NULL))
		g_ptr_array_add(ids, g_strdup(id));
	g_mutex_unlock(&s->mutex);
	for (guint i = 0; i < ids->len; i++) {
		const char *name = g_ptr_array_index(ids, i);
		g_autofree char *path = store_path(s, "trees", name);
		g_autofree char *manifest = manifest_path(path);
		g_autofree char *why = NULL;
		manifest_state state = manifest_check(path, manifest, &why);
		if (state == MANIFEST_GOOD)
			continue;
		error_set(err, EXIT_INTEGRITY, "X0606",
			"a build step changed what it was given: the cached tree %s",
			name);
		if (why) {
			g_autofree char *shown = text_escape(why, -1);
			error_note(err, "%s", shown);
		}
		error_note(err,
			"nothing of this build is kept; the tree is made anew when "
			"it is needed");
		error_help(err, "the sandbox level bwrap lets a build write to its own "
				"folders alone; `xorch doctor` says what it takes");
		return FALSE;
	}
	return TRUE;
}

/* What lies at the final name without being good, from a crash or damaged. */
static gboolean clear_place(store_tree *t, const char *id, GError **err)
{
	struct stat st;

	if (lstat(t->path, &st) < 0 && errno == ENOENT)
		return TRUE;
	g_mutex_lock(&t->store->mutex);
	g_hash_table_remove(t->store->in_use, id); /* our own share of it */
	g_mutex_unlock(&t->store->mutex);
	g_autofree char *lock_path = use_path(t->store, t->kind, t->key);
	g_autofree char *what = g_strdup_printf("the damaged tree %s is in use", id);
	g_autoptr(lockfile) l = lockfile_acquire(lock_path, FALSE, what, err);
	if (!l)
		return FALSE;
	unlink(t->manifest);
	g_autofree char *away = store_temp_name(t->store, err);
	if (!away)
		return FALSE;
	if (rename(t->path, away) < 0)
		return fs_fail(err, errno, "move away", t->path, 0);
	return fs_remove_tree(away, err);
}

static gboolean can_run_programs(const store *s, GError **err)
{
	struct statvfs st;

	if (statvfs(s->dir, &st) < 0 || !(st.f_flag & ST_NOEXEC))
		return TRUE;
	g_autofree char *shown = text_escape(s->root, -1);
	error_set(err, EXIT_HOST, "X0825",
		"programs cannot be run from the cache folder %s (mounted with noexec)",
		shown);
	error_help(err, "take another folder: XORCH_CACHE_DIR or --cache-dir");
	return FALSE;
}

static void tree_free(store_tree *t)
{
	lockfile_release(t->lock);
	g_free(t->kind);
	g_free(t->key);
	g_free(t->staging);
	g_free(t->path);
	g_free(t->manifest);
	g_free(t);
}

store_tree *store_tree_begin(
	store *s, const char *kind, const char *key, char **ready_path, GError **err)
{
	*ready_path = store_tree_find(s, kind, key);
	if (*ready_path)
		return NULL;
	if (!can_run_programs(s, err) || !store_mark_used(s, err))
		return NULL;
	g_autofree char *id = g_strconcat(kind, "/", key, NULL);
	g_autoptr(lockfile) lock = store_lock(s, kind, key, id, err);
	if (!lock)
		return NULL;
	*ready_path = store_tree_find(s, kind, key);
	if (*ready_path) {
		lockfile_remove(g_steal_pointer(&lock));
		return NULL;
	}
	g_autofree char *parent = store_path(s, "trees", kind);
	if (!fs_mkdir_p(parent, 0755, err))
		return NULL;
	store_tree *t = g_new0(store_tree, 1);
	t->store = s;
	t->lock = g_steal_pointer(&lock);
	t->kind = g_strdup(kind);
	t->key = g_strdup(key);
	t->path = g_build_filename(parent, key, NULL);
	t->manifest = manifest_path(t->path);
	t->staging = clear_place(t, id, err) ? store_temp_dir(s, err) : NULL;
	if (!t->staging || chmod(t->staging, 0755) < 0) {
		tree_free(t);
		return NULL;
	}
	return t;
}

const char *store_tree_dir(const store_tree *t)
{
	return t->staging;
}

/* What is staged becomes the tree. New string, or NULL. */
static char *put_in_place(store_tree *t, GError **err)
{
	store *s = t->store;
	g_autofree char *id = g_strconcat(t->kind, "/", t->key, NULL);
	g_autofree char *lock_path = use_path(s, t->kind, t->key);
	g_autoptr(lockfile) use = lockfile_acquire(lock_path, TRUE, id, err);

	if (!use)
		return NULL;
	fault_point("rename");
	if (rename(t->staging, t->path) < 0) {
		fs_fail(err, errno, "put in place", t->path, 0);
		return NULL;
	}
	fault_point("manifest");
	g_autofree char *parent = g_path_get_dirname(t->path);
	/* The tree counts from the moment its manifest is there; until then it is
	 * what a crash left. */
	if (!fs_sync_dir(parent, err) || !write_manifest(s, t->path, t->manifest, err)) {
		fs_remove_tree(t->path, NULL);
		return NULL;
	}
	hold(s, id, g_steal_pointer(&use));
	/* Those who wait for it look at the inode and find the tree. */
	lockfile_remove(g_steal_pointer(&t->lock));
	return g_strdup(t->path);
}

char *store_tree_finish(store_tree *t, gboolean whole, GError **err)
{
	char *path = whole ? put_in_place(t, err) : NULL;

	if (!path)
		fs_remove_tree(t->staging, NULL);
	tree_free(t);
	return path;
}
