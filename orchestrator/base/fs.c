#include "base/fs.h"
#include "base/error.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static gboolean no_space(GError **err, const char *doing, const char *path,
	guint64 needed, guint64 available)
{
	g_autofree char *shown = text_escape(path, -1);
	error_set(err, EXIT_HOST, "X0821", "cannot %s %s: no space left on the device",
		doing, shown);
	if (needed)
		error_line(err, "needed: %'" G_GUINT64_FORMAT " bytes", needed);
	error_line(err, "free:   %'" G_GUINT64_FORMAT " bytes", available);
	error_help(err, "make room there, run `xorch cache prune`, or move the cache "
			"with XORCH_CACHE_DIR");
	return FALSE;
}

gboolean fs_fail(GError **err, int errno_value, const char *doing, const char *path,
	guint64 needed)
{
	if (errno_value == ENOSPC || errno_value == EDQUOT) {
		guint64 available = 0;
		fs_free_space(path, &available, NULL);
		return no_space(err, doing, path, needed, available);
	}
	g_autofree char *shown = text_escape(path, -1);
	return error_set_errno(
		err, EXIT_HOST, "X0820", errno_value, "cannot %s %s", doing, shown);
}

gboolean fs_mkdir_p(const char *path, mode_t mode, GError **err)
{
	g_autofree char *p = g_strdup(path);
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return TRUE; /* as nearly always */
	for (char *slash = p + 1;; slash++) {
		if (*slash != '/' && *slash)
			continue;
		char kept = *slash;
		*slash = '\0';
		if (mkdir(p, mode) < 0) {
			int why = errno;
			/* EROFS and EACCES come before EEXIST on some systems. */
			if (stat(p, &st) < 0)
				return fs_fail(err, why, "make folder", p, 0);
			if (!S_ISDIR(st.st_mode))
				return fs_fail(err, ENOTDIR, "make folder", p, 0);
		}
		*slash = kept;
		if (!kept)
			return TRUE;
	}
}

GBytes *fs_read(const char *path, gsize max, GError **err)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		fs_fail(err, errno, "read", path, 0);
		return NULL;
	}
	g_autofree char *shown = text_escape(path, -1);
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		error_set(err, EXIT_HOST, "X0820", "cannot read %s: %s", shown,
			S_ISDIR(st.st_mode) ? "it is a folder" : "not a regular file");
		close(fd);
		return NULL;
	}
	/* The size is only a hint: files of /proc say 0, others may grow. */
	g_autoptr(GByteArray) bytes =
		g_byte_array_sized_new((guint)CLAMP(st.st_size + 1, 4096, 1 << 30));
	gsize used = 0;
	for (;;) {
		if (bytes->len < used + 65536)
			g_byte_array_set_size(bytes, MAX(used + 65536, st.st_size + 1));
		ssize_t n = read(fd, bytes->data + used, bytes->len - used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			fs_fail(err, errno, "read", path, 0);
			close(fd);
			return NULL;
		}
		used += (gsize)n;
		if (used > max) {
			error_set(err, EXIT_HOST, "X0820",
				"cannot read %s: larger than %" G_GSIZE_FORMAT " bytes",
				shown, max);
			close(fd);
			return NULL;
		}
		if (n == 0)
			break;
	}
	close(fd);
	g_byte_array_set_size(bytes, used);
	return g_byte_array_free_to_bytes(g_steal_pointer(&bytes));
}

gboolean fs_write_all(
	int fd, const void *data, gsize size, const char *path, GError **err)
{
	const char *p = data;
	gsize left = size;

	while (left) {
		ssize_t n = write(fd, p, MIN(left, 1 << 30));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fs_fail(err, errno, "write", path, left);
		p += n;
		left -= (gsize)n;
	}
	return TRUE;
}

gboolean fs_sync(int fd, const char *path, GError **err)
{
	/* EINVAL, EROFS: not a file that can be synced (a pipe, /dev/full). */
	if (fsync(fd) < 0 && errno != EINVAL && errno != EROFS)
		return fs_fail(err, errno, "sync", path, 0);
	return TRUE;
}

gboolean fs_sync_dir(const char *path, GError **err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fs_fail(err, errno, "open folder", path, 0);
	gboolean ok = fs_sync(fd, path, err);
	close(fd);
	return ok;
}

gboolean fs_rename_durable(const char *from, const char *to, GError **err)
{
	g_autofree char *from_dir = g_path_get_dirname(from);
	g_autofree char *to_dir = g_path_get_dirname(to);

	if (rename(from, to) < 0)
		return fs_fail(err, errno, "put in place", to, 0);
	return fs_sync_dir(to_dir, err) &&
	       (strcmp(from_dir, to_dir) == 0 || fs_sync_dir(from_dir, err));
}

/* Takes `fd`, which is open on `temp`. owner: whose the file becomes, or NULL. */
static gboolean finish_atomic(int fd, const char *temp, const char *path,
	const void *data, gsize size, mode_t mode, const struct stat *owner, GError **err)
{
	gboolean ok = fs_write_all(fd, data, size, path, err);

	/* Before the mode, of which a change of the owner takes bits away. Who may write
	 * into the folder but not give files away becomes the owner. */
	if (ok && owner && fchown(fd, owner->st_uid, owner->st_gid) < 0)
		ok = errno == EPERM || fs_fail(err, errno, "keep the owner of", path, 0);
	if (ok && fchmod(fd, mode) < 0)
		ok = fs_fail(err, errno, "set the mode of", path, 0);
	ok = ok && fs_sync(fd, path, err);
	if (close(fd) < 0 && ok)
		ok = fs_fail(err, errno, "close", path, size);
	if (ok && rename(temp, path) < 0)
		ok = fs_fail(err, errno, "put in place", path, 0);
	if (!ok) {
		unlink(temp);
		return FALSE;
	}
	g_autofree char *dir = g_path_get_dirname(path);
	return fs_sync_dir(dir, err);
}

#define NEW_FILE (O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC)

gboolean fs_write_atomic_by(const char *temp, const char *path, const void *data,
	gsize size, mode_t mode, GError **err)
{
	int fd = open(temp, NEW_FILE, 0600);

	if (fd < 0)
		return fs_fail(err, errno, "write", temp, size);
	return finish_atomic(fd, temp, path, data, size, mode, NULL, err);
}

static gboolean write_atomic(const char *path, const void *data, gsize size, mode_t mode,
	const struct stat *owner, GError **err)
{
	g_autofree char *dir = g_path_get_dirname(path);
	g_autofree char *base = g_path_get_basename(path);

	for (int tries = 0;; tries++) {
		/* A long name keeps room for the suffix (NAME_MAX is 255). */
		g_autofree char *temp =
			g_strdup_printf("%s/.%.200s.%08x.tmp", dir, base, g_random_int());
		int fd = open(temp, NEW_FILE, 0600);
		if (fd >= 0)
			return finish_atomic(
				fd, temp, path, data, size, mode, owner, err);
		if (errno != EEXIST || tries > 100)
			return fs_fail(err, errno, "write", path, size);
	}
}

gboolean fs_write_atomic(
	const char *path, const void *data, gsize size, mode_t mode, GError **err)
{
	return write_atomic(path, data, size, mode, NULL, err);
}

gboolean fs_rewrite(const char *path, const void *data, gsize size, GError **err)
{
	char *real = realpath(path, NULL); /* free(), not g_free() */
	struct stat st;
	gboolean ok;

	if (!real || stat(real, &st) < 0)
		ok = fs_fail(err, errno, "write", path, size);
	else if (!S_ISREG(st.st_mode))
		ok = fs_fail(err, EINVAL, "write", path, size);
	else
		ok = write_atomic(real, data, size, st.st_mode & 07777, &st, err);
	free(real);
	return ok;
}

gboolean fs_free_space(const char *path, guint64 *bytes, GError **err)
{
	const char *pretend = g_getenv("XORCH_TEST_FREE_SPACE_FILE");
	g_autofree char *text = NULL;
	g_autofree char *at = g_strdup(path);
	struct statvfs st;

	if (pretend && g_file_get_contents(pretend, &text, NULL, NULL)) {
		*bytes = g_ascii_strtoull(text, NULL, 10);
		return TRUE;
	}
	while (statvfs(at, &st) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return fs_fail(err, errno, "ask for free space at", path, 0);
		char *up = g_path_get_dirname(at);
		if (strcmp(up, at) == 0) {
			g_free(up);
			return fs_fail(err, ENOENT, "ask for free space at", path, 0);
		}
		g_free(at);
		at = up;
	}
	*bytes = (guint64)st.f_bavail * st.f_frsize;
	return TRUE;
}

gboolean fs_need_space(const char *path, guint64 needed, GError **err)
{
	guint64 available;

	if (!fs_free_space(path, &available, err))
		return FALSE;
	if (available < needed)
		return no_space(err, "write to", path, needed, available);
	return TRUE;
}

int fs_memory(const char *name, GError **err)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	if (fd < 0)
		fs_fail(err, errno, "make", "a file in memory", 0);
	return fd;
}

GBytes *fs_memory_bytes(int fd, gboolean ok, GError **err)
{
	g_autoptr(GMappedFile) map =
		ok ? g_mapped_file_new_from_fd(fd, FALSE, NULL) : NULL;

	if (ok && !map)
		fs_fail(err, EIO, "read", "a file in memory", 0);
	close(fd);
	return map ? g_mapped_file_get_bytes(map) : NULL;
}
