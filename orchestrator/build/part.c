#include "build/part.h"
#include "base/error.h"
#include "base/fs.h"
#include "format/digest.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct part {
	int fd;
	char *path, *from;
	gint64 size;
	gboolean resumable;
};

/* Opens and locks; -1 with *why EWOULDBLOCK when another process has it. The name may
 * have gone to the finished file between the two. */
static int open_locked(const char *path, int *why)
{
	struct stat mine, now;

	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
		*why = errno;
		if (fd < 0)
			return -1;
		gboolean locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
		/* No locks here at all: this name is nobody's. */
		if (!locked && errno != EWOULDBLOCK && fstat(fd, &mine) == 0 &&
			!mine.st_size)
			unlink(path);
		*why = locked ? 0 : EWOULDBLOCK;
		if (locked && (fstat(fd, &mine) < 0 || !S_ISREG(mine.st_mode)))
			*why = EINVAL;
		if (locked && !*why && lstat(path, &now) == 0 &&
			mine.st_ino == now.st_ino && mine.st_dev == now.st_dev)
			return fd;
		close(fd);
		if (*why)
			return -1;
	}
}

part *part_open(store *s, const char *sha256, GError **err)
{
	g_autofree char *name = g_strconcat(sha256, ".part", NULL);
	g_autofree char *path = g_build_filename(store_dir(s), "parts", name, NULL);
	struct stat st;
	int why;
	int fd = open_locked(path, &why);

	if (fd < 0 && why == EWOULDBLOCK) {
		g_autofree char *own = store_temp_name(s, err);
		if (!own)
			return NULL;
		g_free(path);
		path = g_strconcat(own, ".part", NULL);
		fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		why = errno;
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		fs_fail(err, why, "write", path, 0);
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	part *p = g_new0(part, 1);
	p->fd = fd;
	p->size = st.st_size;
	p->from = g_strdup_printf("%.*sfrom", (int)strlen(path) - 4, path);
	p->path = g_steal_pointer(&path);
	lseek(fd, 0, SEEK_END);
	return p;
}

void part_free(part *p)
{
	if (!p)
		return;
	close(p->fd);
	g_free(p->path);
	g_free(p->from);
	g_free(p);
}

const char *part_path(const part *p)
{
	return p->path;
}

gint64 part_size(const part *p)
{
	return p->size;
}

gboolean part_resumable(const part *p)
{
	return p->resumable;
}

gboolean part_truncate(part *p, GError **err)
{
	unlink(p->from);
	p->resumable = FALSE;
	p->size = 0;
	if (ftruncate(p->fd, 0) < 0 || lseek(p->fd, 0, SEEK_SET) < 0)
		return fs_fail(err, errno, "write", p->path, 0);
	return TRUE;
}

void part_remove(part *p)
{
	unlink(p->from);
	unlink(p->path);
	p->resumable = FALSE;
}

/* The file holds two lines: sha256 of the URL, validator. */
static char *validator(const part *p, const char *url)
{
	g_autofree char *text = NULL;
	g_autofree char *hex = digest_bytes(url, strlen(url));

	if (!g_file_get_contents(p->from, &text, NULL, NULL))
		return NULL;
	g_auto(GStrv) lines = g_strsplit(text, "\n", 3);
	if (g_strv_length(lines) < 3 || strcmp(lines[0], hex) != 0 || !lines[1][0])
		return NULL;
	return g_strdup(lines[1]);
}

GStrv part_resume(part *p, const char *url, GError **err)
{
	g_autofree char *v = p->size > 0 ? validator(p, url) : NULL;

	if (!v) {
		part_truncate(p, err);
		return NULL;
	}
	p->resumable = TRUE;
	GStrv headers = g_new0(char *, 3);
	headers[0] = g_strdup_printf("Range: bytes=%" G_GINT64_FORMAT "-", p->size);
	headers[1] = g_strdup_printf("If-Range: %s", v);
	return headers;
}

void part_note(part *p, const char *url, const http_response *r)
{
	const char *v = r->etag && r->etag[0] == '"' ? r->etag : r->last_modified;

	p->resumable = FALSE;
	if (!v || strpbrk(v, "\r\n"))
		return;
	g_autofree char *hex = digest_bytes(url, strlen(url));
	g_autofree char *text = g_strdup_printf("%s\n%s\n", hex, v);
	/* Lost in a crash it costs a restart, no more: not synced. */
	p->resumable = g_file_set_contents_full(
		p->from, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL);
}

gboolean part_write(part *p, const void *bytes, gsize size, guint64 needed, GError **err)
{
	if (!fs_write_all(p->fd, bytes, size, p->path, NULL)) {
		int why = errno;
		return fs_fail(err, why, "write", p->path, needed);
	}
	p->size += (gint64)size;
	return TRUE;
}
