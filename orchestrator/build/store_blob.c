/* Files by content. */
#include "base/error.h"
#include "base/event.h"
#include "base/fault.h"
#include "base/fs.h"
#include "build/store_private.h"
#include "format/digest.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

char *store_blob_path(const char *dir, const char *sha256)
{
	char head[3] = {sha256[0], sha256[1], '\0'};

	return g_build_filename(dir, "blobs", head, sha256, NULL);
}

static char *fingerprint(const struct stat *st)
{
	return g_strdup_printf("%lld %lld %lu", (long long)st->st_size,
		(long long)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec,
		(unsigned long)st->st_ino);
}

static void remember(store *s, const char *sha256, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return;
	/* The mtime tells `cache prune` when it was used last. */
	if (st.st_mtime < time(NULL) - 3600) {
		utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
		if (lstat(path, &st) < 0)
			return;
	}
	g_mutex_lock(&s->mutex);
	g_hash_table_replace(s->verified, g_strdup(sha256), fingerprint(&st));
	g_mutex_unlock(&s->mutex);
}

static gboolean known_good(store *s, const char *sha256, const struct stat *st)
{
	g_autofree char *now = fingerprint(st);

	g_mutex_lock(&s->mutex);
	const char *then = g_hash_table_lookup(s->verified, sha256);
	gboolean same = then && strcmp(then, now) == 0;
	g_mutex_unlock(&s->mutex);
	return same;
}

char *store_set_aside(store *s, const char *path, const char *name)
{
	g_autofree char *to = store_path(s, "bad", name);

	fs_remove_tree(to, NULL);
	if (rename(path, to) == 0)
		return g_steal_pointer(&to);
	fs_remove_tree(path, NULL);
	return NULL;
}

static store_blob_state damaged(
	store *s, const char *path, const char *sha256, const char *how)
{
	g_autofree char *label = store_record_get_text(s, "download", sha256);
	g_autofree char *name = g_strconcat(sha256, "-damaged", NULL);
	g_autofree char *shown = label ? text_escape(label, -1) : g_strndup(sha256, 16);
	g_autofree char *kept = store_set_aside(s, path, name);

	event_log(EVENT_WARNING, NULL,
		"the cached copy of %s is damaged (%s) and is not used%s%s", shown, how,
		kept ? "; kept as " : "", kept ? kept : "");
	return STORE_BLOB_DAMAGED;
}

static gboolean is_ours(const struct stat *st)
{
	return S_ISREG(st->st_mode) && (st->st_uid == geteuid() || st->st_uid == 0);
}

/* The read-only layer: what is wrong there is left there. */
static char *look_below(store *s, const char *hex, gint64 size)
{
	g_autofree char *at = s->lower ? store_blob_path(s->lower, hex) : NULL;
	struct stat st;

	if (!at || lstat(at, &st) < 0 || !is_ours(&st) ||
		(size >= 0 && st.st_size != size))
		return NULL;
	if (!known_good(s, hex, &st)) {
		g_autofree char *got = digest_file(at, NULL, NULL);
		if (g_strcmp0(got, hex) != 0)
			return NULL;
		g_mutex_lock(&s->mutex);
		g_hash_table_replace(s->verified, g_strdup(hex), fingerprint(&st));
		g_mutex_unlock(&s->mutex);
	}
	return g_steal_pointer(&at);
}

store_blob_state store_blob_look(store *s, const char *sha256, gint64 size, char **path)
{
	g_autofree char *hex = digest_normalise(sha256);
	struct stat st;

	if (!hex || !store_mark_used(s, NULL))
		return STORE_BLOB_ABSENT;
	g_autofree char *at = store_blob_path(s->dir, hex);
	if (lstat(at, &st) < 0 || !is_ours(&st)) {
		g_autofree char *below = look_below(s, hex, size);
		store_blob_state state = below ? STORE_BLOB_FOUND : STORE_BLOB_ABSENT;
		if (path && below)
			*path = g_steal_pointer(&below);
		return state;
	}
	if (st.st_size == 0 && strcmp(hex, EMPTY) != 0)
		return damaged(s, at, hex, "it is empty");
	if (size >= 0 && st.st_size != size)
		return damaged(s, at, hex, "it is of another size");
	if (!known_good(s, hex, &st)) {
		g_autofree char *got = digest_file(at, NULL, NULL);
		if (!got)
			return STORE_BLOB_ABSENT;
		if (strcmp(got, hex) != 0)
			return damaged(s, at, hex, "its sha256 is another");
		remember(s, hex, at);
	}
	if (path)
		*path = g_steal_pointer(&at);
	return STORE_BLOB_FOUND;
}

char *store_blob_find(store *s, const char *sha256, gint64 size)
{
	char *path = NULL;

	return store_blob_look(s, sha256, size, &path) == STORE_BLOB_FOUND ? path : NULL;
}

gboolean store_blob_take(store *s, const char *path, const char *sha256, GError **err)
{
	g_autofree char *to = store_blob_path(s->dir, sha256);
	g_autofree char *dir = g_path_get_dirname(to);

	if (!store_mark_used(s, err) || !fs_mkdir_p(dir, 0755, err))
		return FALSE;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return fs_fail(err, errno, "open", path, 0);
	gboolean ok =
		fchmod(fd, 0644) == 0 || fs_fail(err, errno, "set the mode of", path, 0);
	ok = ok && fs_sync(fd, path, err);
	close(fd);
	if (!ok)
		return FALSE;
	fault_point("rename");
	if (!fs_rename_durable(path, to, err))
		return FALSE;
	remember(s, sha256, to);
	return TRUE;
}

char *store_blob_add_bytes(store *s, const void *data, gsize size, GError **err)
{
	g_autofree char *sha256 = digest_bytes(data, size);

	if (store_blob_look(s, sha256, (gint64)size, NULL) == STORE_BLOB_FOUND)
		return g_steal_pointer(&sha256);
	if (!fs_need_space(s->dir, size, err))
		return NULL;
	g_autofree char *temp = store_temp_name(s, err);
	if (!temp)
		return NULL;
	int fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0) {
		fs_fail(err, errno, "write", temp, size);
		return NULL;
	}
	gboolean ok = fs_write_all(fd, data, size, temp, err);
	if (close(fd) < 0 && ok)
		ok = fs_fail(err, errno, "close", temp, size);
	if (ok && store_blob_take(s, temp, sha256, err))
		return g_steal_pointer(&sha256);
	unlink(temp);
	return NULL;
}

char *store_blob_add_file(store *s, const char *path, GError **err)
{
	struct stat st;

	/* Copied first and hashed after: what counts is what is kept. */
	if (stat(path, &st) == 0 && !fs_need_space(s->dir, (guint64)st.st_size, err))
		return NULL;
	g_autofree char *temp = store_temp_name(s, err);
	if (!temp || !fs_copy_tree(path, temp, FS_COPY, err))
		return NULL;
	gint64 size;
	g_autofree char *sha256 = digest_file(temp, &size, err);
	if (sha256 && (store_blob_look(s, sha256, size, NULL) == STORE_BLOB_FOUND ||
			      store_blob_take(s, temp, sha256, err))) {
		unlink(temp);
		return g_steal_pointer(&sha256);
	}
	fs_remove_tree(temp, NULL);
	return NULL;
}
