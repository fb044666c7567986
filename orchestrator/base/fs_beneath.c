/* Opening and resolving below a folder without ever leaving it. */
#include "base/error.h"
#include "base/fs.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as the kernel's own limit */

static int try_openat2(int dirfd, const char *rel, int flags, mode_t mode)
{
	struct open_how how = {
		.flags = (guint64)flags,
		.mode = flags & (O_CREAT | O_TMPFILE) ? mode : 0,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
	};

	for (;;) {
		long fd = syscall(SYS_openat2, dirfd, rel, &how, sizeof how);
		/* EAGAIN: something was renamed at the same time. */
		if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
			return (int)fd;
	}
}

/* Older kernels say ENOSYS, some containers' seccomp filters EPERM. Asked with
 * a call that cannot fail for another reason. */
static gboolean have_openat2(void)
{
	static gsize once;
	static gboolean have;

	if (g_once_init_enter(&once)) {
		int fd = try_openat2(AT_FDCWD, ".", O_PATH | O_CLOEXEC, 0);
		have = fd >= 0 && !g_getenv("XORCH_TEST_NO_OPENAT2");
		if (fd >= 0)
			close(fd);
		g_once_init_leave(&once, 1);
	}
	return have;
}

static gboolean leads_out(GError **err, const char *rel)
{
	g_autofree char *shown = text_escape(rel, -1);

	return error_set(
		err, EXIT_INPUT, "X0822", "the path %s leads out of its folder", shown);
}

/* `rel` as components without links, "." or ".."; with `last_link` a link as
 * the last component is left as it is, with `last_missing` that may be absent. */
static GPtrArray *resolve(int dirfd, const char *rel, gboolean last_link,
	gboolean last_missing, GError **err)
{
	g_autoptr(GPtrArray) done = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GQueue) todo = g_queue_new();
	int links = 0;
	char target[4096];

	g_autoptr(GPtrArray) owned = g_ptr_array_new_with_free_func((void *)g_strfreev);
	char **parts = g_strsplit(rel, "/", -1);
	g_ptr_array_add(owned, parts);
	if (rel[0] == '/' || !rel[0]) {
		leads_out(err, rel);
		return NULL;
	}
	for (char **p = parts; *p; p++)
		g_queue_push_tail(todo, *p);
	while (!g_queue_is_empty(todo)) {
		const char *part = g_queue_pop_head(todo);
		if (!part[0] || strcmp(part, ".") == 0)
			continue;
		if (strcmp(part, "..") == 0) {
			if (done->len == 0) {
				leads_out(err, rel);
				return NULL;
			}
			g_ptr_array_set_size(done, (int)done->len - 1);
			continue;
		}
		g_ptr_array_add(done, g_strdup(part));
		g_ptr_array_add(done, NULL);
		g_autofree char *so_far = g_strjoinv("/", (char **)done->pdata);
		g_ptr_array_set_size(done, (int)done->len - 1);
		ssize_t n = readlinkat(dirfd, so_far, target, sizeof target - 1);
		gboolean last = g_queue_is_empty(todo);
		if (n < 0 && errno == EINVAL) /* there, and no link */
			continue;
		if (n < 0) {
			if (errno == ENOENT && last && last_missing)
				continue;
			fs_fail(err, errno, "open", rel, 0);
			return NULL;
		}
		if (last && last_link)
			continue;
		target[n] = '\0';
		if (target[0] == '/' || ++links > MAX_LINKS) {
			leads_out(err, rel);
			return NULL;
		}
		g_ptr_array_set_size(done, (int)done->len - 1);
		char **more = g_strsplit(target, "/", -1);
		g_ptr_array_add(owned, more);
		for (guint i = g_strv_length(more); i-- > 0;)
			g_queue_push_head(todo, more[i]);
	}
	return g_steal_pointer(&done);
}

/* Each component is opened with O_NOFOLLOW, so a link put there after the
 * resolution makes the walk fail and not stray. */
static int walk(int dirfd, const GPtrArray *parts, int flags, mode_t mode)
{
	int at = dirfd;

	for (guint i = 0; i + 1 < parts->len; i++) {
		int next = openat(at, parts->pdata[i],
			O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int why = errno;
		if (at != dirfd)
			close(at);
		if (next < 0) {
			errno = why;
			return -1;
		}
		at = next;
	}
	const char *last = parts->len ? parts->pdata[parts->len - 1] : ".";
	int fd = openat(at, last, flags | O_NOFOLLOW, mode);
	int why = errno;
	if (at != dirfd)
		close(at);
	errno = why;
	return fd;
}

int fs_open_beneath(int dirfd, const char *rel, int flags, mode_t mode, GError **err)
{
	int fd;

	flags |= O_CLOEXEC;
	if (have_openat2()) {
		fd = try_openat2(dirfd, rel, flags, mode);
		if (fd >= 0)
			return fd;
		if (errno == EXDEV || (errno == ELOOP && !(flags & O_NOFOLLOW)))
			leads_out(err, rel);
		else
			fs_fail(err, errno, "open", rel, 0);
		return -1;
	}
	g_autoptr(GPtrArray) parts = resolve(
		dirfd, rel, (flags & O_NOFOLLOW) != 0, (flags & O_CREAT) != 0, err);
	if (!parts)
		return -1;
	fd = walk(dirfd, parts, flags, mode);
	if (fd < 0)
		fs_fail(err, errno, "open", rel, 0);
	return fd;
}

char *fs_resolve_beneath(const char *root, const char *rel, GError **err)
{
	int dirfd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (dirfd < 0) {
		fs_fail(err, errno, "open folder", root, 0);
		return NULL;
	}
	g_autoptr(GPtrArray) parts = resolve(dirfd, rel, FALSE, FALSE, err);
	close(dirfd);
	if (!parts)
		return NULL;
	g_ptr_array_add(parts, NULL);
	g_autofree char *below = g_strjoinv("/", (char **)parts->pdata);
	return below[0] ? g_build_filename(root, below, NULL) : g_strdup(root);
}

gboolean fs_is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);

	return strncmp(path, folder, n) == 0 && (path[n] == '/' || !path[n]);
}
