#include "ship/place.h"
#include "base/error.h"
#include "base/fault.h"
#include "base/fs.h"
#include "format/digest.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct place {
	char *folder;
	char *temp; /* NULL: the file has no name yet (O_TMPFILE) */
	int dir, fd;
	const place_beside *beside;
};

void placed_clear(placed *r)
{
	g_clear_pointer(&r->path, g_free);
	g_clear_pointer(&r->sha256, g_free);
}

/* Without O_TMPFILE (some network and overlay file systems) a hidden name has to
 * do; a crash may leave it behind, so the number is the process's. */
static gboolean open_named(place *p, GError **err)
{
	static int count;

	p->temp = g_strdup_printf(
		".xorch-%d-%d.part", (int)getpid(), g_atomic_int_add(&count, 1));
	unlinkat(p->dir, p->temp, 0);
	p->fd = openat(p->dir, p->temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	return p->fd >= 0 || fs_fail(err, errno, "write in", p->folder, 0);
}

place *place_begin(const char *folder, GError **err)
{
	g_autoptr(place) p = g_new0(place, 1);

	p->folder = g_strdup(folder);
	p->dir = p->fd = -1;
	if (!fs_mkdir_p(folder, 0777, err))
		return NULL;
	p->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->dir < 0) {
		fs_fail(err, errno, "open", folder, 0);
		return NULL;
	}
	p->fd = openat(p->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (p->fd < 0 && !open_named(p, err))
		return NULL;
	return g_steal_pointer(&p);
}

int place_fd(const place *p)
{
	return p->fd;
}

void place_with(place *p, const place_beside *beside)
{
	p->beside = beside;
}

void place_abort(place *p)
{
	if (!p)
		return;
	if (p->temp && p->dir >= 0)
		unlinkat(p->dir, p->temp, 0);
	if (p->fd >= 0)
		close(p->fd);
	if (p->dir >= 0)
		close(p->dir);
	g_free(p->temp);
	g_free(p->folder);
	g_free(p);
}

/* What already stands under the name: 0 nothing, 1 the same bytes, 2 others.
 * Anything but a regular file counts as others. */
static int compare_existing(
	const place *p, const char *name, const placed *mine, char **theirs, GError **err)
{
	struct stat st;
	gint64 size = 0;
	int fd = openat(p->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		if (fd >= 0)
			close(fd);
		*theirs = g_strdup("not a regular file");
		return 2;
	}
	*theirs = digest_fd(fd, name, &size, err);
	close(fd);
	if (!*theirs)
		return -1;
	return size == mine->size && g_str_equal(*theirs, mine->sha256) ? 1 : 2;
}

static gboolean refuse(
	const placed *mine, const char *theirs, const char *hint, GError **err)
{
	g_autofree char *base = g_path_get_basename(mine->path);

	error_set(err, EXIT_AUDIT, "X0723", "%s exists with other content", base);
	error_line(err, "there: %s%s", strlen(theirs) == DIGEST_HEX ? "sha256 " : "",
		theirs);
	error_line(err, "new:   sha256 %s", mine->sha256);
	error_note(err, "installers cache by file name: other bytes under the same name "
			"are never picked up");
	if (hint)
		error_help(err, "%s", hint);
	error_help(err, "or --replace if nobody has used the old file");
	return FALSE;
}

/* Gives the file its name; EEXIST when another process was faster. */
static int link_final(place *p, const char *name, gboolean replace)
{
	g_autofree char *self = g_strdup_printf("/proc/self/fd/%d", p->fd);

	if (!p->temp && !replace)
		return linkat(AT_FDCWD, self, p->dir, name, AT_SYMLINK_FOLLOW) == 0
			       ? 0
			       : errno;
	if (!p->temp) {
		g_autofree char *temp = g_strdup_printf(".xorch-%d.part", (int)getpid());
		unlinkat(p->dir, temp, 0);
		if (linkat(AT_FDCWD, self, p->dir, temp, AT_SYMLINK_FOLLOW) != 0)
			return errno;
		p->temp = g_steal_pointer(&temp);
	}
	if (replace ? renameat(p->dir, p->temp, p->dir, name)
		    : renameat2(p->dir, p->temp, p->dir, name, RENAME_NOREPLACE)) {
		int saved = errno;
		/* File systems without NOREPLACE: a hard link does not replace either. */
		if (replace || saved != EINVAL)
			return saved;
		if (linkat(p->dir, p->temp, p->dir, name, 0) != 0)
			return errno;
		unlinkat(p->dir, p->temp, 0);
	}
	g_clear_pointer(&p->temp, g_free);
	return 0;
}

/* Other text than a signer may have added to ours is not ours to keep: the artefact is
 * another one, or was built of other inputs. */
static gboolean write_beside(
	const place *p, const char *name, const placed *r, GError **err)
{
	const place_beside *b = p->beside;

	if (!b)
		return TRUE;
	g_autofree char *file = g_strconcat(name, b->suffix, NULL);
	g_autofree char *path = g_build_filename(p->folder, file, NULL);
	g_autofree char *text = b->text(name, r->sha256, b->data);
	g_autofree char *there = NULL;
	if (g_file_get_contents(path, &there, NULL, NULL) && strstr(there, text))
		return TRUE;
	return fs_write_atomic(path, text, strlen(text), 0644, err);
}

static gboolean publish(place *p, const char *name, gboolean replace, const char *hint,
	placed *r, GError **err)
{
	for (int attempt = 0;; attempt++) {
		g_autofree char *theirs = NULL;
		int found = compare_existing(p, name, r, &theirs, err);
		if (found < 0)
			return FALSE;
		if (found == 2 && !replace)
			return refuse(r, theirs, hint, err);
		if (!write_beside(p, name, r, err))
			return FALSE;
		if (found == 1) {
			r->existed = TRUE;
			return TRUE;
		}
		fault_point("rename");
		int failed = link_final(p, name, replace);
		if (!failed)
			return fsync(p->dir) == 0 ||
			       fs_fail(err, errno, "write in", p->folder, 0);
		if (failed != EEXIST || attempt)
			return fs_fail(err, failed, "write", r->path, 0);
	}
}

gboolean place_commit(place *consumed, const char *name, mode_t mode, gboolean replace,
	const char *hint, placed *r, GError **err)
{
	g_autoptr(place) p = consumed;

	*r = (placed){.path = g_build_filename(p->folder, name, NULL)};
	if (lseek(p->fd, 0, SEEK_SET) != 0 ||
		!(r->sha256 = digest_fd(p->fd, r->path, &r->size, err)) ||
		(fchmod(p->fd, mode) != 0 && !fs_fail(err, errno, "write", r->path, 0)) ||
		!fs_sync(p->fd, r->path, err) ||
		!publish(p, name, replace, hint, r, err)) {
		placed_clear(r);
		return FALSE;
	}
	return TRUE;
}
