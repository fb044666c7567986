#include "build/store_admin.h"
#include "base/fs.h"
#include "build/manifest.h"
#include "build/store_private.h"
#include "format/digest.h"
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- going through it ---- */

static GPtrArray *entries(const char *dir)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GDir) d = g_dir_open(dir, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d)))
		g_ptr_array_add(all, g_build_filename(dir, name, NULL));
	return all;
}

/* Paths two folders down: blobs/aa/…, trees/kind/…, records/kind/… */
static GPtrArray *entries_below(store *s, const char *part)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *dir = store_path(s, part);
	g_autoptr(GPtrArray) folders = entries(dir);

	for (guint i = 0; i < folders->len; i++) {
		g_autoptr(GPtrArray) inner = entries(folders->pdata[i]);
		for (guint k = 0; k < inner->len; k++)
			g_ptr_array_add(all, g_strdup(inner->pdata[k]));
	}
	return all;
}

static gboolean is_tree(const char *path)
{
	return !g_str_has_suffix(path, ".manifest");
}

static char *manifest_of(const char *tree)
{
	return g_strconcat(tree, ".manifest", NULL);
}

static guint64 tree_bytes(const char *tree)
{
	g_autofree char *manifest = manifest_of(tree);
	guint64 bytes = manifest_bytes(manifest);

	return bytes ? bytes : fs_tree_bytes(tree);
}

static gboolean is_download(store *s, const char *blob)
{
	const char *sha256 = strrchr(blob, '/') + 1;
	g_autofree char *record = store_path(s, "records", "download", sha256);

	return access(record, F_OK) == 0;
}

/* "KIND-KEY" of trees/KIND/KEY. */
static char *lock_name(const char *tree, const char *suffix)
{
	g_autofree char *dir = g_path_get_dirname(tree);
	g_autofree char *kind = g_path_get_basename(dir);
	g_autofree char *key = g_path_get_basename(tree);

	return g_strconcat(kind, "-", key, suffix, NULL);
}

/* ---- size ---- */

static void row_free(void *data)
{
	store_usage_row *r = data;

	g_free(r->name);
	g_free(r);
}

static store_usage_row *row(GPtrArray *all, const char *name)
{
	store_usage_row *r = g_new0(store_usage_row, 1);

	r->name = g_strdup(name);
	g_ptr_array_add(all, r);
	return r;
}

static void add_to(store_usage_row *r, guint64 bytes)
{
	r->count++;
	r->bytes += bytes;
}

static void tree_rows(store *s, GPtrArray *all)
{
	g_autofree char *dir = store_path(s, "trees");
	g_autoptr(GPtrArray) kinds = entries(dir);
	store_usage_row *sum = row(all, "trees");

	for (guint i = 0; i < kinds->len; i++) {
		g_autofree char *kind = g_path_get_basename(kinds->pdata[i]);
		g_autofree char *name = g_strconcat("trees/", kind, NULL);
		g_autoptr(GPtrArray) trees = entries(kinds->pdata[i]);
		store_usage_row *r = row(all, name);
		r->detail = TRUE;
		for (guint k = 0; k < trees->len; k++)
			if (is_tree(trees->pdata[k]))
				add_to(r, tree_bytes(trees->pdata[k]));
		sum->count += r->count;
		sum->bytes += r->bytes;
	}
}

GPtrArray *store_usage(store *s)
{
	static const char *const rest[] = {"ccache", "parts", "records", "bad", "tmp"};
	GPtrArray *all = g_ptr_array_new_with_free_func(row_free);
	g_autoptr(GPtrArray) blobs = entries_below(s, "blobs");
	store_usage_row *downloads = row(all, "downloads");
	store_usage_row *results = row(all, "results");

	for (guint i = 0; i < blobs->len; i++)
		add_to(is_download(s, blobs->pdata[i]) ? downloads : results,
			fs_tree_bytes(blobs->pdata[i]));
	tree_rows(s, all);
	for (gsize i = 0; i < G_N_ELEMENTS(rest); i++) {
		g_autofree char *dir = store_path(s, rest[i]);
		g_autoptr(GPtrArray) in = strcmp(rest[i], "records") == 0
						  ? entries_below(s, "records")
						  : entries(dir);
		store_usage_row *r = row(all, rest[i]);
		r->count = in->len;
		r->bytes = fs_tree_bytes(dir);
	}
	return all;
}

/* ---- verify ---- */

typedef struct verification {
	store *store;
	store_check *result;
	GMutex mutex;
} verification;

static void count_checked(verification *v, guint64 bytes)
{
	g_mutex_lock(&v->mutex);
	v->result->count++;
	v->result->bytes += bytes;
	g_mutex_unlock(&v->mutex);
}

static void problem(verification *v, const char *path, const char *what)
{
	store_problem *p = g_new(store_problem, 1);

	p->path = g_strdup(path);
	p->what = g_strdup(what);
	g_mutex_lock(&v->mutex);
	g_ptr_array_add(v->result->problems, p);
	g_mutex_unlock(&v->mutex);
}

static void verify_blob(verification *v, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	gint64 size = 0;
	g_autofree char *got = digest_file(path, &size, NULL);

	if (!got)
		return; /* gone meanwhile */
	count_checked(v, (guint64)size);
	if (strcmp(got, name) == 0)
		return;
	problem(v, path, size ? "its sha256 is another" : "it is empty");
	g_autofree char *aside = g_strconcat(name, "-damaged", NULL);
	g_free(store_set_aside(v->store, path, aside));
}

/* Removes a tree that nobody uses; `use` is its exclusive lock, consumed. */
static void drop_tree(store *s, const char *tree, lockfile *use)
{
	g_autofree char *manifest = manifest_of(tree);
	g_autofree char *away = store_temp_name(s, NULL);

	unlink(manifest);
	if (away && rename(tree, away) == 0)
		fs_remove_tree(away, NULL);
	else
		fs_remove_tree(tree, NULL);
	lockfile_remove(use);
}

static lockfile *try_lock(store *s, const char *tree, const char *suffix, gboolean shared)
{
	g_autofree char *name = lock_name(tree, suffix);
	g_autofree char *path = store_path(s, "locks", name);

	return lockfile_try(path, shared, NULL);
}

static void verify_tree(verification *v, const char *tree)
{
	g_autofree char *manifest = manifest_of(tree);
	g_autofree char *why = NULL;
	g_autoptr(lockfile) use = try_lock(v->store, tree, ".use", TRUE);
	struct stat st;

	if (!use || lstat(manifest, &st) < 0) {
		/* Being removed or made, or left by a crash: no one takes it for good. */
		g_atomic_int_inc((gint *)&v->result->busy);
		return;
	}
	count_checked(v, manifest_bytes(manifest));
	if (manifest_verify(tree, manifest, &why) == MANIFEST_GOOD)
		return;
	problem(v, tree, why);
	/* Without its manifest it is absent; whoever wants it next clears it away. */
	unlink(manifest);
}

static void verify_record(verification *v, const char *path)
{
	g_autofree char *name = g_path_get_basename(path);
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *kind = g_path_get_basename(dir);
	g_autoptr(GBytes) bytes = store_record_get(v->store, kind, name);

	if (bytes) {
		count_checked(v, g_bytes_get_size(bytes));
	} else if (access(path, F_OK) == 0) {
		problem(v, path, "its checksum is another");
		unlink(path);
	}
}

static void verify_one(gpointer data, gpointer user)
{
	g_autofree char *path = data;
	verification *v = user;
	gsize base = strlen(v->store->dir);

	if (g_str_has_prefix(path + base, "/blobs/"))
		verify_blob(v, path);
	else if (g_str_has_prefix(path + base, "/trees/"))
		verify_tree(v, path);
	else
		verify_record(v, path);
}

static void problem_free(void *data)
{
	store_problem *p = data;

	g_free(p->path);
	g_free(p->what);
	g_free(p);
}

static int by_path(const void *a, const void *b)
{
	const store_problem *x = *(store_problem *const *)a;
	const store_problem *y = *(store_problem *const *)b;

	return strcmp(x->path, y->path);
}

void store_verify(store *s, int jobs, store_check *result)
{
	static const char *const parts[] = {"trees", "blobs", "records"};
	verification v = {.store = s, .result = result};

	*result = (store_check){.problems = g_ptr_array_new_with_free_func(problem_free)};
	g_mutex_init(&v.mutex);
	GThreadPool *pool = g_thread_pool_new(verify_one, &v, MAX(jobs, 1), FALSE, NULL);
	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autoptr(GPtrArray) all = entries_below(s, parts[i]);
		for (guint k = 0; k < all->len; k++)
			if (i || is_tree(all->pdata[k]))
				g_thread_pool_push(pool, g_strdup(all->pdata[k]), NULL);
	}
	g_thread_pool_free(pool, FALSE, TRUE);
	g_mutex_clear(&v.mutex);
	g_ptr_array_sort(result->problems, by_path);
}

void store_check_clear(store_check *result)
{
	g_clear_pointer(&result->problems, g_ptr_array_unref);
}

/* ---- prune ---- */

typedef struct pruning {
	store *store;
	store_pruned *result;
	time_t limit; /* older than that is unused */
	gboolean alone, dry_run;
} pruning;

static time_t mtime_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? 0 : st.st_mtime;
}

static void drop(pruning *p, const char *path)
{
	guint64 bytes = fs_tree_bytes(path);

	if (!p->dry_run && !fs_remove_tree(path, NULL))
		return;
	p->result->count++;
	p->result->bytes += bytes;
}

/* Use is seen by the mtime; beside running processes a day is the least that counts as
 * unused. */
static gboolean drop_unless_used(pruning *p, const char *path)
{
	if (!p->alone && mtime_of(path) >= time(NULL) - 86400) {
		p->result->in_use++;
		return FALSE;
	}
	drop(p, path);
	return TRUE;
}

static void prune_blobs(pruning *p, gboolean ci)
{
	g_autoptr(GPtrArray) blobs = entries_below(p->store, "blobs");

	for (guint i = 0; i < blobs->len; i++) {
		const char *path = blobs->pdata[i];
		const char *sha256 = strrchr(path, '/') + 1;
		gboolean old = mtime_of(path) < p->limit;
		gboolean drops = old || (ci && is_download(p->store, path));
		if (drops && drop_unless_used(p, path) && !p->dry_run)
			store_record_remove(p->store, "download", sha256, NULL);
	}
}

/* The compiler caches, one a package; step_ccache.c touches what it gives to a build. */
static void prune_ccache(pruning *p)
{
	g_autofree char *dir = store_path(p->store, "ccache");
	g_autoptr(GPtrArray) packages = entries(dir);

	for (guint i = 0; i < packages->len; i++)
		if (mtime_of(packages->pdata[i]) < p->limit)
			drop_unless_used(p, packages->pdata[i]);
}

static void prune_tree(pruning *p, const char *tree)
{
	g_autofree char *use_name = lock_name(tree, ".use");
	g_autofree char *use_path = store_path(p->store, "locks", use_name);
	g_autofree char *manifest = manifest_of(tree);
	gboolean whole = access(manifest, F_OK) == 0;

	if (whole && MAX(mtime_of(use_path), mtime_of(manifest)) >= p->limit)
		return;
	/* Nobody makes it and nobody uses it. */
	g_autoptr(lockfile) making = try_lock(p->store, tree, ".lock", FALSE);
	lockfile *use = making ? try_lock(p->store, tree, ".use", FALSE) : NULL;
	if (!use) {
		p->result->in_use++;
		return;
	}
	p->result->count++;
	p->result->bytes += tree_bytes(tree);
	if (p->dry_run) {
		lockfile_release(use);
		return;
	}
	drop_tree(p->store, tree, use);
	lockfile_remove(g_steal_pointer(&making));
}

static void prune_trees(pruning *p)
{
	g_autoptr(GPtrArray) trees = entries_below(p->store, "trees");

	for (guint i = 0; i < trees->len; i++) {
		const char *path = trees->pdata[i];
		g_autofree char *tree = NULL;
		if (is_tree(path)) {
			prune_tree(p, path);
			continue;
		}
		/* A manifest without a tree says nothing. */
		tree = g_strndup(path, strlen(path) - strlen(".manifest"));
		if (!p->dry_run && access(tree, F_OK) < 0)
			unlink(path);
	}
}

static void prune_parts(pruning *p)
{
	g_autofree char *dir = store_path(p->store, "parts");
	g_autoptr(GPtrArray) parts = entries(dir);

	for (guint i = 0; i < parts->len; i++) {
		g_autofree char *name = g_path_get_basename(parts->pdata[i]);
		g_autofree char *sha256 = g_strndup(name, strcspn(name, "."));
		g_autoptr(lockfile) l = store_lock_try(p->store, "blob", sha256, NULL);
		if (!l) {
			p->result->in_use++;
			continue;
		}
		drop(p, parts->pdata[i]);
		lockfile_remove(g_steal_pointer(&l));
	}
}

/* Lock files of things that are gone: whoever holds one keeps it. */
static void prune_locks(pruning *p)
{
	g_autofree char *dir = store_path(p->store, "locks");
	g_autoptr(GPtrArray) locks = entries(dir);

	for (guint i = 0; i < locks->len; i++) {
		const char *path = locks->pdata[i];
		/* A .use tells when its tree was used last. */
		if (g_str_has_suffix(path, ".use") ||
			g_str_has_suffix(path, "/users.lock") ||
			mtime_of(path) >= p->limit)
			continue;
		lockfile_remove(lockfile_try(path, FALSE, NULL));
	}
}

static lockfile *lock_users(store *s)
{
	g_autofree char *path = store_path(s, "locks", "users.lock");

	return lockfile_try(path, FALSE, NULL);
}

void store_prune(store *s, const store_prune_options *options, store_pruned *result)
{
	g_autoptr(lockfile) alone = lock_users(s);
	pruning p = {.store = s,
		.result = result,
		.limit = time(NULL) - (time_t)options->max_age,
		.alone = alone && lockfile_excludes(alone),
		.dry_run = options->dry_run};
	g_autofree char *bad = store_path(s, "bad");
	g_autoptr(GPtrArray) failed = entries(bad);

	*result = (store_pruned){0};
	for (guint i = 0; i < failed->len; i++)
		drop(&p, failed->pdata[i]);
	prune_parts(&p);
	prune_blobs(&p, options->ci);
	prune_trees(&p);
	prune_ccache(&p);
	if (!p.dry_run)
		prune_locks(&p);
}

/* ---- clean ---- */

static gboolean is_version(const char *name)
{
	return name[0] == 'v' && name[1] &&
	       strspn(name + 1, "0123456789") == strlen(name + 1);
}

/* The folder with the lock that is held goes last: else another process would
 * make a new lock and fill what is being emptied. */
static gboolean clean_version(const char *dir, GError **err)
{
	g_autoptr(GPtrArray) all = entries(dir);

	for (guint i = 0; i < all->len; i++) {
		if (g_str_has_suffix(all->pdata[i], "/locks"))
			continue;
		if (!fs_remove_tree(all->pdata[i], err))
			return FALSE;
	}
	return fs_remove_tree(dir, err);
}

gboolean store_clean(store *s, store_pruned *result, GError **err)
{
	g_autofree char *path = store_path(s, "locks", "users.lock");
	g_autofree char *tag = g_build_filename(s->root, "CACHEDIR.TAG", NULL);
	g_autoptr(lockfile) alone =
		lockfile_acquire(path, FALSE, "it uses the cache", err);
	g_autoptr(GPtrArray) all = NULL;

	*result = (store_pruned){0};
	if (!alone)
		return FALSE;
	g_autoptr(GPtrArray) rows = store_usage(s);
	for (guint i = 0; i < rows->len; i++) {
		const store_usage_row *r = rows->pdata[i];
		if (r->detail)
			continue;
		result->count += r->count;
		result->bytes += r->bytes;
	}
	all = entries(s->root);
	for (guint i = 0; i < all->len; i++) {
		g_autofree char *name = g_path_get_basename(all->pdata[i]);
		if (is_version(name) && !clean_version(all->pdata[i], err))
			return FALSE;
	}
	unlink(tag);
	return TRUE;
}
