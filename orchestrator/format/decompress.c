#include "format/decompress.h"
#include "base/fs.h"
#include "format/archive_reader.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct stream {
	int fd;
	archive_reader *reader;
	guint64 left;
} stream;

static ssize_t on_read(void *cookie, char *buffer, size_t size)
{
	stream *s = cookie;
	la_ssize_t n = archive_read_data(archive_reader_handle(s->reader), buffer, size);

	if (n < 0) {
		errno = EIO;
		return -1;
	}
	if ((guint64)n > s->left) {
		errno = EFBIG;
		return -1;
	}
	s->left -= n;
	return n;
}

static int on_close(void *cookie)
{
	stream *s = cookie;

	archive_reader_free(s->reader);
	close(s->fd);
	g_free(s);
	return 0;
}

FILE *decompress_open(const char *path, guint64 max, GError **err)
{
	stream *s = g_new0(stream, 1);
	g_autofree char *label = g_path_get_basename(path);
	struct stat st;

	s->left = max;
	s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (s->fd < 0 || fstat(s->fd, &st)) {
		fs_fail(err, errno, "read", path, 0);
		g_free(s);
		return NULL;
	}
	archive_slice slice = {.fd = s->fd, .size = st.st_size};
	s->reader = archive_reader_open(&slice, label, READER_RAW, err);
	if (!s->reader) {
		close(s->fd);
		g_free(s);
		return NULL;
	}
	cookie_io_functions_t io = {.read = on_read, .close = on_close};
	return fopencookie(s, "r", io);
}
