/* Whole trees: removing and copying. Both work relative to folder descriptors
 * and never follow a link, so a hostile tree cannot lead them elsewhere. */
#include "base/error.h"
#include "base/fs.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Deeper folders are moved up to the top before they are emptied: a build may
 * leave more levels than there are descriptors. */
#define REMOVE_DEPTH 64

typedef struct removal {
	int top;	  /* the folder being removed */
	const char *path; /* its name, for messages */
	unsigned moved;
	GError **err;
} removal;

static gboolean is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* A listing taken whole before anything changes: readdir over a folder that is
 * being emptied may skip entries on some file systems. Takes `fd`. */
static GPtrArray *list_dir(int fd, int *why)
{
	DIR *d = fdopendir(fd);

	if (!d) {
		*why = errno;
		close(fd);
		return NULL;
	}
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	struct dirent *e;
	while ((errno = 0, e = readdir(d)))
		if (!is_dot(e->d_name))
			g_ptr_array_add(names, g_strdup(e->d_name));
	*why = errno;
	closedir(d);
	if (*why)
		g_clear_pointer(&names, g_ptr_array_unref);
	return names;
}

static int open_dir_to_empty(int parent, const char *name)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(parent, name, flags);
	struct stat st;

	if (fd < 0 && errno == EACCES &&
		fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		S_ISDIR(st.st_mode) && fchmodat(parent, name, 0700, 0) == 0)
		fd = openat(parent, name, flags);
	if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & 0700) != 0700 &&
		fchmod(fd, 0700) < 0) {
		int why = errno;
		close(fd);
		errno = why;
		return -1;
	}
	return fd;
}

static gboolean remove_entry(removal *r, int parent, const char *name, int depth);

static gboolean empty_dir(removal *r, int fd, int depth)
{
	int why;
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	g_autoptr(GPtrArray) names = copy < 0 ? NULL : list_dir(copy, &why);

	if (!names)
		return fs_fail(
			r->err, copy < 0 ? errno : why, "list folder in", r->path, 0);
	for (guint i = 0; i < names->len; i++)
		if (!remove_entry(r, fd, names->pdata[i], depth))
			return FALSE;
	return TRUE;
}

static gboolean remove_entry(removal *r, int parent, const char *name, int depth)
{
	if (unlinkat(parent, name, 0) == 0 || errno == ENOENT)
		return TRUE;
	if (errno != EISDIR && errno != EPERM && errno != EACCES)
		return fs_fail(r->err, errno, "remove", r->path, 0);
	int why = errno;
	int fd = open_dir_to_empty(parent, name);
	if (fd < 0)
		return fs_fail(
			r->err, errno == ENOTDIR ? why : errno, "remove", r->path, 0);
	gboolean ok;
	if (depth >= REMOVE_DEPTH) {
		close(fd);
		char moved[64];
		g_snprintf(moved, sizeof moved, ".deep-%d-%u", (int)getpid(), r->moved++);
		if (renameat(parent, name, r->top, moved) < 0)
			return fs_fail(r->err, errno, "remove", r->path, 0);
		return TRUE; /* the pass over the top finds it again */
	}
	ok = empty_dir(r, fd, depth + 1);
	close(fd);
	if (ok && unlinkat(parent, name, AT_REMOVEDIR) < 0 && errno != ENOENT)
		ok = fs_fail(r->err, errno, "remove", r->path, 0);
	return ok;
}

gboolean fs_remove_tree(const char *path, GError **err)
{
	removal r = {.path = path, .err = err};

	if (unlink(path) == 0 || errno == ENOENT || errno == ENOTDIR)
		return TRUE;
	if (errno != EISDIR && errno != EPERM && errno != EACCES)
		return fs_fail(err, errno, "remove", path, 0);
	int why = errno;
	r.top = open_dir_to_empty(AT_FDCWD, path);
	if (r.top < 0)
		return errno == ENOENT ? TRUE
				       : fs_fail(err, errno == ENOTDIR ? why : errno,
						 "remove", path, 0);
	gboolean ok;
	unsigned before;
	do { /* again while folders were moved up */
		before = r.moved;
		ok = empty_dir(&r, r.top, 0);
	} while (ok && r.moved != before);
	close(r.top);
	if (ok && rmdir(path) < 0 && errno != ENOENT)
		ok = fs_fail(err, errno, "remove", path, 0);
	return ok;
}

typedef struct copying {
	fs_copy_flags flags;
	GError **err;
} copying;

static gboolean copy_bytes(int in, int out, const char *to, guint64 size, GError **err)
{
	if (ioctl(out, FICLONE, in) == 0)
		return TRUE;
	for (;;) {
		ssize_t n = copy_file_range(in, NULL, out, NULL, 1 << 30, 0);
		if (n == 0)
			return TRUE;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO))
			return fs_fail(err, errno, "write", to, size);
		if (n < 0)
			break; /* not between these two: by hand from here */
	}
	g_autofree char *buffer = g_malloc(1 << 17);
	for (;;) {
		ssize_t n = read(in, buffer, 1 << 17);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fs_fail(err, errno, "read the source of", to, 0);
		if (n == 0)
			return TRUE;
		if (!fs_write_all(out, buffer, (gsize)n, to, err))
			return FALSE;
	}
}

static gboolean copy_file(const copying *c, int from, const char *name, int to,
	const char *to_name, const struct stat *st, const char *shown)
{
	if (c->flags & FS_HARDLINK) {
		for (int tries = 0; tries < 2; tries++) {
			if (linkat(from, name, to, to_name, 0) == 0)
				return TRUE;
			if (errno != EEXIST)
				break;
			unlinkat(to, to_name, 0);
		}
		/* EXDEV, EMLINK, EPERM (protected_hardlinks): a copy will do. */
	}
	int in = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (in < 0)
		return fs_fail(c->err, errno, "read", shown, 0);
	unlinkat(to, to_name, 0);
	int out = openat(
		to, to_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0) {
		int why = errno;
		close(in);
		return fs_fail(c->err, why, "write", shown, (guint64)st->st_size);
	}
	gboolean ok = copy_bytes(in, out, shown, (guint64)st->st_size, c->err);
	struct timespec times[2] = {st->st_atim, st->st_mtim};
	if (ok && (fchmod(out, st->st_mode & 07777) < 0 || futimens(out, times) < 0))
		ok = fs_fail(c->err, errno, "set mode or time of", shown, 0);
	close(in);
	if (close(out) < 0 && ok)
		ok = fs_fail(c->err, errno, "close", shown, 0);
	if (!ok)
		unlinkat(to, to_name, 0);
	return ok;
}

static gboolean copy_link(const copying *c, int from, const char *name, int to,
	const char *to_name, const struct stat *st, const char *shown)
{
	char target[4096];
	ssize_t n = readlinkat(from, name, target, sizeof target - 1);

	if (n < 0)
		return fs_fail(c->err, errno, "read link", shown, 0);
	target[n] = '\0';
	if (symlinkat(target, to, to_name) < 0) {
		if (errno != EEXIST || unlinkat(to, to_name, 0) < 0 ||
			symlinkat(target, to, to_name) < 0)
			return fs_fail(c->err, errno, "make link", shown, 0);
	}
	struct timespec times[2] = {st->st_atim, st->st_mtim};
	utimensat(to, to_name, times, AT_SYMLINK_NOFOLLOW);
	return TRUE;
}

static gboolean copy_entry(const copying *c, int from, const char *name, int to,
	const char *to_name, const char *shown);

static gboolean copy_dir(const copying *c, int from, const char *name, int to,
	const char *to_name, const struct stat *st, const char *shown)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int why = 0;
	gboolean ok = FALSE;

	if (mkdirat(to, to_name, 0700) < 0 && errno != EEXIST)
		return fs_fail(c->err, errno, "make folder", shown, 0);
	int in = openat(from, name, flags);
	int out = openat(to, to_name, flags);
	int listing = in < 0 ? -1 : openat(in, ".", flags);
	if (in < 0 || out < 0 || listing < 0) {
		fs_fail(c->err, errno, "open folder", shown, 0);
	} else {
		g_autoptr(GPtrArray) names = list_dir(listing, &why);
		ok = names != NULL;
		if (!ok)
			fs_fail(c->err, why, "list folder", shown, 0);
		for (guint i = 0; ok && i < names->len; i++) {
			const char *n = names->pdata[i];
			g_autofree char *below = g_build_filename(shown, n, NULL);
			ok = copy_entry(c, in, n, out, n, below);
		}
		struct timespec times[2] = {st->st_atim, st->st_mtim};
		if (ok && (fchmod(out, st->st_mode & 07777) < 0 ||
				  futimens(out, times) < 0))
			ok = fs_fail(c->err, errno, "set mode or time of", shown, 0);
	}
	if (in >= 0)
		close(in);
	if (out >= 0)
		close(out);
	return ok;
}

static gboolean copy_entry(const copying *c, int from, const char *name, int to,
	const char *to_name, const char *shown)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fs_fail(c->err, errno, "copy to", shown, 0);
	if (S_ISREG(st.st_mode))
		return copy_file(c, from, name, to, to_name, &st, shown);
	if (S_ISLNK(st.st_mode))
		return copy_link(c, from, name, to, to_name, &st, shown);
	if (S_ISDIR(st.st_mode))
		return copy_dir(c, from, name, to, to_name, &st, shown);
	g_autofree char *escaped = text_escape(shown, -1);
	return error_set(c->err, EXIT_HOST, "X0820",
		"cannot copy %s: neither file, folder nor link", escaped);
}

gboolean fs_copy_tree(const char *from, const char *to, fs_copy_flags flags, GError **err)
{
	copying c = {.flags = flags, .err = err};

	return copy_entry(&c, AT_FDCWD, from, AT_FDCWD, to, to);
}

guint64 fs_tree_bytes(const char *path)
{
	struct stat st;
	guint64 sum = 0;
	const char *name;

	if (lstat(path, &st) < 0)
		return 0;
	if (!S_ISDIR(st.st_mode))
		return (guint64)st.st_size;
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *inner = g_build_filename(path, name, NULL);
		sum += fs_tree_bytes(inner);
	}
	return sum;
}
