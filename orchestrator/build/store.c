#include "base/error.h"
#include "base/event.h"
#include "base/fs.h"
#include "build/store_private.h"
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char cachedir_tag[] =
	"Signature: 8a477f597d28d172789f06886806bc55\n"
	"# This folder is xorch's cache: it can be made again, backups may skip it.\n";

char *store_default_dir(void)
{
	const char *dir = g_getenv("XORCH_CACHE_DIR");
	const char *xdg = g_getenv("XDG_CACHE_HOME");
	const char *home = g_getenv("HOME");

	if (dir && dir[0])
		return g_canonicalize_filename(dir, NULL);
	/* The XDG specification: relative paths are to be ignored. */
	if (xdg && xdg[0] == '/')
		return g_build_filename(xdg, "xorch", NULL);
	if (!home || home[0] != '/') {
		struct passwd *pw = getpwuid(geteuid());
		home = pw ? pw->pw_dir : "/";
	}
	return g_build_filename(home, ".cache", "xorch", NULL);
}

static gboolean check_owner(const char *path, GError **err)
{
	struct stat st;
	g_autofree char *shown = text_escape(path, -1);

	if (stat(path, &st) < 0)
		return fs_fail(err, errno, "use the cache folder", path, 0);
	if (!S_ISDIR(st.st_mode))
		return fs_fail(err, ENOTDIR, "use the cache folder", path, 0);
	if (st.st_uid != geteuid() && st.st_uid != 0) {
		error_set(err, EXIT_HOST, "X0824",
			"the cache folder %s belongs to another user (uid %u, you are "
			"%u)",
			shown, (unsigned)st.st_uid, (unsigned)geteuid());
		error_help(err, "take another folder: XORCH_CACHE_DIR or --cache-dir");
		return FALSE;
	}
	if (st.st_mode & S_IWOTH) {
		error_set(err, EXIT_HOST, "X0824",
			"everybody may write to the cache folder %s (mode %04o)", shown,
			(unsigned)st.st_mode & 07777);
		error_note(err, "programs are run from it, so anybody on this machine "
				"could put one there");
		error_help(err, "chmod o-w %s", shown);
		return FALSE;
	}
	return TRUE;
}

static gboolean make_layout(const char *root, const char *dir, GError **err)
{
	static const char *const parts[] = {
		"blobs", "parts", "trees", "records", "bad", "tmp", "locks"};
	g_autofree char *tag = g_build_filename(root, "CACHEDIR.TAG", NULL);

	for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
		g_autofree char *path = g_build_filename(dir, parts[i], NULL);
		if (!fs_mkdir_p(path, 0755, err))
			return FALSE;
	}
	if (access(tag, F_OK) == 0)
		return TRUE;
	return fs_write_atomic(tag, cachedir_tag, sizeof cachedir_tag - 1, 0644, err);
}

static gboolean is_writable(const char *dir)
{
	g_autofree char *tmp = g_build_filename(dir, "tmp", NULL);

	return access(tmp, F_OK) == 0 ? access(tmp, W_OK) == 0 : access(dir, W_OK) == 0;
}

/* Where new things go when the cache itself is read-only (D03): the user's own
 * cache, or a folder below TMPDIR when that is the read-only one. */
static char *second_layer(const char *root)
{
	const char *home = g_getenv("HOME");
	const char *xdg = g_getenv("XDG_CACHE_HOME");
	g_autofree char *mine = NULL;

	if (xdg && xdg[0] == '/')
		mine = g_build_filename(xdg, "xorch", NULL);
	else if (home && home[0] == '/')
		mine = g_build_filename(home, ".cache", "xorch", NULL);
	if (mine && strcmp(mine, root) != 0 && fs_mkdir_p(mine, 0755, NULL) &&
		is_writable(mine))
		return g_steal_pointer(&mine);
	return g_strdup_printf("%s/xorch-%u", g_get_tmp_dir(), (unsigned)geteuid());
}

static gboolean open_layer(const char *root, char **v1, GError **err)
{
	*v1 = g_build_filename(root, "v1", NULL);
	/* The owner is looked at before anything is put there. */
	return fs_mkdir_p(root, 0755, err) && check_owner(root, err) &&
	       fs_mkdir_p(*v1, 0755, err) && check_owner(*v1, err) &&
	       make_layout(root, *v1, err);
}

store *store_open(const char *dir, GError **err)
{
	g_autofree char *root =
		dir ? g_canonicalize_filename(dir, NULL) : store_default_dir();
	g_autofree char *v1 = g_build_filename(root, "v1", NULL);
	g_autofree char *lower = NULL;

	if (g_file_test(v1, G_FILE_TEST_IS_DIR) && !is_writable(v1)) {
		if (!check_owner(root, err) || !check_owner(v1, err))
			return NULL;
		lower = g_steal_pointer(&v1);
		g_autofree char *read_only = g_steal_pointer(&root);
		root = second_layer(read_only);
		event_log(EVENT_NOTE, NULL,
			"the cache %s is read-only: it is used as it is, new things go "
			"to %s",
			read_only, root);
	}
	g_clear_pointer(&v1, g_free);
	if (!open_layer(root, &v1, err))
		return NULL;
	store *s = g_new0(store, 1);
	s->root = g_steal_pointer(&root);
	s->dir = g_steal_pointer(&v1);
	s->lower = g_steal_pointer(&lower);
	g_mutex_init(&s->mutex);
	s->in_use = g_hash_table_new_full(
		g_str_hash, g_str_equal, g_free, (GDestroyNotify)lockfile_release);
	s->verified = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	store_sweep_temp(s->dir);
	return s;
}

void store_free(store *s)
{
	if (!s)
		return;
	if (s->temp)
		fs_remove_tree(s->temp, NULL);
	lockfile_remove(s->temp_lock);
	g_hash_table_unref(s->in_use);
	g_hash_table_unref(s->verified);
	lockfile_release(s->users);
	g_mutex_clear(&s->mutex);
	g_free(s->temp);
	g_free(s->root);
	g_free(s->dir);
	g_free(s->lower);
	g_free(s);
}

void store_verify_on_use(store *s)
{
	s->verify_on_use = TRUE;
}

const char *store_root(const store *s)
{
	return s->root;
}

const char *store_dir(const store *s)
{
	return s->dir;
}

gboolean store_name_check(const char *name, GError **err)
{
	gsize len = strlen(name);

	if (len && len <= 200 && name[0] != '.' &&
		strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			     "0123456789._+-") == len)
		return TRUE;
	g_autofree char *shown = text_escape(name, -1);
	return error_set(
		err, EXIT_BUG, NULL, "'%s' cannot be a name in the cache", shown);
}

gboolean store_mark_used(store *s, GError **err)
{
	g_autofree char *path = store_path(s, "locks", "users.lock");

	g_mutex_lock(&s->mutex);
	gboolean have = s->users != NULL;
	g_mutex_unlock(&s->mutex);
	if (have)
		return TRUE;
	lockfile *l = lockfile_acquire(path, TRUE, "the cache is being cleaned", err);
	if (!l)
		return FALSE;
	g_mutex_lock(&s->mutex);
	if (!s->users)
		s->users = g_steal_pointer(&l);
	g_mutex_unlock(&s->mutex);
	lockfile_release(l);
	return TRUE;
}

lockfile *store_lock(
	store *s, const char *kind, const char *key, const char *what, GError **err)
{
	if (!store_name_check(kind, err) || !store_name_check(key, err))
		return NULL;
	g_autofree char *name = g_strconcat(kind, "-", key, ".lock", NULL);
	g_autofree char *path = store_path(s, "locks", name);
	return lockfile_acquire(path, FALSE, what, err);
}

lockfile *store_lock_try(store *s, const char *kind, const char *key, GError **err)
{
	if (!store_name_check(kind, err) || !store_name_check(key, err))
		return NULL;
	g_autofree char *name = g_strconcat(kind, "-", key, ".lock", NULL);
	g_autofree char *path = store_path(s, "locks", name);
	return lockfile_try(path, FALSE, err);
}

/* ---- temporary files ---- */

/* The lock comes before the folder and goes after it, so a folder whose lock is
 * free or missing belongs to nobody. */
static gboolean make_temp(store *s, GError **err)
{
	for (int tries = 0; tries < 100; tries++) {
		g_autofree char *name =
			g_strdup_printf("%d-%08x", (int)getpid(), g_random_int());
		g_autofree char *lock_name = g_strconcat(name, ".lock", NULL);
		g_autofree char *lock_path = store_path(s, "tmp", lock_name);
		g_autofree char *path = store_path(s, "tmp", name);
		GError *why = NULL;
		lockfile *l = lockfile_try(lock_path, FALSE, &why);
		if (why) {
			g_propagate_error(err, why);
			return FALSE;
		}
		if (!l)
			continue; /* a sweeper had it for a moment */
		if (mkdir(path, 0700) < 0) {
			int number = errno;
			lockfile_remove(l);
			if (number == EEXIST)
				continue;
			return fs_fail(err, number, "make folder", path, 0);
		}
		s->temp_lock = l;
		s->temp = g_steal_pointer(&path);
		return TRUE;
	}
	return fs_fail(err, EEXIST, "make a folder in", s->dir, 0);
}

char *store_temp_name(store *s, GError **err)
{
	char *path = NULL;

	g_mutex_lock(&s->mutex);
	if (s->temp || make_temp(s, err))
		path = g_strdup_printf("%s/%u", s->temp, s->temp_count++);
	g_mutex_unlock(&s->mutex);
	return path;
}

char *store_temp_dir(store *s, GError **err)
{
	g_autofree char *path = store_temp_name(s, err);

	if (!path)
		return NULL;
	if (mkdir(path, 0700) < 0) {
		fs_fail(err, errno, "make folder", path, 0);
		return NULL;
	}
	return g_steal_pointer(&path);
}

static gboolean older_than_a_day(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && st.st_mtime < time(NULL) - 86400;
}

void store_sweep_temp(const char *dir)
{
	g_autofree char *tmp = g_build_filename(dir, "tmp", NULL);
	g_autoptr(GDir) d = g_dir_open(tmp, 0, NULL);
	const char *name;

	while (d && (name = g_dir_read_name(d))) {
		g_autofree char *path = g_build_filename(tmp, name, NULL);
		if (g_str_has_suffix(name, ".lock")) {
			lockfile *l = lockfile_try(path, FALSE, NULL);
			if (!l)
				continue; /* alive */
			g_autofree char *folder = g_strndup(path, strlen(path) - 5);
			/* Without locks whoever made it may be alive: a day. */
			if (!lockfile_excludes(l) && !older_than_a_day(folder)) {
				lockfile_release(l);
				continue;
			}
			fs_remove_tree(folder, NULL);
			lockfile_remove(l);
			continue;
		}
		/* Ours have a lock; a stranger gets a day. */
		g_autofree char *lock = g_strconcat(path, ".lock", NULL);
		if (access(lock, F_OK) < 0 && older_than_a_day(path))
			fs_remove_tree(path, NULL);
	}
}
